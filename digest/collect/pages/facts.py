"""Who wrote a page, where it stands, when it came out, under which license: its marks first, then what it prints.

A wrong date is worse than none: a day that others guessed counts only if the page prints it beside the article.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from digest.address import web_address
from digest.collect.credits import clean_authors
from digest.collect.dates import read_date
from digest.collect.pages.blocks import Block, key_of
from digest.collect.pages.marks import Marks, kind, text_of
from digest.collect.plain import read_stamp
from digest.collect.reading import one_line
from digest.collect.urls import join_url, of_one_house
from digest.model import Precision
from digest.text.leftovers import DATED
from digest.text.months import month_of

Moment = tuple[datetime, Precision]

LATEST = "2200-12-31"
"""The last day htmldate may find; by default it asks the clock."""

_HEAD = 400
"""Characters of a block in which a date may count: a dateline, not a story."""

# ------------------------------------------------------------------------------------------- where


def find_outlet(marks: Marks) -> str:
    """'' where the page names none."""
    return one_line(marks.meta("og:site_name") or text_of(marks.first_object(marks.article.get("publisher"))))


def find_canonical(tree: Any, marks: Marks, url: str | None) -> str | None:
    """The page's own address. A site's front page is nobody's canonical address but its own, and an address at another
    publisher's is that one's article, whatever a page at *url* says."""
    for link in (*tree.xpath("//link[@rel='canonical']/@href"), marks.meta("og:url")):
        address = web_address(join_url(url, link))
        if not address or (url and not of_one_house(address, url)):
            continue
        path = urlsplit(address).path.strip("/")
        if path or not url or not urlsplit(url).path.strip("/"):
            return address
    return url


def find_license(tree: Any, marks: Marks) -> str | None:
    """What the page states: an address or a name (HTML's link type `license`, schema.org `license`)."""
    links = tree.xpath("//*[self::a or self::link][contains(concat(' ', @rel, ' '), ' license ')]/@href")
    said = marks.resolve(marks.article.get("license"))
    named = next((text_of(one) or text_of({"name": one.get("url")}) for one in said if isinstance(one, dict)), "")
    return next((one for one in (*said, named, *links, marks.meta("dcterms.license", "dc.rights.license"))
                 if isinstance(one, str) and one.strip()), None)  # fmt: skip


def find_language(tree: Any, marks: Marks) -> str | None:
    """The page's own tag ("en-GB"); templates often carry a wrong one."""
    root = tree.getroottree().getroot()
    return root.get("lang") or marks.meta("og:locale", "content-language", "language") or None


# ------------------------------------------------------------------------------------------- who


def stated_authors(marks: Marks, *, outlet: str | None, host: str) -> tuple[str, ...]:
    """JSON-LD's names; they keep the dots of initials."""
    said = marks.resolve(marks.article.get("author") or marks.article.get("creator"))
    people = [p.get("name") if isinstance(p, dict) and "Organization" not in kind(p) else p for p in said]
    flat = [n for name in people for n in (name if isinstance(name, list) else [name]) if isinstance(n, str)]
    return clean_authors(flat, outlet=outlet, host=host)


def guessed_authors(tree: Any, guess: str, *, outlet: str | None, host: str) -> tuple[str, ...]:
    """trafilatura's names (*guess*), with the digits the page prints: it drops them."""
    printed = _printed_names(tree) if guess else {}
    return clean_authors((printed.get(_letters(name), name) for name in guess.split("; ")), outlet=outlet, host=host)


def without_logins(names: Sequence[str], blocks: Sequence[Block]) -> tuple[str, ...]:
    """Less the names of one word that the page prints nowhere: those its system knows its users by."""
    return tuple(name for name in names if " " in name or any(_holds(block.text, name) for block in blocks))


def _holds(text: str, name: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}", text, re.IGNORECASE) is not None


def _letters(name: str) -> str:
    return re.sub(r"[\W\d_]+", "", name.casefold())


def _printed_names(tree: Any) -> dict[str, str]:
    """Names with digits in elements that say they hold an author's, by their letters."""
    found: dict[str, str] = {}
    for element in tree.xpath("//*[@rel='author' or @itemprop='author' or contains(@class, 'author')]")[:50]:
        name = one_line("".join(element.itertext()))
        if len(name) <= 60 and any(c.isdigit() for c in name):
            found.setdefault(_letters(name), name)
    return found


# ------------------------------------------------------------------------------------------- when

_DATE_METAS = (
    "article:published_time", "og:published_time", "datepublished", "parsely-pub-date", "sailthru.date", "pubdate",
    "publishdate", "publish-date", "publish_date", "dc.date.issued", "dcterms.issued", "dcterms.created", "dc.date",
    "dcterms.date", "date", "article.published", "published_at", "cxenseparse:recs:publishtime", "citation_date",
    "rnews:datepublished", "bt:pubdate", "originalpublicationdate", "publication_date", "article_date_original",
    "citation_publication_date", "dc.created", "dc.date.created", "datecreated", "displaydate", "article:published",
    "og:article:published_time", "og:datepublished", "og:pubdate", "og:publish_date", "published_time", "publish_time",
    "published-date", "published_date", "date_published", "dateposted", "date_created", "dc.date.publication",
    "twt-published-at", "vr:published_time", "mediator_published_time", "created",
)  # fmt: skip
_IN_SCRIPT = re.compile(
    r"""["']?(?:datePublished|(?:first_?)?publi(?:sh|shed|cation)_?(?:date|time|at|on)|pubdate)["']?\s*[:=]\s*"""
    r"""["'](\d{4}-\d\d-\d\d(?:[T ][\d:.]{5,15}(?:Z|[+-]\d\d:?\d\d)?)?)["']""",
    re.IGNORECASE,
)
_PUBLISHED = re.compile(r"publish|entry-?date|post-?date|pub-?date|created", re.IGNORECASE)
_CHANGED = re.compile(
    r"updated|modified|aktualisiert|geändert|mis à jour|modifié|actualizad|modificad|aggiornat|atualizad|bijgewerkt|"
    r"gewijzigd|zaktualizowan|uppdatera|oppdater|opdatere|päivitetty|обновлен|оновлен|güncelle|更新|수정|تحديث|تعديل",
    re.IGNORECASE,
)
_IN_PATH = re.compile(r"/((?:19|20)\d\d)[/-](0[1-9]|1[0-2])[/-](0[1-9]|[12]\d|3[01])(?=[/-]|$)")


def stated_moment(tree: Any, marks: Marks) -> Moment | None:
    """The best date the page states for machines: one with an offset, else one with a time, else a day. What scripts
    say is asked last."""
    return _best(_stated(tree, marks)) or _best(_in_scripts(tree))


def _best(texts: Iterator[str]) -> Moment | None:
    offers = [read_date(text) for text in texts if text]
    dates = [offer for offer in offers if offer and 1990 <= offer[0].year <= 2200]
    exact = next((d for d in dates if d[0].tzinfo is not None), None)
    timed = next((d for d in dates if d[1] != "day"), None)
    return exact or timed or (dates[0] if dates else None)


def _stated(tree: Any, marks: Marks) -> Iterator[str]:
    pages = (item for item in marks.objects if "WebPage" in kind(item))
    for item in (marks.article, *pages):
        yield from (text_of(item.get(name)) for name in ("datePublished", "dateCreated"))
    for name in _DATE_METAS:
        yield marks.meta(name)
    for path in ("//*[@itemprop='datePublished']", "//time[@pubdate]", "//article//header//time", "//article//time"):
        for element in tree.xpath(path)[:1]:
            yield element.get("datetime") or element.get("content") or ""
    times = tree.xpath("//time[@datetime]")
    named = [time for time in times if _PUBLISHED.search(time.get("class") or "")]
    for time in times if len(times) == 1 else named[:1]:
        yield time.get("datetime")
    for element in tree.xpath("//abbr[contains(@class, 'published')][@title]")[:1]:
        yield element.get("title")


def _in_scripts(tree: Any) -> Iterator[str]:
    """The publication date in a page's own data; with several days, most are of other articles."""
    written = [text for script in tree.iter("script") for text in _IN_SCRIPT.findall(script.text or "")]
    return iter(written if len({text[:10] for text in written}) == 1 else ())


def printed_moment(beside: Beside, url: str | None, language: str | None) -> Moment | None:
    """The date a line under the heading prints, else the day in the page's address, else the date printed just above
    the heading or below the text."""
    found = _IN_PATH.search(urlsplit(url).path) if url else None
    in_path = read_date("-".join(found.groups())) if found else None
    return _printed(beside.under, language) or in_path or _printed((*beside.above, *beside.below), language)


def _printed(blocks: Sequence[Block], language: str | None) -> Moment | None:
    for block in blocks:
        if len(block.text) <= 120 and DATED.search(block.text) and not _CHANGED.search(block.text):
            moment = read_stamp(block.text, (language or "und").lower())
            if moment and 1990 <= moment[0].year <= 2200:
                return moment
    return None


def guessed_moment(tree: Any, beside: Beside) -> Moment | None:
    """htmldate's guess, if one of those blocks prints that day; its search is slow, so only where one prints a year."""
    near = (*beside.under, *beside.above, *beside.below)
    if not any(re.search(r"(?<!\d)(?:19|20)\d\d(?!\d)", block.text[:_HEAD]) for block in near):
        return None
    from htmldate import find_date

    guess = read_date(find_date(tree, original_date=True, extensive_search=True, max_date=LATEST))
    texts = [block.text[:_HEAD] for block in near if not _CHANGED.search(block.text[:_HEAD])]
    return guess if guess and any(_names_day(text, guess[0].date()) for text in texts) else None


def _names_day(text: str, day: date) -> bool:
    """Whether *text* holds *day*'s year, its day, and its month by name; by number only where nobody can take the one
    for the other."""
    numbers = re.findall(r"\d+", text)
    if day.strftime("%Y%m%d") in numbers:
        return True
    values = [int(number) for number in numbers if len(number) <= 4]
    if day.year not in values or day.day not in values:
        return False
    if any(month_of(word) == day.month for word in re.findall(r"[^\W\d_]{3,}", text)):
        return True
    values.remove(day.day)
    is_clear = day.day > 12 or day.day == day.month or re.search(rf"{day.year}\D{{1,3}}0?{day.month}\b", text)
    return day.month in values and bool(is_clear)


@dataclass(frozen=True, slots=True)
class Beside:
    """The blocks around an article: between its heading and its second paragraph, above the one, below the text."""

    under: Sequence[Block] = ()
    above: Sequence[Block] = ()
    below: Sequence[Block] = ()


def find_beside(blocks: Sequence[Block], title: str, first: int, last: int) -> Beside:
    """*first*, *last*: the places of the article's first and last block."""
    key = key_of(title)
    heads = [at for at in range(max(0, first - 40), first) if key and key_of(blocks[at].text) == key]
    top = heads[-1] if heads else first
    return Beside(
        *(
            [block for block in part if not block.hidden]
            for part in (blocks[top : first + 2], blocks[max(0, top - 6) : top], blocks[last + 1 : last + 5])
        )
    )
