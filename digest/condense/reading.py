"""What may be cut, and from where: an article or a plain text, read once."""

from __future__ import annotations

from dataclasses import dataclass

from digest.model import Article, Span
from digest.text.boilerplate import find_regions
from digest.text.language import detect_language


@dataclass(frozen=True, slots=True)
class Reading:
    """A text with its reporting stretches; ``headings`` are the title, the standfirst and other lines not to repeat."""

    article: str  # its id, '' for a plain text
    text: str
    body: tuple[Span, ...]
    headings: tuple[str, ...]
    title: str
    language: str


def read(source: Article | str, *, title: str | None = None, language: str | None = None) -> Reading:
    """*language* None: the article's own, or found in the text."""
    if isinstance(source, str):
        regions = find_regions(source)
        body = tuple(r.span for r in regions if r.kind == "body")
        headings = [r.span.of(source) for r in regions if r.reason == "heading"]
        heading = title if title is not None else (headings[0] if headings else "")
        sample = f"{heading}\n{body[0].of(source) if body else source}"
        return Reading(
            "", source, body, tuple(h for h in (heading, *headings) if h), heading, language or detect_language(sample)
        )
    heading = source.title if title is None else title
    made_up = heading.endswith("…") and source.text.startswith(heading.rstrip("… "))  # a text without a headline
    return Reading(
        source.id,
        source.text,
        source.body(),
        tuple(h for h in ("" if made_up else heading, source.standfirst) if h),
        heading,
        language or source.language,
    )
