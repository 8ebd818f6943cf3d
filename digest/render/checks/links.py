"""Every link of a variant: where it leads, what it says, and (if somebody asked) what answered there."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from digest.address import host_of, is_tracking, site_of
from digest.model import Issue, Rendered
from digest.render.checks.mail import Mail, name_of, read
from digest.render.checks.rules import Finding, Place, found
from digest.render.printable import headline, web_address

_VAGUE = re.compile(
    r"(?:click |read |see |find out |learn |continue |view )?(?:here|more|on|this|link|this link)"
    r"|reading|(?:the )?article|details|go|continue reading"
    r"|hier(?: klicken)?|klicken sie hier|mehr(?: lesen| erfahren)?|weiterlesen|weiter|artikel"
    r"|ici|cliquez ici|lire(?: la suite)?|en savoir plus|plus|suite"
    r"|aquí|haz clic aquí|leer(?: más)?|más|seguir leyendo|qui|clicca qui|leggi(?: tutto)?|di più|continua"
    r"|هنا|اضغط هنا|المزيد|اقرأ المزيد",
    re.I,
)
_SHORTENERS = frozenset(
    """
    bit.ly t.co goo.gl tinyurl.com ow.ly is.gd buff.ly dlvr.it lnkd.in rebrand.ly cutt.ly shorturl.at t.ly trib.al
    fb.me ift.tt wp.me amzn.to mailchi.mp list-manage.com awstrack.me sendgrid.net hubspotlinks.com
    mjt.lu safelinks.protection.outlook.com urldefense.com urldefense.proofpoint.com feedproxy.google.com
    """.split()
)
_SHOWN_ADDRESS = re.compile(r"(?:https?://)?((?:[\w-]+\.)+[a-z]{2,})(?:/\S*)?", re.I)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back from one address."""

    status: int | None  # None: no answer at all
    error: str = ""  # '' exactly when the page is there
    moved_to: str | None = None  # where permanent redirects lead; None: nowhere else


def link_targets(issue: Issue, rendered: Rendered) -> list[str]:
    """Every web address that is linked in any variant, in order, each once; no reader's own, nor where the issue itself
    will be seen: nothing answers there before it is approved."""
    mails = [read(issue, variant) for variant in rendered.variants]
    hrefs = (href for mail in mails for _, href in _links(mail) if href != mail.variant.view)
    return list(dict.fromkeys(href for href in hrefs if re.match(r"https?://", href, re.I)))


def judge_mail(mail: Mail, answers: Mapping[str, Answer]) -> Iterator[Finding]:
    """The findings about *mail*'s links; *answers* by address, where somebody asked."""
    items = {url: item.article for item in mail.items if (url := web_address(item.article.url))}
    tokens = set(mail.variant.tokens.values())
    named: dict[str, dict[str, Any]] = {}
    seen: set[str] = set()
    for link, href in _links(mail):
        place = mail.place(link)
        if href in items:
            place = Place(headline(items[href].title), items[href].id, place.line)
        name = name_of(link)
        if not name:
            yield found("link-empty", place, f"the link to {href} has no words", "say where it leads")
        elif _VAGUE.fullmatch(name.strip(" .!…»›→")):
            remedy = "say where it leads: “Read at OUTLET”"
            yield found("link-vague", place, f"a link says only “{name}”", remedy)
        else:
            named.setdefault(name.casefold(), {}).setdefault(href.partition("#")[0], link)
        if href in tokens:
            continue
        if not _sound(mail, href) and href not in items:
            what = f"a link leads to {href or 'nowhere'}"
            yield found("link-not-https", place, what, "write a whole https:// address")
        if disguise := _disguise(name, href):
            what = f"a link says {disguise} and leads to {host_of(href)}"
            yield found("link-disguised", place, what, "say what is there, or link to what it says")
        if href not in seen:
            seen.add(href)
            yield from _address(href, place)
            if href in answers:
                yield from _answered(href, answers[href], place)
    for links in named.values():
        if len(links) > 1:
            first, second = list(links.items())[:2]
            what = f"“{name_of(first[1])}” leads to {_shown(first[0], tokens)} and {_shown(second[0], tokens)}"
            remedy = "give one of them other words, or an aria-label"
            yield found("link-same-words", mail.place(second[1]), what, remedy)
    counts = Counter(href for _, href in _links(mail))
    shared = Counter(web_address(item.article.url) for item in mail.items)
    for url, article in items.items():
        if counts[url] > 2 and shared[url] == 1:
            what = f"{url} is linked {counts[url]} times"
            place = Place(headline(article.title), article.id)
            yield found("link-repeated", place, what, "link the headline and “Read at” only")


def _links(mail: Mail) -> Iterator[tuple[Any, str]]:
    for element in mail.elements:
        if element.tag in ("a", "area") and (href := element.get("href")) is not None and element not in mail.hidden:
            yield element, href.strip()


def _sound(mail: Mail, href: str) -> bool:
    if href.startswith("#"):
        return any(href[1:] in (e.get("id"), e.get("name")) for e in mail.elements) and len(href) > 1
    return re.match(r"https://[^/?#]|mailto:.|tel:.", href, re.I) is not None


def _address(href: str, place: Place) -> Iterator[Finding]:
    """What an address itself gives away."""
    try:
        parts = urlsplit(href)
        host = site_of(parts.hostname or "")
    except ValueError:
        return
    if parts.scheme.lower() not in ("http", "https"):
        return
    if _private(parts.hostname or "") or parts.username is not None:
        what = f"{href} {'carries a password' if parts.username is not None else 'leads into a private network'}"
        yield found("link-private", place, what, "link to the public address")
    if told := [name for name, _ in parse_qsl(parts.query, keep_blank_values=True) if is_tracking(name)]:
        what = f"{href} carries {', '.join(told[:3])}"
        remedy = "`digest articles fill ARTICLE --url URL`" if place.article else "cut it off the address"
        yield found("link-tracking", place, what, remedy)
    if any(host == short or host.endswith(f".{short}") for short in _SHORTENERS):
        yield found("link-shortened", place, f"{href} goes by {host}", "link to where it leads")


def _answered(href: str, answer: Answer, place: Place) -> Iterator[Finding]:
    if answer.status in (404, 410):
        yield found("link-dead", place, f"{href} is gone ({answer.status})", "find its new address, or drop it")
    elif answer.error:
        yield found("link-unanswered", place, f"{href}: {answer.error}", "open it yourself")
    elif answer.moved_to and site_of(host_of(answer.moved_to)) != site_of(host_of(href)):
        what = f"{href} moved for good to {answer.moved_to}"
        yield found("link-moved", place, what, "link to the new address")


def _private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal", ".lan", ".home.arpa"))


def _disguise(name: str, href: str) -> str:
    """The site that *name* shows and *href* does not lead to; ''."""
    shown = _SHOWN_ADDRESS.fullmatch(name)
    host = site_of(host_of(href))
    if shown is None or not host:
        return ""
    said = site_of(shown[1])
    return "" if host == said or host.endswith(f".{said}") or said.endswith(f".{host}") else said


def _shown(href: str, tokens: set[str]) -> str:
    return "the reader’s own page" if href in tokens else href
