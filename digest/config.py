"""digest.toml as a `Config`: strict, typed, every fault with its key and a way out.

The dataclasses below *are* the file's schema: a section is a class, a key is a field, a default is what an absent
key means. An unknown key is an error naming the nearest known one. Secrets are never in the file.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from digest.address import Address, ascii_domain, host_of, is_domain, site_of, split_mailbox, web_address
from digest.color import DARK_GROUND, LIGHT_GROUND, READABLE, contrast, nearest_readable
from digest.errors import AddressError, ConfigError
from digest.model import SUMMARY_METHODS, Brief, SectionBrief

if TYPE_CHECKING:
    from email.headerregistry import Address as HeaderAddress

FILE = "digest.toml"
Need = Callable[[bool, str, str], None]  # holds? what is wrong, and what to do
SELECTOR = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")  # one label of a domain, fit for a file's name too
MOST_WEIGHT = 100.0  # of a source or a word; more is a slip

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


@dataclass(frozen=True)
class Mailbox:
    """A display name and an address, as in ``The Weekly Ledger <ledger@example.org>``."""

    name: str
    address: Address

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else str(self.address)

    @property
    def as_header(self) -> HeaderAddress:
        """The mailbox for a header of `EmailMessage`, which quotes the name where RFC 5322 asks for it."""
        from email.headerregistry import Address as HeaderAddress  # 15 ms that loading a configuration need not wait

        return HeaderAddress(self.name, self.address.local, self.address.domain)


@dataclass(frozen=True)
class Newsletter:
    name: str
    sender: Mailbox  # key: from
    postal_address: str = ""  # required before mail may leave by smtp (CAN-SPAM 16 CFR 316)
    reply_to: Mailbox | None = None  # None: From
    language: str = "en-GB"  # BCP 47
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    day: Weekday = "thursday"
    tagline: str = ""
    editor: str = ""  # signs the issue; '' for no name
    sign_off: str = ""  # '' for the template's own words
    invitation: str = ""  # to reply, printed after the sign-off; '' for the template's own words
    greeting: str = ""  # "Dear {name}," at the head of each letter; '' for none
    greeting_without_name: str = ""  # the same for a reader whose name is not known: "Dear reader,"
    sign_up: str = ""  # where a forwarded mail's reader signs up, https; '' for the site's first page, or by mail
    list_id: str = ""  # '' for newsletter.<domain of from>; stable for ever once mail has left


@dataclass(frozen=True)
class Week:
    limit: int = 10
    min_items: int = 3
    languages: tuple[str, ...] = ()  # of articles that may be picked, as "de"; () for the newsletter's own


@dataclass(frozen=True)
class SourceEntry:
    """One [[sources]] table: exactly one of url and path."""

    url: str = ""
    path: str = ""
    outlet: str = ""  # who published it, where the source does not say
    section: str = ""
    weight: float = 1.0
    allow_private: bool = False  # let this URL point into the editor's own network
    own: bool = False  # the editors' own texts
    right: str = ""  # why more of its articles may be excerpted than a visitor sees: "we subscribe"; '' for none
    picture_license: str = ""  # of its pictures, where they state none: "CC BY 4.0", "by agreement"; '' for none

    def __post_init__(self) -> None:
        if self.path:  # one folder, one name: "in/" and "./in" are "in"
            object.__setattr__(self, "path", os.path.normpath(self.path))

    @property
    def name(self) -> str:
        return self.url or self.path


@dataclass(frozen=True)
class BlockEntry:
    """One [[block]] table: a domain, with all below it, that this newsletter does not touch."""

    domain: str
    reason: str = ""


@dataclass(frozen=True)
class BriefEntry:
    line: str = ""
    keywords: Mapping[str, float] = field(default_factory=dict)
    blocked: tuple[str, ...] = ()
    source_limit: int = 2


@dataclass(frozen=True)
class SectionEntry:
    name: str
    keywords: tuple[str, ...] = ()
    max_words: int = 0  # of each item in it but the lead; 0: as [summary] says
    max_seconds: int = 0  # of reading, the same


@dataclass(frozen=True)
class SummaryEntry:
    method: str = "editorial"
    sentences: int = 3
    max_words: int = 0  # of an item, its quote included; 0: as the layout has it
    lead_words: int = 0  # of the lead; 0: as the layout has it
    max_seconds: int = 0  # of reading, the lead included; 0: no limit of its own


@dataclass(frozen=True)
class Quoting:
    """How much of an article may be printed in its own words, summary and key quotes together. Openly licensed texts
    and the editors' own are free."""

    max_words: int = 100  # of an item; 0: no limit of its own
    max_share: float = 0.25  # of the article's report, 0 to 1
    lead_max_words: int = 120
    lead_max_share: float = 0.35
    quotes: int = 1  # key quotes an item may carry
    outlets: Mapping[str, int] = field(default_factory=dict)  # outlet -> the most words of it in an item


Font = Literal["serif", "book", "sans", "wide", "humanist", "mono"]


@dataclass(frozen=True)
class Theme:
    template: str = "briefing"  # or essay, links, or a folder of templates/email
    accent: str = "#9b2226"  # on light ground
    accent_dark: str = "#ff9d8f"  # on dark ground
    headings: Font = "serif"
    text: Font = "serif"
    labels: Font = "sans"  # dates, credits, links, notes
    masthead: Literal["center", "start", "banner"] = "center"
    density: Literal["compact", "normal", "airy"] = "normal"
    logo: str = ""  # a file in the newsletter's folder, or https on its own site; '' to print the name
    logo_width: int = 0  # px, as it is shown; needed with a logo
    logo_height: int = 0
    first_number: int = 1  # the number of the first issue


@dataclass(frozen=True)
class Pictures:
    """Which stories print their picture, and where mail programs get it from."""

    show: Literal["none", "lead", "all"] = "none"
    carry: Literal["mail", "site"] = "mail"  # inside every letter, or loaded from site.url


@dataclass(frozen=True)
class Site:
    url: str = ""  # public address of `digest serve`, https; '' for none
    mailto: str = ""  # leaving by mail where there is no site; '' for reply_to
    host: str = "127.0.0.1"
    port: int = 8080
    languages: tuple[str, ...] = ()  # readers may choose of, the newsletter's own first; () for no choice
    index: bool = False  # search engines may list the issues
    trusted_proxy: str = ""  # the address of the proxy whose X-Forwarded-For is believed; '' for none
    seal_to: str = ""  # of a receiver: what requests by name are sealed to; see `digest keys receiver`


@dataclass(frozen=True)
class Desk:
    url: str = ""  # where editors open `digest desk --listen`, by a proxy that brings https; '' for this machine only


_UNITS: Mapping[str, timedelta] = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


@dataclass(frozen=True)
class Send:
    transport: Literal["maildir", "smtp"] = "maildir"
    approval: Literal["one", "two", "none"] = "one"
    uncertain: Literal["hold", "resend"] = "hold"
    durability: Literal["full", "normal"] = "full"
    rate: float = 0.0  # letters a second; 0: 14 to a relay elsewhere, no limit to one on this machine
    domains: Mapping[str, float] = field(default_factory=dict)  # mail domain -> letters a second to it
    quiet: str = ""  # hours in which no letter leaves, in the newsletter's zone: "22:00-07:00"; '' for none
    not_later_than: str = "6h"  # a start or resume this late (30m, 6h, 2d) pauses and asks; '' for never

    new_relay: int | None = None  # letters after which a relay never used before waits; 0: none; None: see welcome.py

    @property
    def lateness(self) -> timedelta | None:
        """What `not_later_than` says; None: never too late."""
        if not self.not_later_than:
            return None
        return float(self.not_later_than[:-1]) * _UNITS[self.not_later_than[-1]]


RelayProfile = Literal["generic", "postfix", "ses"]


@dataclass(frozen=True)
class Smtp:
    profile: RelayProfile = "generic"
    host: str = ""
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""  # the password comes from the environment: DIGEST_SMTP_PASSWORD
    connections: int = 4
    verify: bool = True


@dataclass(frozen=True)
class Cluster:
    """What workers elsewhere and `digest send --workers` meet at; see docs/scale-out.md."""

    broker: str = ""  # RabbitMQ: amqps://user@host/vhost; the password comes from DIGEST_BROKER_PASSWORD
    claims: str = ""  # Redis, without persistence: rediss://host:6379/0; its password from DIGEST_CLAIMS_PASSWORD


@dataclass(frozen=True)
class Dkim:
    """Who signs the letters. The key of "own" is keys/dkim-SELECTOR.pem."""

    sign: Literal["relay", "own"] = "relay"
    selector: str = "digest"
    domain: str = ""  # '' for From's


@dataclass(frozen=True)
class Consent:
    """What is kept to show that people wanted mail, beside who, when, how and in which words."""

    keep_ip: bool = False  # the network address a sign-up came from, and those in other tools' exports


AlertKind = Literal["draft", "paused", "stopped", "in doubt", "done"]


@dataclass(frozen=True)
class Alerts:
    """Who is told what happens while nobody looks."""

    mail: Mailbox | None = None  # None: nobody is mailed
    command: tuple[str, ...] = ()  # a program and its arguments, given JSON; () for none
    on: tuple[AlertKind, ...] = get_args(AlertKind)


@dataclass(frozen=True)
class Bounces:
    """Where letters come back to that were accepted and could not be delivered."""

    address: Mailbox | None = None  # bounces@…, a reader's mark goes behind its name; None: From's, without a mark
    mailbox: str = ""  # where that mail lies: a Maildir, an mbox file, imap://user@host/INBOX; '' for none


@dataclass(frozen=True)
class Config:
    newsletter: Newsletter
    week: Week = Week()
    sources: tuple[SourceEntry, ...] = ()
    block: tuple[BlockEntry, ...] = ()
    brief: BriefEntry = BriefEntry()
    sections: tuple[SectionEntry, ...] = ()
    summary: SummaryEntry = SummaryEntry()
    quoting: Quoting = Quoting()
    theme: Theme = Theme()
    pictures: Pictures = Pictures()
    site: Site = Site()
    desk: Desk = Desk()
    send: Send = Send()
    smtp: Smtp = Smtp()
    cluster: Cluster = Cluster()
    dkim: Dkim = Dkim()
    alerts: Alerts = Alerts()
    bounces: Bounces = Bounces()
    consent: Consent = Consent()

    @property
    def zone(self) -> ZoneInfo:
        return self.newsletter.zone

    @property
    def reply_to(self) -> Mailbox:
        return self.newsletter.reply_to or self.newsletter.sender

    @property
    def list_id(self) -> str:
        """RFC 2919's label.namespace, without brackets."""
        return self.newsletter.list_id or f"newsletter.{self.newsletter.sender.address.domain}"

    @property
    def signing_domain(self) -> str:
        """DKIM's d=."""
        return ascii_domain(self.dkim.domain) or self.newsletter.sender.address.domain

    def brief_for_picking(self) -> Brief:
        return Brief(
            line=self.brief.line,
            keywords=self.brief.keywords,
            blocked=self.brief.blocked,
            sections=tuple(SectionBrief(s.name, s.keywords) for s in self.sections),
            source_weights={s.name: s.weight for s in self.sources},
            source_sections={s.name: s.section for s in self.sources if s.section},
            source_limit=self.brief.source_limit,
            languages=tuple(tag.split("-")[0].lower() for tag in self.week.languages or (self.newsletter.language,)),
            languages_named=bool(self.week.languages),
            blocked_domains={site_of(b.domain): b.reason for b in self.block},
        )


_KEYS = {"from": "sender"}  # a key of the file that is no Python name -> its field
_NAMES = {field_name: key for key, field_name in _KEYS.items()}


def load_config(folder: Path) -> Config:
    """The newsletter in *folder*. Raises ConfigError naming file, key and cure."""
    return _as_read(read_text(folder))


@lru_cache(maxsize=4)
def _as_read(text: str) -> Config:
    """`parse_config`, each answer kept: a page of the desk opens the newsletter several times."""
    return parse_config(text)


def read_text(folder: Path) -> str:
    """digest.toml to the letter: with its line ends, and its byte order mark if it has one. Raises ConfigError."""
    path = folder / FILE
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError as error:
        raise ConfigError(f"there is no {FILE} in {folder}", hint="`digest init` makes a newsletter here") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}", hint="save it as UTF-8") from error


def parse_config(text: str, *, where: str = FILE) -> Config:
    """*text* (TOML, perhaps behind a byte order mark) as a Config. Raises ConfigError, its sentence beginning with
    *where*."""
    try:
        data = tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where} is no valid TOML: {error}", hint="mend that line and try again") from error
    if "newsletter" not in data:
        raise ConfigError(f"{where}: the section [newsletter] is missing", hint="`digest init` writes one")
    config: Config = _build(Config, data, where, "")
    _judge(config, where)
    return config


def _judge(config: Config, where: str) -> None:
    """Raises ConfigError for values that have the right type and cannot be right."""

    def need(ok: bool, what: str, hint: str) -> None:
        if not ok:
            raise ConfigError(f"{where}: {what}", hint=hint)

    need(1 <= config.week.limit <= 50, "week.limit must lie between 1 and 50", "10 is usual")
    need(config.week.min_items >= 1, "week.min_items must be at least 1", "3 is usual")
    for key, words in {"max_words": config.summary.max_words, "lead_words": config.summary.lead_words}.items():
        need(words == 0 or words >= 20, f"summary.{key} must be at least 20", "45 are usual; 0 is as the layout has it")
    need(
        config.summary.max_seconds == 0 or config.summary.max_seconds >= 6,
        "summary.max_seconds must be at least 6",
        "18 seconds are 70 words; 0 is no limit",
    )
    for section in config.sections:
        need(
            section.max_seconds == 0 or section.max_seconds >= 6,
            f"[[sections]] {section.name}: max_seconds must be at least 6",
            "10 seconds are 38 words; 0 is as [summary] says",
        )
        need(
            section.max_words == 0 or section.max_words >= 20,
            f"[[sections]] {section.name}: max_words must be at least 20",
            "0 is as [summary] says",
        )
    need(1 <= config.summary.sentences <= 20, "summary.sentences must lie between 1 and 20", "3 is usual")
    need(
        config.summary.method in SUMMARY_METHODS,
        f"summary.method = {config.summary.method!r} is no method",
        f"one of: {', '.join(SUMMARY_METHODS)}",
    )
    need(bool(config.newsletter.name.strip()), "newsletter.name is empty", "what is the newsletter called?")
    for key, text in {
        "name": config.newsletter.name,
        "postal_address": config.newsletter.postal_address,
        "greeting": config.newsletter.greeting,
        "greeting_without_name": config.newsletter.greeting_without_name,
    }.items():
        need(
            not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text.replace("\n", "") if key != "name" else text),
            f"newsletter.{key} holds a control character",
            "type it again",
        )
    need("\n" not in config.newsletter.name, "newsletter.name has a line break", "write it on one line")
    for key, tag in [("newsletter.language", config.newsletter.language)] + [
        (f"week.languages[{n}]", tag) for n, tag in enumerate(config.week.languages, 1)
    ]:
        hint = language_hint(tag)
        need(not hint, f"{key} = {tag!r} is no language tag", hint)
    for number, word in enumerate(config.brief.blocked, 1):
        need(bool(word.strip()), f"brief.blocked[{number}] is empty: it would block every article", "take it out")
    for word, weight in config.brief.keywords.items():
        need(
            abs(weight) <= MOST_WEIGHT,
            f"brief.keywords.{word} = {weight} is no weight",
            f"1 is usual, {MOST_WEIGHT:g} the most; below 0 lowers a story",
        )
    for number, source in enumerate(config.sources, 1):
        need(
            0 <= source.weight <= MOST_WEIGHT,
            f"sources number {number} ({source.name}): {source.weight} is no weight",
            f"1 is usual, from 0 to {MOST_WEIGHT:g}",
        )
        need(
            bool(source.url) != bool(source.path),
            f"sources number {number} needs one of url and path",
            'for example path = "articles" or url = "https://example.org/feed.xml"',
        )
        need(
            not source.url or web_address(source.url) is not None,
            f"sources number {number}: {source.url} is no web address",
            "start it with https://",
        )
    need(
        not config.site.url or (config.site.url.startswith("https://") and web_address(config.site.url) is not None),
        "site.url must start with https:// (RFC 8058 one-click leaving asks for it)",
        "leave it empty to have people leave by mail",
    )
    need(
        config.pictures.carry != "site" or bool(config.site.url),
        "pictures.carry = 'site' needs site.url, where the pictures are loaded from",
        "'mail' carries them inside every letter",
    )
    for number, tag in enumerate(config.site.languages, 1):
        need(not language_hint(tag), f"site.languages[{number}] = {tag!r} is no language", language_hint(tag))
    need(
        not config.site.trusted_proxy or _is_ip(config.site.trusted_proxy),
        f"site.trusted_proxy = {config.site.trusted_proxy!r} is no address of a machine",
        'for example "127.0.0.1" where the proxy runs on the same one',
    )
    need(
        not config.desk.url or _is_desk_address(config.desk.url),
        f"desk.url = {config.desk.url!r} is no address that a desk may have",
        "https:// and a name, without a path; http:// only with an address of a private network, such as a VPN’s",
    )
    for number, block in enumerate(config.block, 1):
        need(
            is_domain(site_of(block.domain)),
            f"block number {number}: {block.domain!r} is no domain",
            'without https:// and *., for example domain = "example.com": all below it is blocked too',
        )
    for key, rate in {"rate": config.send.rate, **config.send.domains}.items():
        name = "send.rate" if key == "rate" else f"send.domains.{key}"
        need(rate >= 0, f"{name} = {rate} is no rate", "letters a second; 0 is no limit of its own")
    need(
        not config.send.quiet or (re.fullmatch(rf"({_CLOCK})-(?!\1){_CLOCK}", config.send.quiet) is not None),
        f"send.quiet = {config.send.quiet!r} are no hours",
        'for example "22:00-07:00"',
    )
    need(
        re.fullmatch(r"(?:(?=.*[1-9])\d{1,4}(?:\.\d+)?[mhd])?", config.send.not_later_than) is not None,
        f"send.not_later_than = {config.send.not_later_than!r} is no time",
        'minutes, hours or days: "30m", "6h", "2d"; "" is never',
    )
    need((config.send.new_relay or 0) >= 0, "send.new_relay is less than no letters", "200 is usual; 0 is no trial")
    need(
        SELECTOR.fullmatch(config.dkim.selector) is not None,
        f"dkim.selector = {config.dkim.selector!r} is no selector",
        'small letters, digits and hyphens, for example "digest" or "2027a"',
    )
    need(
        is_domain(config.signing_domain),
        f"dkim.domain = {config.dkim.domain!r} is no domain",
        "leave it out to sign for the domain of `from`",
    )
    if config.bounces.address is not None:
        local = config.bounces.address.address.local
        need(
            len(local) <= 33 and re.fullmatch(r"[A-Za-z0-9._=+-]+", local) is not None,
            f"bounces.address = {config.bounces.address.address} has no room for a reader’s mark",
            "at most 33 letters and digits before the @: bounces@example.org becomes bounces+MARK@example.org",
        )
    names = [s.name for s in config.sections]
    need(len(names) == len(set(names)), "a section's name stands twice in [[sections]]", "give each its own")
    _judge_words(config, need)
    _judge_theme(config, need)
    need(
        config.smtp.security != "none" or config.smtp.host in {"127.0.0.1", "::1", "localhost"},
        f"smtp.security = 'none' would send mail in the clear to {config.smtp.host or 'nowhere'}",
        "use 'starttls' or 'tls'; 'none' is for this machine only",
    )
    for key, url, kinds in (
        ("broker", config.cluster.broker, ("amqp", "amqps")),
        ("claims", config.cluster.claims, ("redis", "rediss")),
    ):
        scheme, _, rest = url.partition("://")
        need(
            not url or (scheme in kinds and bool(rest)),
            f"cluster.{key} begins with {scheme!r}",
            f"{kinds[1]}://user@host/… ; {kinds[0]}:// within a network of your own",
        )
        need(
            ":" not in rest.partition("@")[0] or "@" not in rest,
            f"cluster.{key} holds a password",
            f"leave user@host, and export DIGEST_{key.upper()}_PASSWORD=…",
        )


def _judge_words(config: Config, need: Need) -> None:
    news, quoting = config.newsletter, config.quoting
    for key, text in {"greeting": news.greeting, "greeting_without_name": news.greeting_without_name}.items():
        fields = re.findall(r"\{[^}]*\}|[{}]", text)
        need(
            set(fields) <= ({"{name}"} if key == "greeting" else set()),
            f"newsletter.{key} = {text!r} has braces that nothing fills",
            'for example greeting = "Dear {name}," and greeting_without_name = "Dear reader,"',
        )
        need("\n" not in text, f"newsletter.{key} has a line break", "write it on one line")
    need(
        "{name}" not in news.greeting or bool(news.greeting_without_name),
        "newsletter.greeting_without_name is missing: not every reader has given a name",
        'for example "Dear reader,"',
    )
    need(
        not news.sign_up or (news.sign_up.startswith("https://") and web_address(news.sign_up) is not None),
        f"newsletter.sign_up = {news.sign_up!r} is no address of a page",
        "start it with https://, or leave it out to have people write to reply_to",
    )
    for key, share in {"max_share": quoting.max_share, "lead_max_share": quoting.lead_max_share}.items():
        need(0 < share <= 1, f"quoting.{key} = {share} is no share", "0.25 is a quarter of the article; 1 is all of it")
    for key, count in {
        "max_words": quoting.max_words,
        "lead_max_words": quoting.lead_max_words,
        "quotes": quoting.quotes,
        **{f"outlets.{outlet}": words for outlet, words in quoting.outlets.items()},
    }.items():
        need(count >= 0, f"quoting.{key} = {count} is less than nothing", "a whole number from 0")


def _is_desk_address(url: str) -> bool:
    """https, or http to a machine that only a private network leads to (a VPN's 10.…, 100.64.…, fd…)."""
    import ipaddress

    found = re.fullmatch(r"(https?)://(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d{1,5})?/?", url.lower())
    if found is None or web_address(url) is None:
        return False
    if found[1] == "https":
        return True
    host = found[2].strip("[]")
    return _is_ip(host) and not ipaddress.ip_address(host).is_global


def _is_ip(text: str) -> bool:
    import ipaddress

    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _host(address: str) -> str:
    return site_of(host_of(address))


def _judge_theme(config: Config, need: Need) -> None:
    theme = config.theme
    for key, color, ground in (
        ("accent", theme.accent, LIGHT_GROUND),
        ("accent_dark", theme.accent_dark, DARK_GROUND),
    ):
        need(
            re.fullmatch(r"#[0-9a-fA-F]{6}", color) is not None,
            f"theme.{key} = {color!r} is no color",
            'six hex digits, for example "#9b2226"',
        )
        need(
            contrast(color, ground) >= READABLE,
            f"theme.{key} = {color} reads badly on {ground}: contrast {contrast(color, ground):.1f}, "
            f"and {READABLE} is needed",
            f"the nearest color that reads is {nearest_readable(color, ground)}",
        )
    need(
        re.fullmatch(r"[\w-]+", theme.template) is not None,
        f"theme.template = {theme.template!r} is no layout",
        "briefing, essay, links, or the name of a folder in templates/email",
    )
    if theme.logo:
        own, host = _host(config.site.url), _host(theme.logo)
        is_file = "//" not in theme.logo and not {"..", ""} & {*theme.logo.split("/")}
        need(
            is_file or (theme.logo.startswith("https://") and own != "" and f".{host}".endswith(f".{own}")),
            f"theme.logo = {theme.logo!r} is not on the newsletter's own site",
            f"a file in its folder, or an https address on {own or 'the host of site.url'}: another's server would "
            "learn who reads",
        )
        need(
            re.search(r"\.(png|jpe?g|gif)$", theme.logo.lower()) is not None,
            f"theme.logo = {theme.logo!r} is no picture that all mail programs show",
            "PNG, JPEG or GIF",
        )
        need(
            0 < theme.logo_width <= 335 and theme.logo_height > 0,
            "theme.logo_width and theme.logo_height are needed with a logo, the width at most 335",
            "the size in px it is shown at; the file may have twice as many",
        )


_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d"

_SHORTER = dict(
    pair.split(":")
    for pair in """
    afr:af alb:sq ara:ar arm:hy baq:eu bel:be ben:bn bos:bs bul:bg cat:ca ces:cs chi:zh cym:cy cze:cs dan:da deu:de
    dut:nl ell:el eng:en est:et eus:eu fas:fa fin:fi fra:fr fre:fr geo:ka ger:de gle:ga glg:gl gre:el heb:he hin:hi
    hrv:hr hun:hu hye:hy ice:is ind:id isl:is ita:it jpn:ja kat:ka kaz:kk kor:ko lat:la lav:lv lit:lt ltz:lb mac:mk
    may:ms mkd:mk mlt:mt msa:ms nld:nl nno:nn nob:nb nor:no per:fa pol:pl por:pt ron:ro rum:ro rus:ru slk:sk slo:sk
    slv:sl spa:es sqi:sq srp:sr swa:sw swe:sv tam:ta tel:te tha:th tur:tr ukr:uk urd:ur vie:vi wel:cy zho:zh
    """.split()
)
"""ISO 639-2 codes that have a shorter one, which is to be used (RFC 5646, 2.2.1); articles have that one."""


def language_hint(tag: str) -> str:
    """What to write instead of *tag*; '' where it is a language as BCP 47 wants it."""
    if not re.fullmatch(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*", tag):
        return "BCP 47, for example en-GB, de or fr"
    first, *rest = tag.split("-")
    shorter = _SHORTER.get(first.lower())
    return f"write {'-'.join([shorter, *rest])!r}" if shorter else ""


def _build(cls: type[Any], data: Mapping[str, Any], where: str, prefix: str) -> Any:
    hints = get_type_hints(cls)
    known = {_NAMES.get(f.name, f.name) if cls is Newsletter else f.name: f for f in fields(cls)}
    values: dict[str, Any] = {}
    for key, raw in data.items():
        if key not in known:
            raise ConfigError(f"{where}: unknown key '{prefix}{key}'", hint=_nearest(key, known))
        name = known[key].name
        values[name] = _value(hints[name], raw, where, f"{prefix}{key}")
    for key, f in known.items():
        if f.name not in values and f.default is MISSING and f.default_factory is MISSING:
            raise ConfigError(f"{where}: the key '{prefix}{key}' is missing", hint="add it, or run `digest init`")
    return cls(**values)


def _nearest(key: str, known: Mapping[str, object]) -> str:
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return f"did you mean '{near[0]}'?" if near else f"known keys: {', '.join(sorted(known))}"


def _value(kind: Any, raw: Any, where: str, key: str) -> Any:
    def wrong(wanted: str) -> ConfigError:
        return ConfigError(f"{where}: '{key}' must be {wanted}, not {raw!r}", hint="see the comments in the file")

    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _value(next(a for a in args if a is not type(None)), raw, where, key)
    if origin is Literal:
        if raw not in args:
            near = difflib.get_close_matches(str(raw), [str(a) for a in args], n=1)
            raise ConfigError(
                f"{where}: '{key}' is {raw!r}",
                hint=f"did you mean '{near[0]}'?" if near else f"one of: {', '.join(map(str, args))}",
            )
        return raw
    if origin is tuple:
        if not isinstance(raw, list):
            raise wrong("a list")
        return tuple(_value(args[0], item, where, f"{key}[{n}]") for n, item in enumerate(raw, 1))
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(raw, dict):
            raise wrong("a table")
        return {k: _value(args[1], v, where, f"{key}.{k}") for k, v in raw.items()}
    if is_dataclass(kind) and kind is not Mailbox:
        if not isinstance(raw, dict):
            raise wrong("a table")
        return _build(kind, raw, where, f"{key}.")  # type: ignore[arg-type]
    if kind is Mailbox:
        if not isinstance(raw, str):
            raise wrong("a mailbox like 'Name <me@example.org>'")
        try:
            return Mailbox(*split_mailbox(raw))
        except AddressError as error:
            raise ConfigError(f"{where}: '{key}': {error}", hint="like 'Name <me@example.org>'") from error
    if kind is ZoneInfo:
        try:
            return ZoneInfo(str(raw))
        except (ZoneInfoNotFoundError, ValueError, IsADirectoryError) as error:
            raise ConfigError(
                f"{where}: '{key}': there is no time zone {raw!r}", hint="like 'Europe/London'"
            ) from error
    if kind is float and isinstance(raw, int) and not isinstance(raw, bool):
        return float(raw)
    if (kind is bool and not isinstance(raw, bool)) or (kind is int and isinstance(raw, bool)):
        raise wrong({bool: "true or false", int: "a whole number"}[kind])
    if not isinstance(raw, kind):
        raise wrong({str: "text in quotes", int: "a whole number", float: "a number", bool: "true or false"}[kind])
    return raw
