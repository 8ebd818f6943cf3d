"""What is cut from a text, looked at closer: summarize, quotes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.articles import read_file, read_page
from digest.cli.common import json_option, print_json, project_of, say, table
from digest.errors import DigestError

if TYPE_CHECKING:
    from digest.condense import Judgement
    from digest.model import Article, Summary

private_option = click.option("--allow-private", is_flag=True, help="The URL may point into your own network.")


def _read(ctx: click.Context, what: str, allow_private: bool) -> Article:
    from digest.address import web_address

    address = web_address(what)
    if address is None:
        return read_file(Path(what))
    with project_of(ctx) as project:  # whose name and contact the page is asked in
        return read_page(address, project.config, allow_private=allow_private)


@click.command()
@click.argument("what", metavar="FILE|URL|-")
@click.option("--method", metavar="NAME", default="editorial", show_default=True, help="Or one of sumy's.")
@click.option("--sentences", default=3, show_default=True, type=click.IntRange(min=1))
@click.option("--max-words", default=70, show_default=True, type=click.IntRange(min=1))
@click.option("--why", is_flag=True, help="Each sentence, and the rule that let it in or kept it out.")
@click.option("--compare", is_flag=True, help="All methods, one after the other.")
@private_option
@json_option
@click.pass_context
def summarize(
    ctx: click.Context,
    what: str,
    method: str,
    sentences: int,
    max_words: int,
    why: bool,
    compare: bool,
    allow_private: bool,
    as_json: bool,
) -> None:
    """Summarize a text in its own sentences: a FILE, the page at a URL, or pasted text (-)."""
    from digest.condense import READ_SENTENCES, explain_summary
    from digest.model import SUMMARY_METHODS

    if method not in SUMMARY_METHODS:
        raise DigestError(f"there is no method {method!r}", hint=f"one of: {', '.join(SUMMARY_METHODS)}")
    article = _read(ctx, what, allow_private)
    told = []
    for name in SUMMARY_METHODS if compare else (method,):
        told.append(explain_summary(article, sentences=sentences, max_words=max_words, method=name))
    if as_json:
        rows = [_summary_json(article, *one, why=why) for one in told]
        print_json(rows if compare else rows[0])
        return
    say(article.title)
    if article.excerpt_chars() == 0 and article.limit:
        say(f"  nothing may be cut from it: {article.limit.reason}")
    for summary, judged in told:
        if compare:
            say(f"{summary.method}:")
        if judged and not summary.sentences:
            say(f"  no sentence fits{'' if why else ': --why says what keeps each of them out'}")
        for excerpt in summary.sentences:
            say(f"  [{excerpt.span.start}:{excerpt.span.end}] {excerpt.text}")
        if why:
            say()
            _print_judged(judged)
    judged = told[0][1]
    if len(judged) == READ_SENTENCES and judged[-1].span.end < article.body()[-1].end:
        say(f"Only the first {READ_SENTENCES} sentences were read.")


def _print_judged(judged: Sequence[Judgement]) -> None:
    features = list(judged[0].features) if judged else []
    table(
        ["No.", "", "Words", "Worth", "Sentence", "Why"],
        [
            (n, "in" if j.printed else "", j.words, f"{j.worth:.2f}", j.text[:48], j.verdict)
            for n, j in enumerate(judged, 1)
        ],
    )
    if features:
        say()
        table(
            ["No.", *(name.replace("_", " ") for name in features)],
            [(n, *(f"{value:.2f}" for value in j.features.values())) for n, j in enumerate(judged, 1)],
        )


def _summary_json(article: Article, summary: Summary, judged: Sequence[Judgement], *, why: bool) -> dict[str, object]:
    told: dict[str, object] = {
        "title": article.title,
        "method": summary.method,
        "language": article.language,
        "sentences": [{"text": e.text, "start": e.span.start, "end": e.span.end} for e in summary.sentences],
    }
    if why:
        told["why"] = [
            {
                "start": j.span.start,
                "end": j.span.end,
                "text": j.text,
                "words": j.words,
                "worth": j.worth,
                "features": j.features,
                "in": j.printed,
                "verdict": j.verdict,
            }
            for j in judged
        ]
    return told


@click.command()
@click.argument("what", metavar="FILE|URL|-")
@click.option("--key", is_flag=True, help="Only those an editor would pull.")
@private_option
@json_option
@click.pass_context
def quotes(ctx: click.Context, what: str, key: bool, allow_private: bool, as_json: bool) -> None:
    """List a text's quotes: who said what, exactly."""
    from digest.condense import find_quotes, key_quotes

    article = _read(ctx, what, allow_private)
    found = key_quotes(article) if key else find_quotes(article)
    if as_json:
        print_json(
            [
                {
                    "speaker": q.speaker,
                    "role": q.role,
                    "confidence": q.confidence,
                    "pieces": [
                        {"text": t, "start": s.start, "end": s.end} for s, t in zip(q.spans, q.texts, strict=True)
                    ],
                }
                for q in found
            ]
        )
        return
    for quote in found:
        who = ", ".join(part for part in (quote.speaker or "nobody named", quote.role) if part)
        say(f"{who}:")
        for span, text in zip(quote.spans, quote.texts, strict=True):
            say(f"  [{span.start}:{span.end}] {text}")
    if not found:
        say("No quotes.")
