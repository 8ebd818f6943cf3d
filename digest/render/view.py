"""What a template sees of an issue: every sentence ready to print, nothing decided in the template but looks. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from urllib.parse import quote as percent

from digest.address import host_of
from digest.config import Config
from digest.model import Article, Issue, Item, Quote
from digest.render.excerpts import printed_quotes, quote_paragraphs, summary_paragraphs
from digest.render.lines import TEXT_WIDTH, nbsp, no_widow, shorten
from digest.render.pictures import LEAD_TALLEST_PX, TALLEST_PX, PrintedPicture
from digest.render.printable import headline, one_line, paragraphs, web_address
from digest.render.words import (
    Words,
    day_and_month,
    direction,
    full_date,
    is_spoken,
    language_name,
    listed,
    long_date,
    plural,
    primary,
    weekday_date,
    words_for,
)
from digest.text.words import count_words

SHORT_QUOTE_WORDS = 25
UNCASED = frozenset("ar fa he hi iw ja ji ka ko ks ps sd th ug ur yi zh".split())
"""Languages whose script has neither capitals nor italics: letterspacing would tear its words apart."""
PREHEADER_LETTERS = 130
PHONE_LETTERS = 50  # of 14 px sans
PHONE_PX = 335  # what a phone of 375 px leaves between our margins

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class QuoteView:
    paragraphs: tuple[str, ...]  # with quotation marks
    short: bool  # at most 25 words: printed large
    slanted: bool  # and in italics, where the script has any
    speaker: str  # '' where nobody is named
    role: str
    language: str  # '' where it is the issue's
    dir: str


@dataclass(frozen=True, slots=True)
class PictureView:
    source: str  # what an img calls it
    width: int  # px, as shown on a wide screen
    height: int
    alt: str  # '' for one that decorates
    credit: str  # "Picture: Ana Ruiz"
    license: str  # '' for the newsletter's own
    license_url: str  # '' where there is none to link to


@dataclass(frozen=True, slots=True)
class ItemView:
    form: str  # lead, item, link
    title: str
    url: str  # '' where there is nothing to link to
    ref: int  # number of its address in the text part, 0 without url
    credit: str  # the outlet, or who else is credited
    time: tuple[str, str]  # before and after the credit: "5 min at ", ""
    date: str  # without the issue's own year; '' when unknown
    authors: str
    wide: bool  # credit, date and authors need more than one line of a phone
    facts: tuple[str, ...]  # subscription, in German
    paragraphs: tuple[str, ...]
    quotes: tuple[QuoteView, ...]
    note: tuple[str, ...]  # paragraphs
    also: str
    read: str  # the words of the link
    label: str  # a fuller name for the link where its words stand twice, else ''
    language: str  # '' where it is the issue's
    dir: str
    picture: PictureView | None  # None: it prints none


@dataclass(frozen=True, slots=True)
class GroupView:
    name: str
    items: tuple[ItemView, ...]
    language: str  # '' where it is the mail's
    dir: str


@dataclass(frozen=True, slots=True)
class ContentsRow:
    section: str
    title: str  # cut to one line of a phone, without an ellipsis
    rest: str  # what a wider screen shows after it, '' where nothing was cut
    line: str  # the headline cut to one line of the text part
    language: str
    dir: str


@dataclass(frozen=True, slots=True)
class Page:
    """The whole issue, in print order."""

    cased: bool  # the language has capitals and may be letterspaced
    name: str
    tagline: str
    language: str
    dir: str
    own_language: str  # of the editors' own words, '' where it is the mail's
    own_dir: str
    label: str
    subject: str
    preheader: str
    date: str
    number: str
    greeting: str  # '' for none
    intro: tuple[str, ...]
    contents: tuple[ContentsRow, ...]
    groups: tuple[GroupView, ...]
    corrections: tuple[str, ...]
    sign_off: tuple[str, ...]
    editor: str
    why: str  # they get this
    sent_to: str
    view: str  # this variant on the web, the same for all who get it; '' without a site
    sign_up: str  # where somebody else signs up
    postal: tuple[str, ...]
    corrected: str = ""  # in a letter that corrects an issue: which one; '' in an issue
    corrected_at: str = ""  # the address of its page; '' without a site
    corrected_page: str = ""  # the words of the link there


def issue_day(issue: Issue, config: Config) -> date:
    """The day printed on the issue: the newsletter's day if it comes within three days, else the day it was made, as on
    a letter that corrects one."""
    made = issue.until.astimezone(config.zone).date()
    wait = (_DAYS.index(config.newsletter.day) - made.weekday()) % 7
    return made + timedelta(days=wait) if wait <= 3 and not issue.corrects else made


def next_day(issue: Issue, config: Config) -> date:
    """The day the next issue comes: the newsletter's day, at least four days on."""
    earliest = issue_day(issue, config) + timedelta(days=4)
    return earliest + timedelta(days=(_DAYS.index(config.newsletter.day) - earliest.weekday()) % 7)


def page_of(
    issue: Issue,
    config: Config,
    tokens: Mapping[str, str],
    *,
    language: str,
    view: str,
    pictures: Mapping[str, PrintedPicture] | None = None,
) -> Page:
    """*issue* as the templates see it, in the words of *language*; *tokens* stand where a reader's values go, *view* is
    its address on the web. pictures: the copies of its items' pictures, by hash."""
    news, w = config.newsletter, words_for(language)
    day = issue_day(issue, config)
    groups = _groups(issue, w, words_for(news.language))
    name, number = one_line(news.name), w.number.format(number=issue.number)
    next_one = w.next_issue.format(day=nbsp(weekday_date(next_day(issue, config), language)))
    foreign = primary(news.language) != primary(language)
    # who reads the mail's own words in another language has the goodbye in it, too
    goodbye = (not foreign and paragraphs(news.sign_off)) or (w.sign_off,)
    invitation = (not foreign and paragraphs(news.invitation)) or (w.reply,)
    intro, printed = paragraphs(issue.intro), full_date(day, language)
    return Page(
        cased=primary(language) not in UNCASED,
        name=name,
        tagline=one_line(news.tagline),
        language=language,
        dir=direction(language),
        own_language=news.language if foreign else "",
        own_dir=direction(news.language),
        label=w.label.format(name=name, number=issue.number),
        subject=one_line(issue.subject),
        preheader=one_line(issue.preheader) or _preheader(intro, name, printed, number, one_line(news.tagline)),
        date=printed,
        number=number,
        greeting=tokens.get("GREETING", ""),
        intro=intro,
        contents=_contents(groups, language),
        groups=tuple(_views(issue, groups, config, w, language, day, pictures or {})),
        corrections=paragraphs(issue.correction),
        sign_off=(*goodbye[:-1], f"{goodbye[-1]} {next_one}", *invitation),
        editor=one_line(news.editor),
        why=w.why.format(name=name, reason=tokens["WHY"]),
        sent_to=w.sent_to.format(email=tokens["EMAIL"]),
        view=view,
        sign_up=web_address(news.sign_up or config.site.url) or _mail_to(config, "subscribe"),
        postal=(", ".join(line.strip(" ,") for line in news.postal_address.splitlines() if line.strip()),)
        if news.postal_address.strip()
        else (),
    )


def correction_page(
    letter: Issue, sent: Issue, config: Config, tokens: Mapping[str, str], *, language: str, view: str
) -> Page:
    """*letter*, which corrects *sent*, as its templates see it: without a goodbye."""
    w = words_for(language)
    page = page_of(letter, config, tokens, language=language, view=view)
    return replace(
        page,
        label=page.subject,
        sign_off=(),
        corrected=w.corrected.format(number=sent.number, date=long_date(issue_day(sent, config), language)),
        corrected_page=w.corrected_page.format(number=sent.number),
    )


def _mail_to(config: Config, subject: str) -> str:
    return f"mailto:{percent(str(config.reply_to.address), safe='@+')}?subject={subject}"


def _preheader(intro: Sequence[str], *facts: str) -> str:
    """What stands beside the subject where the issue brings no line for it: the intro, else what the issue is."""
    if intro:
        return shorten(intro[0], PREHEADER_LETTERS)
    return shorten(" · ".join(fact for fact in facts if fact), PREHEADER_LETTERS)


def _groups(issue: Issue, w: Words, usual: Words) -> list[tuple[str, list[Item]]]:
    """Items under their sections, in print order; a plain link without a section stands under "In brief". The issue was
    composed in the *usual* words."""
    ours = {usual.in_brief: w.in_brief, usual.this_week: w.this_week}
    groups: dict[str, list[Item]] = {}
    for item in issue.items:
        unnamed = w.in_brief if item.form == "link" else w.this_week
        section = one_line(item.pick.section)
        groups.setdefault(ours.get(section, section) or unnamed, []).append(item)
    return list(groups.items())


def _views(
    issue: Issue,
    groups: Sequence[tuple[str, list[Item]]],
    config: Config,
    w: Words,
    language: str,
    day: date,
    pictures: Mapping[str, PrintedPicture],
) -> list[GroupView]:
    news, ours = config.newsletter, {w.in_brief, w.this_week}
    quotes = printed_quotes(issue)
    credits = [_credit(item) for item in issue.items]
    ref = 0
    result = []
    for name, items in groups:
        views = []
        for item in items:
            ref += bool(web_address(item.article.url))
            twice = credits.count(_credit(item)) > 1
            seen = _item(item, quotes.get(item.article.id, ()), ref, twice, config, w, language, day)
            views.append(replace(seen, picture=_picture(item, pictures, w)))
        tongue = news.language if primary(news.language) != primary(language) and name not in ours else ""
        result.append(GroupView(name, tuple(views), tongue, direction(tongue or language)))
    return result


def _credit(item: Item) -> str:
    return one_line(item.credit) or host_of(item.article.url)


def _item(
    item: Item, quotes: Sequence[Quote], ref: int, twice: bool, config: Config, w: Words, language: str, day: date
) -> ItemView:
    article, credit, url = item.article, _credit(item), web_address(item.article.url)
    foreign = _foreign(article, language)
    tongue = article.language if foreign else ""
    locked = {"closed": w.closed, "metered": w.metered}.get(article.paywall, "")
    facts = (
        locked,
        w.in_language.format(language=language_name(article.language, language)) if foreign else "",
    )
    title = headline(article.title)
    time = _time(item.minutes, w, language) if url and credit else ("", "")
    on = _published(article, config, language, day)
    authors = _names([one_line(a) for a in article.authors], 3, w, language)
    return ItemView(
        form=item.form,
        title=title,
        url=url,
        ref=ref if url else 0,
        credit=credit,
        time=time,
        date=on,
        authors=authors,
        wide=len(f"{time[0]}{credit}{time[1]} · {on} · {authors}") > PHONE_LETTERS,
        facts=tuple(f for f in facts if f),
        paragraphs=summary_paragraphs(article, item.summary.sentences),
        quotes=tuple(_quote(article, q, tongue, language) for q in quotes),
        note=paragraphs(item.note),
        also=_also(item, w, language),
        read=w.read.format(outlet=credit),
        label=w.read_named.format(outlet=credit, title=title) if twice else "",
        language=tongue,
        dir=direction(tongue or language),
        picture=None,
    )


def _picture(item: Item, pictures: Mapping[str, PrintedPicture], w: Words) -> PictureView | None:
    said = item.picture
    if said is None or said.copy not in pictures:
        return None
    shown, credit = pictures[said.copy], one_line(said.credit)
    width, height = shown.shown_px(LEAD_TALLEST_PX if item.form == "lead" else TALLEST_PX)
    return PictureView(
        source=shown.part.source,
        width=width,
        height=height,
        alt=one_line(said.alt),
        credit=credit if credit.startswith("©") else w.picture.format(credit=credit),
        license=one_line(said.license),
        license_url=web_address(said.license_url),
    )


def _time(minutes: int, w: Words, language: str) -> tuple[str, str]:
    """``5 min at `` and what follows the outlet: the time says what it measures."""
    before, _, after = plural(w.minutes, minutes, language).partition("{outlet}")
    return before.format(minutes=minutes), after.format(minutes=minutes)


def _published(article: Article, config: Config, language: str, day: date) -> str:
    at = article.published_at(config.zone)
    if at is None:
        return ""
    on = at.date() if article.published_precision == "day" else at.astimezone(config.zone).date()
    return day_and_month(on, language) if on.year == day.year else long_date(on, language)


def _foreign(article: Article, language: str) -> bool:
    return is_spoken(article.language) and primary(article.language) != primary(language)


def _quote(article: Article, quote: Quote, tongue: str, language: str) -> QuoteView:
    short = sum(map(count_words, quote.texts)) <= SHORT_QUOTE_WORDS
    return QuoteView(
        paragraphs=quote_paragraphs(article, quote, language),
        short=short,
        slanted=short and primary(article.language) not in UNCASED,
        speaker=_said_by(quote.speaker, "speaker" in quote.by_editor),
        role=_said_by(quote.role, "role" in quote.by_editor),
        language=tongue,
        dir=direction(article.language),
    )


def _said_by(words: str | None, theirs: bool) -> str:
    """A speaker or role; in brackets where it is an editor's word, as newspapers mark what they put in."""
    line = one_line(words or "")
    return f"[{line}]" if line and theirs else line


def _also(item: Item, w: Words, language: str) -> str:
    """``Also covered by A and B``, each outlet once, never the one credited."""
    names = dict.fromkeys(one_line(a.outlet) for a in item.pick.story.also if a.outlet)
    names.pop(_credit(item), None)
    return w.covered.format(outlets=_names(list(names), 4, w, language)) if names else ""


def _names(names: Sequence[str], limit: int, w: Words, language: str) -> str:
    shown = [n for n in names if n]
    return listed(shown if len(shown) <= limit else [*shown[: limit - 1], w.others], language)


def _contents(groups: Sequence[tuple[str, list[Item]]], language: str) -> tuple[ContentsRow, ...]:
    """Each section with the headline it opens with, cut to one line of a phone; the rest is for wider screens."""
    names = [shorten(name, 18) for name, _ in groups]
    widest = max(map(len, names), default=0)
    letters = max(20, int((PHONE_PX - 14 - 7.4 * widest) / 7.3))  # 14 px sans beside 15 px serif
    rows = []
    for name, (_, items) in zip(names, groups, strict=True):
        article = items[0].article
        tongue = article.language if _foreign(article, language) else ""
        whole = headline(article.title)
        short = shorten(whole, letters).removesuffix("…") if len(whole) > letters else whole
        line = shorten(whole, max(20, TEXT_WIDTH - 6 - widest))
        rest = no_widow(whole)[len(short) :]
        rows.append(ContentsRow(name, no_widow(short), rest, line, tongue, direction(tongue or language)))
    return tuple(rows)
