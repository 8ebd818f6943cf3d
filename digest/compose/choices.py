"""The editor's choice of sentences and quote for an item, applied to the summary the rules made.

A choice is spans of the text the editor saw. Where the article has another text by now it does not count: a span of
one text means nothing in another. `conflicts` names such choices.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from digest.compose.edits import last_of
from digest.errors import DigestError
from digest.model import Article, Conflict, Edit, EditKind, Excerpt, Quote, Span, Summary

NONE = "none"
"""The value of a choice of no sentence, or no quote."""
OF_A_TEXT: frozenset[EditKind] = frozenset({"sentences", "quote", "speaker", "role"})
"""Edits that hold for the text they were made on, and no other."""
_OF_THE_ISSUE: frozenset[EditKind] = frozenset({"pin", "drop", "lead"})  # these say what is in it


def as_value(spans: Iterable[Span]) -> str:
    """*spans* as an edit holds them: ``12-80 90-140``; `NONE` for no span."""
    return " ".join(f"{s.start}-{s.end}" for s in sorted(spans)) or NONE


def spans_of(value: str) -> tuple[Span, ...]:
    """What `as_value` wrote. Raises DigestError for anything else."""
    try:
        pairs = [] if value == NONE else [part.split("-") for part in value.split()]
        return tuple(Span(int(start), int(end)) for start, end in pairs)
    except ValueError as error:
        raise DigestError(f"{value!r} are no places in a text", hint="like 12-80 90-140, or none") from error


def with_choices(
    summary: Summary, article: Article, edits: Sequence[Edit], quotes: Callable[[], Sequence[Quote]]
) -> Summary:
    """*summary* of *article* with the editor's sentences, quote, speaker and role in place of its own.

    quotes: all quotes of the article, asked for only where a quote was chosen.
    """
    chosen = _choice(edits, "sentences", article)
    if chosen is not None:
        excerpts = (Excerpt(article.id, span, span.of(article.text)) for span in spans_of(chosen.value))
        summary = replace(summary, sentences=tuple(excerpts))
    wanted = _choice(edits, "quote", article)
    if wanted is not None:
        spans = spans_of(wanted.value)
        found = [q for q in quotes() if q.spans == spans] if spans else []
        summary = replace(summary, quotes=tuple(found[:1]))
    return replace(summary, quotes=tuple(_renamed(quote, article, edits) for quote in summary.quotes))


def _choice(edits: Sequence[Edit], kind: EditKind, article: Article) -> Edit | None:
    edit = last_of(edits, kind, article.id)
    return edit if edit is not None and edit.saw == article.text_hash else None


def _renamed(quote: Quote, article: Article, edits: Sequence[Edit]) -> Quote:
    kinds: tuple[Literal["speaker", "role"], ...] = ("speaker", "role")
    for kind in kinds:
        edit = _choice(edits, kind, article)
        start, _, words = edit.value.partition(" ") if edit else ("", "", "")
        if edit is None or not quote.spans or start != str(quote.spans[0].start):
            continue
        theirs = (*quote.by_editor, kind)
        if kind == "speaker":
            quote = replace(quote, speaker=words, speaker_span=None, by_editor=theirs)
        else:
            quote = replace(quote, role=words, role_span=None, by_editor=theirs)
    return quote


# ------------------------------------------------------------------------------------------------ after a new collect


def conflicts(
    edits: Sequence[Edit],
    *,
    articles: Mapping[str, Article],
    printed: Collection[str],
    seen: Callable[[Edit], Article | None],
) -> list[Conflict]:
    """The edits that no longer fit, in the order they were made.

    articles: those stored, by id. printed: ids of those in the issue. seen: the version an edit was made on, where it
    is still known.
    """
    found = []
    for edit in edits:
        if not edit.target or not edit.value or last_of(edits, edit.kind, edit.target) is not edit:
            continue
        now = articles.get(edit.target)
        if now is None or (edit.kind not in _OF_THE_ISSUE and edit.target not in printed):
            found.append(Conflict(edit, "gone", ""))
        elif edit.saw and edit.saw != now.text_hash and edit.kind in (*OF_A_TEXT, "note"):
            then = seen(edit)
            value = edit.value if edit.kind == "note" else _found_again(edit, then, now) if then else ""
            found.append(Conflict(edit, "changed", value))
    return found


def _found_again(edit: Edit, then: Article, now: Article) -> str:
    """*edit*'s value for the text of *now*: where the same words stand in its body, once each and in the same order;
    else ''."""
    start, _, words = edit.value.partition(" ")
    named = edit.kind in {"speaker", "role"}
    spans = [_line(then.text, int(start))] if named else spans_of(edit.value)
    again: list[Span] = []
    for span in spans:
        text = span.of(then.text)
        at = now.text.find(text)
        if now.text.count(text) != 1 or not any(b.holds(Span(at, at + len(text))) for b in now.body()):
            return ""
        again.append(Span(at, at + len(text)))
    if again != sorted(again):
        return ""
    return f"{again[0].start} {words}" if named else as_value(again)


def _line(text: str, at: int) -> Span:
    """From *at* to the end of its paragraph."""
    end = text.find("\n", at)
    return Span(at, len(text) if end < 0 else end)
