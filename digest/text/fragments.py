"""A link to the very words on a page: its address with a text directive, ``#:~:text=…``, that browsers scroll to.

W3C/WICG, URL Fragment Text Directives: ``text=[prefix-,]start[,end][,-suffix]``. A browser takes the first place that
fits, whole words only; no part may cross a block or a line break of the page, but each may stand in another block. One
that knows no directives opens the page at its top.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import quote as percent
from urllib.parse import urldefrag, urlsplit

from digest.model import Article, Quote, Span

_WHOLE = 12  # words; a longer stretch is named by its first and last words
_ENDS, _MOST = 5, 25  # words of each: five, or as many more as it takes to be the only ones
_AROUND = 8  # words before or behind a stretch that stands on the page twice
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_WORD = re.compile(r"[^\s\w]*(\w\S*\w|\w)|\S+")
_FOLD = str.maketrans("’‘‛‚“”„‟‐‑", "''''\"\"\"\"--")


def quote_link(article: Article, quote: Quote) -> str:
    """The article's address with a directive for each piece of the quote; '' where it has none on the web."""
    if not article.url or urlsplit(article.url).scheme not in ("http", "https"):
        return ""
    return link_to(article.url, article.text, quote.spans, above=f"{article.title}\n{article.standfirst}")


def link_to(url: str, text: str, spans: Sequence[Span], *, above: str = "") -> str:
    """*url* with a directive for each of *spans* of *text*; a fragment it has is kept, directives it has are replaced.

    *above* is what the page shows before the text (headline, standfirst): words that stand there too are told apart by
    what is before or behind them. *url* as it is where no span holds a word.
    """
    directives = [d for span in spans if (d := directive(text, span, above=above))]
    address, fragment = urldefrag(url)
    if not directives:
        return url
    return f"{address}#{fragment.split(':~:')[0]}:~:{'&'.join(directives)}"


def directive(text: str, span: Span, *, above: str = "") -> str:
    """``text=…`` for one span of *text*, percent-encoded; '' where it holds no letter or digit.

    The shortest that leads to this very place: the words at both ends, more of them, or what stands around them.
    """
    words = _words(text, span)
    if not words:
        return ""
    page = f"{above}\n{text}".translate(_FOLD)
    wanted = (words[0].start + len(above) + 1, words[-1].end + len(above) + 1)
    choices = [[" ".join(part.of(text).split()) if part else "" for part in parts] for parts in _choices(text, words)]
    prefix, start, end, suffix = next((c for c in choices if _first_place(page, *c) == wanted), choices[0])
    parts = [f"{_encoded(prefix)}-" if prefix else "", _encoded(start), _encoded(end)]
    return "text=" + ",".join(part for part in (*parts, f"-{_encoded(suffix)}" if suffix else "") if part)


def _encoded(words: str) -> str:
    """Dash, comma and ampersand part a directive: they are encoded like all that is not letter, digit, . _ or ~."""
    return percent(words, safe="").replace("-", "%2D")


Parts = tuple[Span | None, Span, Span | None, Span | None]  # prefix, start, end, suffix


def _choices(text: str, words: Sequence[Span]) -> Iterator[Parts]:
    start, end = words[0].start, words[-1].end
    lines = text[start:end].splitlines()
    whole: list[tuple[Span, Span | None]] = [(Span(start, end), None)] if len(lines) == 1 else []
    opening = [w for w in words if w.end <= start + len(lines[0])]
    closing = [w for w in words if w.start >= end - len(lines[-1])]
    ends: list[tuple[Span, Span | None]] = [
        (Span(start, opening[:count][-1].end), Span(closing[-count:][0].start, end))
        for count in range(_ENDS, max(_ENDS, min(_MOST, len(words) // 2)) + 1)
        if len(words) > 1
    ]
    # A script without blanks has no words to cut at.
    forms = [*whole, *ends] if len(words) <= _WHOLE or _UNSPACED.search(text, start, end) else [*ends, *whole]
    for first, last in forms:
        yield None, first, last, None
    for first, last in forms[:1]:
        before, behind = list(_before(text, start)), list(_behind(text, end))
        yield from ((prefix, first, last, None) for prefix in before)
        yield from ((None, first, last, suffix) for suffix in behind)
        yield from ((prefix, first, last, suffix) for prefix in before[-1:] for suffix in behind[-1:])


def _words(text: str, span: Span) -> list[Span]:
    """The words of a span; punctuation at either end is left out, for a page may set it otherwise."""
    found = [m for m in _WORD.finditer(text, span.start, span.end) if m[1]]
    return [Span(m.start(1), m.end(1)) for m in found]


def _before(text: str, at: int) -> Iterator[Span]:
    """Up to eight words before *at* with the mark that opens the stretch, nearest first; none of another line."""
    words = _words(text, Span(text.rfind("\n", 0, at) + 1, at))
    end = len(text[:at].rstrip())
    for word in words[: -_AROUND - 1 : -1]:
        yield Span(word.start, end)


def _behind(text: str, at: int) -> Iterator[Span]:
    line = text.find("\n", at)
    start = len(text) - len(text[at:].lstrip())
    for word in _words(text, Span(at, line if line >= 0 else len(text)))[:_AROUND]:
        yield Span(start, word.end)


def _first_place(
    page: str, prefix: str | None, start: str, end: str | None, suffix: str | None
) -> tuple[int, int] | None:
    """Where a browser would land: the first place on the page that fits, letters' case apart."""
    pattern = rf"{_searched(prefix)}\s*" if prefix else ""
    pattern += rf"(?P<start>{_searched(start)})"
    pattern += rf"(?s:.*?)(?P<end>{_searched(end)})" if end else ""
    pattern += rf"\s*{_searched(suffix)}" if suffix else ""
    found = re.compile(pattern, re.IGNORECASE).search(page)
    return (found.start("start"), found.end("end" if end else "start")) if found else None


def _searched(words: str) -> str:
    """*words* as whole words, whatever blanks part them; where a script writes none, a word may end anywhere."""
    pattern = r"\s+".join(re.escape(word) for word in words.translate(_FOLD).split())
    left = r"(?<!\w)" if words[0].isalnum() and not _UNSPACED.match(words[0]) else ""
    right = r"(?!\w)" if words[-1].isalnum() and not _UNSPACED.match(words[-1]) else ""
    return f"{left}{pattern}{right}"
