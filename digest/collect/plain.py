"""A pasted or exported text -> `Reading`: title, standfirst, report, the writer's own view, publication date.

Which lines are leftovers is `text.boilerplate`'s knowledge; what the head of a text says about itself is read here.
A date is read only on lines the date-line grammar let through: prose is full of words that look like dates.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from digest.address import web_address
from digest.collect.credits import clean_authors
from digest.collect.dates import read_date
from digest.collect.reading import Paragraph, Reading, one_line
from digest.collect.repeats import REPEATS, find_repeats
from digest.model import Precision, Removed
from digest.text.boilerplate import Cleaned, Line, clean_lines
from digest.text.leftovers import DATED

HEAD_LINES = 10
"""How many lines that are not blank may hold the header block."""

_KEYS = {
    key: field
    for field, keys in {
        "title": "title headline titel überschrift titre título titulo titolo",
        "standfirst": "standfirst subtitle untertitel chapô chapeau sous-titre entradilla subtítulo sottotitolo",
        "author": "by author authors autor autorin autoren auteur auteurs autore autori autora autores",
        "outlet": "outlet source publication publisher quelle medium fuente fonte bron média medio testata",
        "url": "url link address adresse lien enlace indirizzo",
        "date": "date published datum veröffentlicht publié fecha publicado data pubblicato gepubliceerd",
    }.items()
    for key in keys.split()
}
_FIELD = re.compile(rf"^(?P<key>{'|'.join(map(re.escape, _KEYS))})\s*:\s*(?P<value>.*)$", re.IGNORECASE)
_BYLINE = re.compile(r"^(?:by|von|par|por|di|door)\s*:?\s+(?P<names>.+)$", re.IGNORECASE)
_JOB = re.compile(
    r"\b(?:correspondent|editor|reporter|writer|columnist|staff|in \w+|for .+|bureau|chief|contributor)\b",
    re.IGNORECASE,
)
_STOP = re.compile(r"[.!?…。！？؟।:;][\"'”’»)\]」』]*$")
_FULL_STOP = re.compile(r"[.…。।:;][\"'”’»)\]」』]*$")
_TWICE = re.compile(r"\b(?P<word>\w{2,}) and (?P=word)\b", re.IGNORECASE)


def read_plain(text: str, *, title: str = "") -> Reading:
    """What a pasted text holds. *title*: already known (a mail's subject, a Markdown heading)."""
    return read_lines(re.split(r"\r\n|\r|\n|\u2028|\u2029", text), title=title)


def read_lines(lines: Sequence[str], *, title: str = "") -> Reading:
    """The same for a text already cut in lines; an empty one ends a paragraph."""
    said, removed, rest = _take_head(lines)
    cleaned = clean_lines(rest)
    repeats = find_repeats([line.text for line in cleaned.paragraphs])
    removed += [Removed(line.number, line.text, REPEATS) for n, line in enumerate(cleaned.paragraphs) if n in repeats]
    paragraphs = [_paragraph(line, cleaned) for n, line in enumerate(cleaned.paragraphs) if n not in repeats]
    title = said.get("title") or title
    if not title and paragraphs and _is_title(paragraphs):
        title = paragraphs.pop(0).text
    elif title and paragraphs and one_line(paragraphs[0].text).casefold() == one_line(title).casefold():
        paragraphs.pop(0)
    standfirst = said.get("standfirst", "")
    if title and not standfirst and _is_standfirst(paragraphs):
        standfirst = paragraphs.pop(0).text
    date = _date_words(said, cleaned)
    moment = read_stamp(date, _language(paragraphs)) if date else None
    return Reading(
        title=title,
        standfirst=standfirst,
        paragraphs=tuple(paragraphs),
        authors=_authors(said, cleaned),
        outlet=said.get("outlet") or _outlet_beside_date(cleaned),
        url=web_address(said.get("url")),
        published=moment[0] if moment else None,
        precision=moment[1] if moment else None,
        removed=tuple(sorted((*removed, *cleaned.removed), key=lambda r: r.line)),
        warnings=_slips(title, standfirst),
    )


def clean_paragraphs(
    texts: Iterable[str], *, without: Iterable[str] = ()
) -> tuple[tuple[Paragraph, ...], tuple[Removed, ...]]:
    """A page's or entry's paragraphs less leftovers, repeats (pull quotes), and those in *without* (the title)."""
    kept, removed = keep_paragraphs([re.sub(r"^- ", "", text) for text in texts], without=without)
    return tuple(paragraph for _, paragraph in kept), removed


def keep_paragraphs(
    texts: Sequence[str], *, without: Iterable[str] = ()
) -> tuple[list[tuple[int, Paragraph]], tuple[Removed, ...]]:
    """The same, each kept paragraph with its place in *texts*."""
    cleaned = clean_lines([line for text in texts for line in (text, "")])
    removed = [Removed(0, r.text, r.reason) for r in cleaned.removed]
    known = {one_line(text).casefold() for text in without} - {""}
    lines = []
    for line in cleaned.paragraphs:
        if one_line(line.text).casefold() in known:
            removed.append(Removed(0, line.text, "repeats the title"))
        else:
            lines.append(line)
    repeats = find_repeats([line.text for line in lines])
    removed += [Removed(0, lines[nth].text, REPEATS) for nth in sorted(repeats)]
    kept = [line for nth, line in enumerate(lines) if nth not in repeats]
    return [(line.number // 2, _paragraph(line, cleaned)) for line in kept], tuple(removed)


def _paragraph(line: Line, cleaned: Cleaned) -> Paragraph:
    return Paragraph(line.text, line.kind, cleaned.opinion_label if line.kind == "opinion" else "")


# ------------------------------------------------------------------------------------------- the head


def _take_head(lines: Sequence[str]) -> tuple[dict[str, str], list[Removed], list[str]]:
    """What the first lines say of the text, those lines, and all lines with them blanked (numbers stay true)."""
    said: dict[str, str] = {}
    removed: list[Removed] = []
    rest = list(lines)
    seen = 0
    for number, raw in enumerate(lines, 1):
        line = one_line(raw)
        if not line:
            continue
        seen += 1
        if seen > HEAD_LINES:
            break
        found = _head_line(line)
        if found:
            for key, value in found.items():
                said.setdefault(key, value)
            removed.append(Removed(number, line, "header line"))
            rest[number - 1] = ""
    return said, removed, rest


def _head_line(line: str) -> dict[str, str]:
    if len(line) > 1_000:  # a paragraph
        return {}
    if web_address(line) and " " not in line:
        return {"url": line}
    field = _FIELD.match(line)
    if field:
        key = _KEYS[field["key"].lower()]
        value = field["value"].strip()
        if key == "url" and not web_address(value):
            return {}
        if key == "outlet" and web_address(value):
            return {"url": value}
        return {key: value} if value and len(value) <= 300 else {}
    dated = DATED.search(line)
    if dated and dated.end() == len(line) and 0 < dated.start() <= 60:
        name = line[: dated.start()]
        if re.fullmatch(r"[^.!?:]{2,55}[,|·•–—-]\s*", name) and name[:1].isupper() and _is_name(name):
            name = name.strip(" ,|·•–—-")
            byline = _BYLINE.match(name)
            return {"date": dated[0]} | ({"author": byline["names"]} if byline else {"outlet": name})
    return {}


def _is_name(words: str) -> bool:
    """An outlet's name: capitals on most words ("Harbour Notes, "), not a sentence that ends in a date."""
    found = re.findall(r"[^\W\d_]+", words)
    return 0 < len(found) <= 6 and sum(w[0].isupper() or len(w) <= 3 for w in found) == len(found)


def _authors(said: dict[str, str], cleaned: Cleaned) -> tuple[str, ...]:
    first = cleaned.paragraphs[3].number if len(cleaned.paragraphs) > 3 else 10**9
    names = [said["author"]] if "author" in said else []
    for line in cleaned.removed:
        found = _BYLINE.match(line.text) if line.reason == "by-line" and line.line < first and not names else None
        if found:
            names = [found["names"]]
    parts = [part for text in names for part in re.split(r",\s*", text.rstrip(". "))]
    return clean_authors(part for nth, part in enumerate(parts) if nth == 0 or not _JOB.search(part))


def _outlet_beside_date(cleaned: Cleaned) -> str | None:
    """`25 September 2015 – Source: Harbour Notes` names its source; most often the place is empty."""
    found = re.search(r"(?i)\b(?:source|quelle|fuente|fonte|bron)\s*:\s*(\S.*)$", (cleaned.date_line or (0, ""))[1])
    return found[1].strip() if found else None


def _is_title(paragraphs: Sequence[Paragraph]) -> bool:
    first = paragraphs[0].text
    return len(paragraphs) > 1 and paragraphs[0].kind == "body" and len(first) <= 220 and not _FULL_STOP.search(first)


def _is_standfirst(paragraphs: Sequence[Paragraph]) -> bool:
    """A line without a stop of a sentence's length between title and text; shorter ones are headings."""
    if len(paragraphs) < 2 or paragraphs[0].kind != "body":
        return False
    line = paragraphs[0].text
    return not _STOP.search(line) and 6 <= len(line.split()) <= 60 and len(line) <= 400


def _slips(title: str, standfirst: str) -> tuple[str, ...]:
    """What reads like a slip of the source. Kept as it is: nothing is ever repaired."""
    found = ((name, _TWICE.search(text)) for name, text in (("title", title), ("standfirst", standfirst)))
    return tuple(f"the {name} says “{slip[0]}”: kept as the source has it" for name, slip in found if slip)


# ------------------------------------------------------------------------------------------- the date

_CLOCK = re.compile(
    r"(?P<part>上午|下午|午前|午後|오전|오후)?\s?(?<!\d)(?P<hour>\d{1,2})(?:[:.h]|\s?[时時시]\s?)(?P<minute>\d{2})"
    r"(?::(?P<second>\d{2}))?[分분]?\s*(?P<half>[ap])?(?:\.?m\b\.?)?(?:\s*uhr)?\s*(?P<zone>[A-Z]{1,4}\b|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)
_AFTERNOON = frozenset({"下午", "午後", "오후"})
_YEAR_FIRST = re.compile(r"\b((?:19|20)\d\d)[./](\d{1,2})[./](\d{1,2})\b")
_NUMERIC = re.compile(r"\b(?P<a>\d{1,2})(?P<mark>[./])(?P<b>\d{1,2})[./](?P<year>\d{4})\b")
_HOURS = {"Z": 0, "UTC": 0, "GMT": 0, "BST": 1, "CET": 1, "CEST": 2, "EST": -5, "EDT": -4, "PST": -8, "PDT": -7}


def read_stamp(words: str, language: str) -> tuple[datetime, Precision] | None:
    """The moment a date line names: naive unless it names a zone; None where it may be read two ways.

    *words* must have passed the date-line grammar. `03/04/2026` in English is no date: nobody knows which.
    """
    found = DATED.search(words)
    piece = found[0] if found else words
    day = _day(piece, language)
    if day is None:
        return None
    clock = _CLOCK.search(_NUMERIC.sub(" ", _YEAR_FIRST.sub(" ", piece)))
    if not clock or int(clock["hour"]) > 23 or int(clock["minute"]) > 59:
        return day.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None), "day"
    hour = int(clock["hour"])
    if clock["half"] or clock["part"]:
        later = clock["part"] in _AFTERNOON or (clock["half"] or "").lower() == "p"
        hour = hour % 12 + (12 if later else 0)
    moment = day.replace(
        hour=hour, minute=int(clock["minute"]), second=min(int(clock["second"] or 0), 59), microsecond=0, tzinfo=None
    )
    return moment.replace(tzinfo=_zone(clock["zone"])), "second" if clock["second"] else "minute"


def _zone(name: str | None) -> timezone | None:
    if not name:
        return None
    if name[0] in "+-":
        minutes = int(name[1:3]) * 60 + int(name[-2:])
        return timezone(timedelta(minutes=minutes if name[0] == "+" else -minutes)) if minutes < 1440 else None
    hours = _HOURS.get(name.upper())
    return None if hours is None else timezone(timedelta(hours=hours))


def _day(piece: str, language: str) -> datetime | None:
    numeric = _NUMERIC.search(piece)
    if numeric:
        return _numeric_day(numeric, language)
    piece = _YEAR_FIRST.sub(lambda m: f"{m[1]}-{int(m[2]):02}-{int(m[3]):02}", piece)
    ours = read_date(re.sub(r"[|·•]", " ", piece))
    return ours[0] if ours else _asked_dateparser(piece, language)


def _numeric_day(found: re.Match[str], language: str) -> datetime | None:
    a, b, year = int(found["a"]), int(found["b"]), int(found["year"])
    day, month = (a, b) if a > 12 or b <= 12 else (b, a)
    if a != b and a <= 12 and b <= 12 and found["mark"] == "/" and language.split("-")[0] in {"en", "und"}:
        return None
    try:
        return datetime(year, month, day)
    except ValueError:
        return None


def _asked_dateparser(piece: str, language: str) -> datetime | None:
    import dateparser

    settings = {"STRICT_PARSING": True, "RETURN_AS_TIMEZONE_AWARE": False}
    try:
        found: datetime | None = dateparser.parse(piece, languages=[language], settings=settings)
    except ValueError:  # a language it does not have
        return None
    return found


def _date_words(said: dict[str, str], cleaned: Cleaned) -> str:
    return said.get("date") or (cleaned.date_line[1] if cleaned.date_line else "")


def _language(paragraphs: Sequence[Paragraph]) -> str:
    from digest.text.language import detect_language

    return detect_language("\n".join(p.text for p in paragraphs)[:1000])


def with_known(reading: Reading, **known: object) -> Reading:
    """*reading* with those fields of *known* that say something."""
    change: Callable[..., Reading] = replace
    return change(reading, **{name: value for name, value in known.items() if value})
