"""The nouns of the whole program: frozen values, no behavior beyond what they know of themselves.

Outside text becomes one of these once, at the door (`collect/`, `address.py`, `config.py`), and is never parsed
again. Offsets count Unicode code points, half-open. Times are aware datetimes unless a field says otherwise.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from digest.address import Address, sites_of

# ------------------------------------------------------------------------------------------------ texts


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """``text[start:end]``; code points, end excluded."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"no span: {self.start}..{self.end}")

    def __len__(self) -> int:
        return self.end - self.start

    def of(self, text: str) -> str:
        """The characters of *text* inside this span. Raises ValueError if the span leaves the text."""
        if self.end > len(text):
            raise ValueError(f"span {self.start}..{self.end} leaves a text of {len(text)} characters")
        return text[self.start : self.end]

    def holds(self, other: Span) -> bool:
        return self.start <= other.start and other.end <= self.end

    def overlaps(self, other: Span) -> bool:
        return self.start < other.end and other.start < self.end


RegionKind = Literal["body", "opinion", "aside"]
"""body: the report. opinion: the writer's own view. aside: captions, notices, leftovers; never summarized."""


@dataclass(frozen=True, slots=True)
class Region:
    """What one stretch of an article's text is. Regions are in order and disjoint."""

    kind: RegionKind
    span: Span
    reason: str = ""  # why it is not body: "Author’s view", "media notice"


@dataclass(frozen=True, slots=True)
class Removed:
    """A line of the source that is not in the article's text, and why. Lines count from 1 (0: no line known)."""

    line: int
    text: str
    reason: str


Precision = Literal["day", "minute", "second"]
Paywall = Literal["open", "metered", "closed", "unknown"]

_OPEN_LICENSE = re.compile(
    r"\bcc[ -]?(?:0|zero)\b|\bcc[ -]by(?:[ -]sa)?\b(?![ -]n)|/licenses/by(?:-sa)?/|/publicdomain/|\bpublic domain\b"
    r"|\bopen government licen[cs]e\b|\bogl\b|\bcreative commons (?:attribution|zero)\b(?!.*\bno)",
    re.IGNORECASE,
)
"""Licenses that are open by the Open Definition: those that forbid change or trade (ND, NC) are not."""

PAYWALLED = "behind the paywall"
"""The reason of an aside a visitor without a subscription does not see."""

NOSNIPPET = "data-nosnippet"
"""The attribute, and the reason of an aside, of what must not be excerpted."""


@dataclass(frozen=True, slots=True)
class Image:
    """An article's lead picture, as its source describes it. Printed only by `compose.pictures`."""

    url: str  # of a Markdown file's own: its path beside that file
    width_px: int | None = None  # None: the page does not say
    height_px: int | None = None  # None: the page does not say
    alt: str = ""
    credit: str = ""
    license: str = ""  # as stated: an address or a name; '' where nothing is
    reserved: str = ""  # whose wish it is that nobody shows it: "the page says noimageindex"; '' for none


@dataclass(frozen=True, slots=True)
class PictureCopy:
    """A picture as this newsletter keeps it: copied once, made small, nothing in it but what draws it."""

    hash: str  # SHA-256 of data, hex
    media_type: str
    width_px: int
    height_px: int
    data: bytes

    @property
    def name(self) -> str:
        """The last segment of its address on the newsletter's site."""
        return f"{self.hash}.{self.media_type.removeprefix('image/').replace('jpeg', 'jpg')}"


@dataclass(frozen=True, slots=True)
class ItemPicture:
    """The picture printed with an item, with all that is said of it."""

    copy: str  # the hash of its `PictureCopy`
    alt: str  # '' only where an editor says that it decorates
    credit: str
    license: str  # its name as printed; '' for the newsletter's own
    license_url: str  # '' where there is none
    by_editor: bool = False  # an editor's word stands for credit and license


@dataclass(frozen=True, slots=True)
class ExcerptLimit:
    """How much of an article its publisher lets others show: a wish that is heeded."""

    chars: int  # of all excerpts together; 0: headline and link only
    reason: str  # whose wish, in words: "the page says nosnippet"


def stricter(a: ExcerptLimit | None, b: ExcerptLimit | None) -> ExcerptLimit | None:
    """The one of the two that allows less; *a* where both allow the same."""
    if a is None or b is None:
        return a or b
    return b if b.chars < a.chars else a


@dataclass(frozen=True, slots=True)
class Article:
    """One text, cleaned once. ``text`` holds the report and any opinion part, NFC, paragraphs split by a blank
    line; title and standfirst stand apart. A changed source is a new version, never an edit of this one."""

    id: str  # 16 hex digits, stable over versions: hash of the canonical URL, else of source and title
    version: int
    text_hash: str  # SHA-256 of text, hex
    url: str | None  # None: the editor gave none
    canonical: str | None  # url without tracking, amp, m. and fragment; what identity compares
    title: str
    standfirst: str  # '' where there is none
    text: str
    regions: tuple[Region, ...]
    authors: tuple[str, ...]
    outlet: str | None  # who published it; None: not known yet (a finding of `check`)
    source: str  # which source brought it: its URL, path, or "pasted"
    published: datetime | None  # naive where the source names no zone; see published_at
    published_precision: Precision | None  # None exactly when published is None
    seen: datetime  # first seen by this newsletter
    language: str  # BCP 47 primary tag, 'und' when unknown
    image: Image | None
    paywall: Paywall
    license: str | None  # as stated by the publisher
    removed: tuple[Removed, ...] = ()
    warnings: tuple[str, ...] = ()
    own: bool = False  # the editor's own text: needs neither outlet nor link
    limit: ExcerptLimit | None = None  # None: the publisher states none
    right: str = ""  # the editor's word why more may be excerpted than a visitor sees: "we subscribe"; '' for none
    source_right: str = ""  # the same word on its source, as digest.toml says it now; '' for none
    sender: str = ""  # the domain that mailed it, as domains are compared; '' for what is no mail

    def published_at(self, zone: ZoneInfo) -> datetime | None:
        """The publication instant; a time without a zone is read in *zone* (the newsletter's)."""
        if self.published is None or self.published.tzinfo is not None:
            return self.published
        return self.published.replace(tzinfo=zone)

    def body(self) -> tuple[Span, ...]:
        """The stretches that report: all that may be summarized or quoted. What stands behind a paywall only counts
        where the editor confirmed a right to it."""
        right = self.right_held()
        return tuple(
            r.span for r in self.regions if r.kind == "body" or (right and r.kind == "aside" and r.reason == PAYWALLED)
        )

    def excerpt_chars(self) -> int | None:
        """How many characters may be excerpted: None for as many as the newsletter likes, 0 for none."""
        return None if self.limit is None or self.right_held() or self.own else self.limit.chars

    def title_reserved(self) -> bool:
        """Whether the title is no headline but the text's first words, and more of them than may be excerpted."""
        words, chars = self.title.removesuffix(" …"), self.excerpt_chars()
        return chars is not None and len(words) > chars and self.text.startswith(words)

    def free_to_quote(self) -> bool:
        """Whether as much may be printed as one likes: the editors' own text, or an openly licensed one."""
        return self.own or _OPEN_LICENSE.search(self.license or "") is not None

    def right_held(self) -> str:
        """Why more may be excerpted than a visitor sees, by a word on it or on its source; '' for none."""
        return self.right or self.source_right


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A verbatim piece: ``article.text[span.start:span.end] == text``."""

    article: str
    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Quote:
    """What somebody said: one quote, one or more spans inside the marks (a split quote is never joined)."""

    article: str
    spans: tuple[Span, ...]
    texts: tuple[str, ...]
    speaker: str | None  # a full name as the article prints it, or an organization; never a pronoun
    speaker_span: Span | None  # where the attribution names the speaker ("he", "Hancock")
    role: str | None
    role_span: Span | None
    confidence: float  # 0..1
    outer: tuple[Span, ...] = ()  # the same pieces with their quotation marks
    by_editor: tuple[Literal["speaker", "role"], ...] = ()  # what of it is an editor's word, not the article's


SUMMARY_METHODS: tuple[str, ...] = (
    "editorial",
    "luhn",
    "lsa",
    "lex-rank",
    "text-rank",
    "sum-basic",
    "kl",
    "reduction",
    "edmundson",
)


@dataclass(frozen=True, slots=True)
class Summary:
    method: str
    sentences: tuple[Excerpt, ...]  # in article order
    quotes: tuple[Quote, ...]  # key quotes, best first


# ------------------------------------------------------------------------------------------------ choosing


@dataclass(frozen=True, slots=True)
class Story:
    """Articles about one event. The lead is the one to print; `also` are the others, by time."""

    lead: Article
    also: tuple[Article, ...] = ()

    def articles(self) -> tuple[Article, ...]:
        return (self.lead, *self.also)


@dataclass(frozen=True, slots=True)
class SectionBrief:
    name: str
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Blocked:
    """The blocks on one publisher, by domain with their reasons. As text: ``example.com (asked us not to)``."""

    domains: Mapping[str, str]

    def __str__(self) -> str:
        return ", ".join(f"{domain} ({reason})" if reason else domain for domain, reason in self.domains.items())

    @property
    def lift(self) -> str:
        """What to type to take them back."""
        return " and ".join(f"`digest sources unblock {domain}`" for domain in self.domains)


@dataclass(frozen=True, slots=True)
class Brief:
    """What the newsletter is about, in the editor's words."""

    line: str = ""
    keywords: Mapping[str, float] = field(default_factory=dict)  # word or phrase -> weight
    blocked: tuple[str, ...] = ()  # an article holding one of these is never picked
    sections: tuple[SectionBrief, ...] = ()
    source_weights: Mapping[str, float] = field(default_factory=dict)  # source -> factor, 1.0 is usual
    source_sections: Mapping[str, str] = field(default_factory=dict)  # source -> the section its articles go to
    source_limit: int = 2  # picks from one outlet
    languages: tuple[str, ...] = ()  # BCP 47 primary tags that may be picked; () for any
    languages_named: bool = True  # False: nobody named any, they are the newsletter's own
    blocked_domains: Mapping[str, str] = field(default_factory=dict)  # `address.site_of` domain, all below it -> reason

    def blocking(self, what: Article | str | None) -> Blocked | None:
        """Why an article, or what is at an address, is not touched; None where no domain of it is blocked."""
        urls, sender = ((what.url, what.canonical), what.sender) if isinstance(what, Article) else ((what,), "")
        sites = [sender, *(site for url in urls for site in sites_of(url))]
        found = {
            domain: reason
            for domain, reason in self.blocked_domains.items()
            if any(site == domain or site.endswith(f".{domain}") for site in sites)
        }
        return Blocked(found) if found else None


@dataclass(frozen=True, slots=True)
class Pick:
    """A story chosen, or (lost is set) one that nearly was. Reasons are sentences with numbers in them."""

    story: Story
    score: float
    reasons: tuple[str, ...]
    section: str
    lost: str | None = None  # why it was not chosen; None: it was
    terms: Mapping[str, float] = field(default_factory=dict)  # what the score is the product of, by name
    remedy: str = ""  # what would have to change for it to be chosen; '' where it was


# ------------------------------------------------------------------------------------------------ the issue

EditKind = Literal[
    "pin",
    "drop",
    "lead",
    "move",
    "subject",
    "preheader",
    "intro",
    "correction",
    "note",
    "words",
    "section",
    "credit",
    "picture",
    "sentences",
    "quote",
    "speaker",
    "role",
    "undo",
    "redo",
]


@dataclass(frozen=True, slots=True)
class Edit:
    """One change an editor made, kept as data and applied by pure functions.

    target: an article id (stable over a new collect), or '' for the issue itself.
    value: the words, a number (the most words of the item), a place (`compose.edits.Move`), the section's name, or
    what is said of a picture (see `compose.pictures`); '' takes them back. Of `sentences` and `quote`: spans of the
    article whose text hash is *saw*, ``12-80 90-140``, or ``none``. Of `speaker` and `role`: where the quote begins, a
    blank, the words. `undo` and `redo` concern the newest edit there is to undo or redo, and have neither target nor
    value.
    """

    id: int
    issue: str
    kind: EditKind
    target: str
    value: str
    who: str
    at: datetime
    saw: str = ""  # hash of what the editor saw


@dataclass(frozen=True, slots=True)
class Conflict:
    """An edit in force that the editor has to decide on again."""

    edit: Edit
    why: Literal["changed", "gone"]  # its article has another text now; it is not in the issue
    value: str  # what the edit would say of the text as it is now; '' where its words do not stand there


ItemForm = Literal["lead", "item", "link"]


@dataclass(frozen=True, slots=True)
class Item:
    """One story as printed. A link has no summary and no quotes."""

    pick: Pick
    form: ItemForm
    summary: Summary
    note: str  # the editor's own words, '' for none
    minutes: int  # reading time at the outlet, whole minutes, at least 1
    credit: str  # who is credited: the outlet, or "the editors" for an own text
    topic: str | None = None  # its section where it is printed elsewhere, '' for none; None: where it is printed
    picture: ItemPicture | None = None  # None: it prints none
    no_picture: str = ""  # why not, where there is something to say

    @property
    def article(self) -> Article:
        return self.pick.story.lead

    @property
    def belongs_to(self) -> str:
        """The section whose readers want it; '' for none."""
        return self.pick.section if self.topic is None else self.topic


Right = Literal["edit", "approve", "people"]
RIGHTS: tuple[Right, ...] = get_args(Right)


@dataclass(frozen=True)
class Editor:
    """Who works at the desk, and what they may do there: change the issue; approve, send and stop it; see and manage
    who is subscribed."""

    name: str
    rights: frozenset[Right] = frozenset(RIGHTS)


@dataclass(frozen=True, slots=True)
class Correction:
    """What was wrong in an item of an issue readers have, or that the item was taken down from its page."""

    id: int
    issue: str
    article: str
    kind: Literal["correction", "takedown"]
    words: str  # the editors'; '' only where nothing is said about a takedown
    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Issue:
    """One number of the newsletter. ``items[0]`` is the lead; items are in print order, grouped by section."""

    slug: str  # 2015-W39, a second one 2015-W39-2, a letter that corrects it 2015-W39-correction
    number: int
    since: datetime  # exclusive
    until: datetime  # inclusive; what `now` was
    title: str  # the newsletter's name
    subject: str
    preheader: str
    intro: str
    sections: tuple[str, ...]
    items: tuple[Item, ...]
    edits: tuple[Edit, ...]
    audience: str  # the rule in words: "everyone subscribed"
    correction: str = ""  # what an earlier issue got wrong, in the editors' words; '' for nothing
    topics: tuple[str, ...] = ()  # the sections readers may choose from, those without a story here too
    corrects: str = ""  # the issue whose readers get this letter about it, and whose number it has; '' for a number
    corrected: tuple[int, ...] = ()  # the numbers of the corrections it mails


IssueState = Literal["draft", "approved", "scheduled", "sending", "paused", "sent", "cancelled", "skipped"]

LOCKED_STATES: frozenset[IssueState] = frozenset({"approved", "scheduled", "sending", "paused", "sent"})
"""From approved on, `weekly` changes nothing; windows start after the newest of these (or of skipped)."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What readers of one kind asked for: the mail's own words in a language, some sections, the lead only."""

    language: str = ""  # '' for the newsletter's
    topics: tuple[str, ...] = ()  # names of sections; () for everything
    lead_only: bool = False

    def fitted(self, issue: Issue, language: str) -> Wish | None:
        """The same against *issue* in *language*: only sections it has stories of, in its order, '' and () where
        nothing differs from what everybody gets. None where it holds nothing of the topics.

        Who wants every section there is to choose from gets the issue whole, with what belongs to no section.
        """
        wanted = {topic.casefold() for topic in self.topics}
        there = dict.fromkeys(item.belongs_to for item in issue.items if item.belongs_to)
        found = tuple(name for name in there if name.casefold() in wanted)
        if self.topics and not found:
            return None
        spoken, usual = (tag.lower().split("-")[0] for tag in (self.language, language))
        other = self.language if spoken and spoken != usual else ""
        whole = bool(issue.topics) and wanted >= {name.casefold() for name in issue.topics}
        whole = whole or all(item.belongs_to.casefold() in wanted for item in issue.items)
        return Wish(other, () if whole else found, self.lead_only)

    def served_by(self, issue: Issue, language: str, keys: Collection[str], usual: str) -> str | None:
        """The one of the variants *keys* of *issue* that serves it: the nearest, at last *usual*; None where the issue
        holds nothing of the topics."""
        wish = self.fitted(issue, language)
        if wish is None:
            return None
        nearest = (wish, replace(wish, language=""), replace(wish, lead_only=False))
        return next((w.key for w in nearest if w.key in keys), usual)

    @property
    def key(self) -> str:
        """The key of the variant that serves it, fit for a file name and as a segment of an address; '' for the one
        everybody gets."""
        topics = ".".join(map(_in_key, self.topics))
        if len(topics) > MOST_IN_KEY:
            topics = f"~{hashlib.sha256(topics.encode()).hexdigest()[:16]}"
        parts = (
            f"language-{_in_key(self.language)}" if self.language else "",
            f"topics-{topics}" if topics else "",
            "lead-only" if self.lead_only else "",
        )
        return "_".join(part for part in parts if part)


KEYS_BEGIN = ("language-", "topics-", "lead-only")  # of every variant but the one everybody gets
MOST_IN_KEY = 120  # letters of topics: a file name has room for 255 bytes


def _in_key(name: str) -> str:
    """*name* in letters and digits, a blank as ``-``, any other byte as ``~2f``: no two names give the same."""
    return "".join(
        c if c.isascii() and c.isalnum() else "-" if c == " " else "".join(f"~{byte:02x}" for byte in c.encode())
        for c in name.casefold()
    )


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture the mail carries inside (its HTML names it as ``cid:CID``), or loads from the newsletter's own site."""

    cid: str  # follows from its bytes; '' for one that is not carried
    media_type: str
    data: str  # base64
    url: str = ""  # its address on the site; '' for one that is carried

    @property
    def source(self) -> str:
        """What the HTML calls it."""
        return self.url or f"cid:{self.cid}"


@dataclass(frozen=True, slots=True)
class Variant:
    """The issue for one language/topics/length combination. Per-reader values are still tokens in html and text."""

    key: str  # '' for the one everybody gets
    language: str
    sections: tuple[str, ...]
    subject: str
    html: str
    text: str
    tokens: Mapping[str, str]  # name -> token as it stands in html and text; see render.message
    pictures: tuple[Picture, ...] = ()
    view: str = ""  # where everybody may see it on the web; '' for nowhere


@dataclass(frozen=True, slots=True)
class Rendered:
    issue: str
    fingerprint: str  # SHA-256 over every variant and the headers all readers share, hex
    variants: tuple[Variant, ...]


# ------------------------------------------------------------------------------------------------ people

Membership = Literal["unconfirmed", "subscribed", "unsubscribed"]
Block = Literal["none", "bounced", "complained", "erased"]


@dataclass(frozen=True, slots=True)
class Subscriber:
    id: int  # never reused, even after erasure
    address: Address
    name: str
    membership: Membership
    block: Block
    language: str  # '' for the newsletter's own
    topics: tuple[str, ...]  # () for everything
    length: Literal["full", "lead"]
    paused_until: datetime | None
    token: str  # 128 random bits as 32 hex digits; for leaving and preferences; never expires
    consent: datetime | None  # when the newest consent event was written

    @property
    def wish(self) -> Wish:
        return Wish(self.language, self.topics, self.length == "lead")


DeliveryState = Literal[
    "waiting",
    "leased",
    "sending",
    "accepted",
    "deferred",
    "rejected",
    "suppressed",
    "cancelled",
    "uncertain",
]


LEGAL_MOVES: Mapping[DeliveryState, frozenset[DeliveryState]] = {
    "waiting": frozenset({"leased", "suppressed", "cancelled", "uncertain"}),
    "leased": frozenset({"waiting", "sending", "deferred", "rejected", "suppressed", "cancelled", "uncertain"}),
    "sending": frozenset({"accepted", "deferred", "rejected", "uncertain", "waiting"}),
    "deferred": frozenset({"leased", "suppressed", "cancelled", "uncertain"}),
    "uncertain": frozenset({"accepted", "rejected", "waiting"}),
    "accepted": frozenset(),
    "rejected": frozenset({"waiting"}),
    "suppressed": frozenset(),
    "cancelled": frozenset(),
}
"""Every path a delivery may take. `accepted` is reached only through `sending`, or by a person out of `uncertain`;
rows that never left become `uncertain` only when an older copy of the database is put back; `sending` waits again only
where a worker elsewhere had it, and the claim store proves that it was never begun; `rejected` waits again when
the refusal turns out to be about the sender, or by a person's word."""


@dataclass(frozen=True, slots=True)
class Delivery:
    issue: str
    ordinal: int
    subscriber: int
    variant: str
    state: DeliveryState
    attempts: int
    due: datetime | None  # when a deferred one is tried again
    reply: str  # code, enhanced code and words, every address cut out; '' before any reply


# ------------------------------------------------------------------------------------------------ the wire


@dataclass(frozen=True, slots=True)
class Reply:
    """A server's answer. ``enhanced`` is RFC 3463's x.y.z, '' where the server gave none."""

    code: int
    enhanced: str = ""
    words: str = ""

    def __str__(self) -> str:
        return f"{self.code} {self.enhanced}".rstrip() + (f" {self.words}" if self.words else "")


@dataclass(frozen=True, slots=True)
class Accepted:
    reply: Reply


@dataclass(frozen=True, slots=True)
class Deferred:
    reply: Reply


@dataclass(frozen=True, slots=True)
class Rejected:
    reply: Reply


@dataclass(frozen=True, slots=True)
class Unknown:
    """The final dot left us and no reply came back: the receiver may have the letter."""

    why: str


Outcome = Accepted | Deferred | Rejected | Unknown


@dataclass(frozen=True, slots=True)
class Envelope:
    sender: str  # MAIL FROM, without brackets
    recipient: str  # RCPT TO, domain as A-labels
    smtputf8: bool = False  # the local part is not ASCII (RFC 6531)


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to one reader: ``b"".join(chunks)`` is the whole of it, CRLF line ends, no dot-stuffing."""

    ordinal: int
    envelope: Envelope
    chunks: Sequence[bytes]
    message_id: str  # with its angle brackets
