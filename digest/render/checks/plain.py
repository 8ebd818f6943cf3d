"""The text part beside the HTML: is it there, wrapped, free of markup, and does it tell and link the same stories?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from digest.render.checks.mail import Mail, place_of, squeeze
from digest.render.checks.rules import Finding, Place, found
from digest.render.printable import headline, web_address

WIDEST = 78  # RFC 5322, 2.1.1
_NOTE = re.compile(r"^[ \t]*\[(\d+)\]:?[ \t]+<?([^\s<>]+)>?[ \t]*$", re.M)
_NAMED = re.compile(r"(?<=\s)\[(\d+)\](?=[\s.,;)]|$)")
_MARKUP = re.compile(
    r"</?(?:p|a|td|tr|div|span|table|br|strong|em|b|i|ul|li|h[1-6])\b[^<>]*>|&(?:nbsp|amp|quot|lt|gt|#x?\w+|[lr][sd]quo);",
    re.I,
)


def judge_mail(mail: Mail) -> Iterator[Finding]:
    """The findings about the text part of *mail*."""
    text = mail.variant.text
    if not text.strip():
        yield found("text-missing", "text part", "there is no text part", "write issue.txt.j2")
        return
    said = mail.said
    tokens = mail.variant.tokens.values()
    for number, line in enumerate(text.split("\n"), 1):
        if (
            len(line) > WIDEST
            and max(map(len, line.split()), default=0) < WIDEST // 2  # else no break would help
            and "://" not in line
            and not any(t in line for t in tokens)
        ):
            what = f"line {number} has {len(line)} characters"
            yield found("text-unwrapped", "text part", what, "print texts with |wrap")
            break
    if shown := next((m[0] for m in _MARKUP.finditer(text) if m[0] not in said), ""):
        yield found("text-markup", "text part", f"{shown} stands in it", "print texts there with |safe, without markup")
    yield from _stories(mail)
    yield from _links(mail)
    yield from _footnotes(text, said)


def _stories(mail: Mail) -> Iterator[Finding]:
    """The same stories, in the same order."""
    text, seen = squeeze(mail.variant.text), mail.seen
    order: list[tuple[int, int, str]] = []
    for item in mail.items:
        title = squeeze(headline(item.article.title))
        for part, shown in (("HTML", seen), ("text part", text)):
            if title and title not in shown:
                what = f"the {part} does not print this headline"
                yield found("text-story-missing", place_of(item), what, "print every item in both")
        if url := web_address(item.article.url):
            linked = next((n for n, e in enumerate(mail.elements) if e.tag == "a" and e.get("href") == url), -1)
            written = _where(url, mail.variant.text)
            if linked >= 0 and written >= 0:
                order.append((linked, written, title))
    order.sort()
    for before, after in pairwise(order):
        if after[1] < before[1]:
            what = f"“{after[2]}” comes before “{before[2]}”"
            yield found("text-order", "text part", what, "walk through page.groups in both templates")
            return


def _links(mail: Mail) -> Iterator[Finding]:
    text, tokens = mail.variant.text, set(mail.variant.tokens.values())
    items = {url: item.article for item in mail.items if (url := web_address(item.article.url))}
    hrefs = dict.fromkeys(e.get("href") or "" for e in mail.elements if e.tag == "a" and e not in mail.hidden)
    for href in hrefs:
        if (href in items or href.startswith("https://") or href in tokens) and _where(href, text) < 0:
            if href in tokens and href == mail.variant.tokens.get("LEAVE"):
                continue  # `letter` says that
            article = items.get(href)
            yield found(
                "text-link-lost",
                Place(headline(article.title), article.id) if article else "text part",
                f"the text part does not write out {'a reader’s own link' if href in tokens else href}",
                "print item.url or item.ref there",
                severity="error" if article else "warning",
            )


def _footnotes(text: str, said: str) -> Iterator[Finding]:
    given = [number for number, _address in _NOTE.findall(text)]
    body = _NOTE.sub("", text)
    named = [number for number in _NAMED.findall(body) if f"[{number}]" not in said]
    for number in dict.fromkeys(named):
        if number not in given:
            yield found("text-footnotes", "text part", f"[{number}] is named and not given", "print its address")
    for number in given:
        if number not in named:
            yield found("text-footnotes", "text part", f"[{number}] is given and not named", "print item.ref beside it")


def _where(url: str, text: str) -> int:
    """Where *url* stands in *text* as a whole address; -1 for nowhere."""
    found_at = re.search(re.escape(url) + r"(?![\w/?#=&%-])", text)
    return found_at.start() if found_at else -1
