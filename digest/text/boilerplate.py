"""What is not the report: by-lines, stamps, captions, notices, comment forms, and the writer's own view.

`clean_lines` reads a pasted or exported text line by line, while line numbers still mean something to a person.
`find_regions` reads any text as it stands and only marks it: nothing is taken out, offsets stay true. Both use the
same table of patterns. Knows nothing of HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from digest.model import Region, RegionKind, Removed, Span
from digest.text.leftovers import DATED, leftover_reason
from digest.text.sentences import split_sentences

LineKind = Literal["body", "opinion"]


@dataclass(frozen=True, slots=True)
class Line:
    """A kept paragraph. ``number`` is that of its first line, from 1."""

    number: int
    text: str
    kind: LineKind


@dataclass(frozen=True, slots=True)
class Cleaned:
    paragraphs: tuple[Line, ...]
    removed: tuple[Removed, ...]
    opinion_label: str  # "Author’s view"; '' where no opinion part was found
    date_line: tuple[int, str] | None  # line number and text of the first line that holds a publication date


# ------------------------------------------------------------------------------------------------ patterns

# From one of these to the end there is nothing more to read, if a text stood before it and the rest looks like it.
_INVITES = re.compile(r"(?i)leave a (?:reply|comment)\b.*|required fields are marked.*")
_FORM = re.compile(
    r"(?i)(?:your e-?mail address will not|required fields are|save my name|cancel reply|notify me of)\b.*"
)
_NEAR = 3
"""Lines beside an invitation that are searched for the form itself."""

_LAST = 0.2
"""A smaller share of the text after an invitation to comment is read as comments."""

# Labels nobody opens a sentence with, and words that label only where they stand alone: "Comment: the ministry gave
# none." is the report.
_OPINION = re.compile(
    r"(?i)(?:(?P<label>(?:the\s+)?(?:author|writer|editor|reporter|columnist)['’]?s?['’]?\s+(?:view|opinion|"
    r"comment|take|verdict|note on this)|"
    r"(?:our|my) (?:view|opinion|take|verdict|comment)|in my (?:view|opinion)|"
    r"ansicht des autors|meinung des autors|avis de l['’]auteur|"
    r"l['’]avis de (?:l['’]auteur|la rédaction)|"
    r"le point de vue de l['’]auteur|notre avis|opinión del autor|opinione dell['’]autore|"
    r"il parere dell['’]autore|opinião do autor|mening van de auteur|opinia autora|"
    r"мнение автора|رأي الكاتب|作者观点|筆者の見解)"
    r"\s*(?:[:：]|\s[–—-]\s|$)"
    r"|(?P<word>opinion|commentary|comment|editorial|viewpoint|analysis and opinion|kommentar|meinung|standpunkt|avis|"
    r"commentaire|opinión|comentario|opinione|commento|opinião|comentário|mening|opinie|commentaar|komentarz|"
    r"komentti|mielipide|kommentaari|ledare|мнение|комментарий|رأي|评论|社説|論評|의견)\s*[:：–—-]?\s*$)\s*"
)

_ORNAMENT = re.compile(r"[\W_]+")
_CONTROL = re.compile(r"[\u200b\ufeff\u2060]")


def why_removed(line: str) -> str:
    """The reason this line is a leftover, or '' if it may be part of the article."""
    bare = (line if line.isascii() else _CONTROL.sub("", line)).strip()
    if not bare or len(bare) > 320:
        return ""
    if _ORNAMENT.fullmatch(bare):
        return "ornament"
    return leftover_reason(bare)


def _form_begins(lines: Sequence[str]) -> int:
    """Index of the line from which only a comment form and comments follow; the number of *lines* where there is none.

    An invitation to comment is no such line by itself: it also stands under headlines.
    """
    left = total = sum(map(len, lines))
    begun = False
    for nth, line in enumerate(lines):
        left -= len(line)
        if not _INVITES.fullmatch(line) or not why_removed(line):
            begun = begun or not why_removed(line)
        elif begun and (left <= _LAST * total or any(map(_FORM.match, lines[max(nth - _NEAR, 0) : nth + _NEAR + 1]))):
            return nth
    return len(lines)


def opinion_label(line: str) -> tuple[str, int]:
    """The label that opens an opinion part and where the opinion itself begins: ``("Author’s view", 15)``.

    ``("", 0)`` where the line opens none.
    """
    found = _OPINION.match(line)
    return ((found["label"] or found["word"]).strip(), found.end()) if found else ("", 0)


_CAPTION = re.compile(
    r"\((?:pictured|left|right|above|below|centre|center|file photo|file)\b[^)]{0,40}\)|,? pictured "
    r"(?:above|below|left|right|here|with|in|at)\b|"
    r"^\W*(?:pictured|(?:above|below|left|right)):|^(?:VIDEO|PICTURED|SCROLL)\b"
)


def is_caption(sentence: str) -> bool:
    """Whether this sentence speaks about a picture beside it: "Mr Lee (pictured) …"."""
    return bool(_CAPTION.search(sentence))


# ------------------------------------------------------------------------------------------------ line by line


def clean_lines(lines: Sequence[str]) -> Cleaned:
    """The paragraphs worth keeping, and every line left out with its reason.

    Hard-wrapped lines of one paragraph become one again. An opinion part runs from its label to the end of the
    prose; the label itself is not in its text. The first line (most often the title) opens no opinion part.
    """
    kept: list[tuple[int, str]] = []
    removed: list[Removed] = []
    label = ""
    opinion_from: int | None = None
    date_line: tuple[int, str] | None = None
    bare = [(number, line) for number, raw in enumerate(lines, 1) if (line := _CONTROL.sub("", raw).strip())]
    form = _form_begins([line for _, line in bare])
    for nth, (number, line) in enumerate(bare):
        reason = "comment form" if nth >= form else why_removed(line)
        if reason:
            removed.append(Removed(number, line, reason))
            if date_line is None and "date" in reason and DATED.search(line):
                date_line = (number, line)
            continue
        if opinion_from is None and kept:
            label, at = opinion_label(line)
            if label:
                opinion_from, line = number, line[at:].strip()
                if not line:
                    continue
        kept.append((number, line))
    paragraphs = tuple(
        Line(n, text, "opinion" if opinion_from is not None and n >= opinion_from else "body")
        for n, text in _unwrap(kept)
    )
    return Cleaned(paragraphs, tuple(removed), label, date_line)


def _unwrap(kept: Sequence[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Joins the lines of a block set at a fixed width; other lines are paragraphs of their own."""
    block: list[tuple[int, str]] = []
    for number, line in [*kept, (-1, "")]:
        if block and number != block[-1][0] + 1:
            lengths = [len(text) for _, text in block[:-1]]
            if lengths and min(lengths) >= 50 and max(lengths) <= 100 and len(block[-1][1]) <= max(lengths) + 4:
                yield block[0][0], " ".join(text for _, text in block)
            else:
                yield from block
            block = []
        block.append((number, line))


# ------------------------------------------------------------------------------------------------ any raw text

_STOPPED = re.compile(r"[.!?…:;。！？؟।][\"'”’»«“)\]」』\s]*$|[」』”’»]$|,[\"'“]$")


def find_regions(text: str) -> tuple[Region, ...]:
    """What each stretch of *text* is: body, opinion or aside. In order, disjoint; blanks between belong to none.

    Headings (lines without a stop, the title among them) are asides as soon as the text has paragraphs that end in
    one. Inside a paragraph, sentences that are leftovers ("Scroll down for video.") are asides too.
    """
    lines = list(_line_spans(text))
    has_prose = any(_STOPPED.search(span.of(text)) for span in lines)
    regions: list[Region] = []
    label = ""
    form = _form_begins([span.of(text) for span in lines])
    for nth, span in enumerate(lines):
        line = span.of(text)
        reason = "comment form" if nth >= form else why_removed(line)
        if reason:
            regions.append(Region("aside", span, reason))
            continue
        if not label and nth:
            label, at = opinion_label(line)
            if label:
                regions.append(Region("aside", Span(span.start, span.start + at), "opinion label"))
                span = Span(span.start + at, span.end)
                if not span:
                    continue
        kind: RegionKind = "opinion" if label else "body"
        if has_prose and _is_heading(text, lines, nth):
            regions.append(Region("aside", span, "heading"))
            continue
        regions.extend(_inside(text, span, kind, label))
    return tuple(regions)


def _line_spans(text: str) -> Iterator[Span]:
    for found in re.finditer(r"[^\n]+", text):
        line = found.group()
        start = found.start() + len(line) - len(line.lstrip())
        end = found.end() - (len(line) - len(line.rstrip()))
        if start < end:
            yield Span(start, end)


_SIGNED = re.compile(r"[“„«‘\"'].{8,}[”“»’\"']\s*(?:[—–]|--)\s*[A-ZÀ-Þ]")  # “…” — Ann Lee, mayor


def _is_heading(text: str, lines: Sequence[Span], nth: int) -> bool:
    """A short line with no stop that stands alone: not one line of a wrapped paragraph, not an item of speech."""
    line = lines[nth].of(text)
    if _STOPPED.search(line) or _SIGNED.match(line) or len(line.split()) > 30 or len(line) > 220:
        return False
    before = nth == 0 or "\n\n" in _between(text, lines[nth - 1], lines[nth])
    after = nth + 1 == len(lines) or "\n\n" in _between(text, lines[nth], lines[nth + 1])
    return (before and after) or nth == 0 or len(line) < 45


def _between(text: str, first: Span, second: Span) -> str:
    return re.sub(r"[^\S\n]", "", text[first.end : second.start])


def _inside(text: str, span: Span, kind: RegionKind, label: str) -> Iterator[Region]:
    """One paragraph, cut at the sentences that are leftovers."""
    start = span.start
    reach = span.start
    for sentence in split_sentences(span.of(text)):
        here = Span(span.start + sentence.start, span.start + sentence.end)
        reason = why_removed(here.of(text))
        if not reason and is_caption(here.of(text)):
            reason = "caption"
        if reason and here != span:
            if start < reach:
                yield Region(kind, Span(start, reach), label)
            yield Region("aside", here, reason)
            start = here.end + (len(text[here.end : span.end]) - len(text[here.end : span.end].lstrip()))
        reach = here.end
    if start < span.end:
        yield Region(kind, Span(start, span.end), label)
