"""What is cut from a text, looked at closer: summarize, quotes."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

import click

from digest.cli.articles import read_file
from digest.cli.common import json_option, now, print_json, project_of, say, table
from digest.errors import DigestError, ReadError

if TYPE_CHECKING:
    from digest.condense import Judgement, Weighed
    from digest.model import Article, Span, Summary

private_option = click.option("--allow-private", is_flag=True, help="The URL may point into your own network.")


def _read(ctx: click.Context, what: str, allow_private: bool) -> Article:
    from digest.adding import read_page
    from digest.address import web_address

    address = web_address(what)
    if address is None and "://" in what:
        raise ReadError(f"{what} is no web address", hint="http:// or https://, or the name of a file")
    if address is None:
        return read_file(Path(what))
    with project_of(ctx) as project:  # whose name and contact the page is asked in
        return read_page(address, project.config, seen=now(), allow_private=allow_private)


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
        "text": article.text,
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
@click.option("--all", "every", is_flag=True, help="Every quote in the text's order, and how sure its speaker is.")
@click.option("--why", is_flag=True, help="Each quote's terms, and the rule that kept it out.")
@private_option
@json_option
@click.pass_context
def quotes(ctx: click.Context, what: str, every: bool, why: bool, allow_private: bool, as_json: bool) -> None:
    """Print the quotes an editor would pull: who said what, exactly, and a link to the very words."""
    from digest.condense import Weighed, explain_key_quotes, find_quotes

    article = _read(ctx, what, allow_private)
    weighed = explain_key_quotes(article)
    if every and not why:
        told = [Weighed(number, quote, 0, "") for number, quote in enumerate(find_quotes(article), 1)]
    else:
        told = [w for w in weighed if why or not w.rule]
    if every and why:
        told.sort(key=lambda w: w.number)
    if as_json:
        rows = [_quote_json(article, w, why=why) for w in told]
        print_json({"title": article.title, "language": article.language, "url": article.url, "quotes": rows})
        return
    say(article.title)
    if article.excerpt_chars() == 0 and article.limit:
        say(f"  nothing may be cut from it: {article.limit.reason}")
    for w in told:
        say()
        _print_quote(article, w, sure=every, why=why)
    if not weighed:
        say("  no quotes")
    elif not told:
        which = f"none of its {len(weighed)} quotes is a" if len(weighed) > 1 else "its one quote is no"
        say(f"  {which} key quote: --why says why")


def _print_quote(article: Article, weighed: Weighed, *, sure: bool, why: bool) -> None:
    from digest.render.excerpts import quote_paragraphs
    from digest.text.fragments import quote_link

    quote = weighed.quote
    printed = replace(quote, texts=tuple(text.rstrip(", ") for text in quote.texts))
    for paragraph in quote_paragraphs(article, printed, "en"):
        say(_wrapped(" ".join(paragraph.split())))
    who = ", ".join(part for part in (quote.speaker or "nobody is named", quote.role) if part)
    named = quote.speaker_span.of(article.text) if quote.speaker_span else ""
    if quote.speaker and quote.speaker_span and named != quote.speaker:
        who += f" (“{named}” at {quote.speaker_span.start})"
    say(f"      {who}{f'; sure {quote.confidence:.2f}' if sure else ''}")
    say(f"      {' '.join(f'[{span.start}:{span.end}]' for span in quote.spans)} {quote_link(article, quote)}".rstrip())
    if why:
        terms = ", ".join(f"{name} {value:+.2f}" for name, value in weighed.terms.items())
        say(f"      {weighed.rule or 'pulled'}{f': {weighed.worth:.2f} = {terms}' if terms else ''}")


def _wrapped(line: str) -> str:
    """As wide as the terminal; whole where the output is none."""
    if sys.stdout is None or not sys.stdout.isatty():
        return f"  {line}"
    return fill(line, min(shutil.get_terminal_size().columns, 100), initial_indent="  ", subsequent_indent="  ")


def _quote_json(article: Article, weighed: Weighed, *, why: bool) -> dict[str, object]:
    from digest.text.fragments import quote_link

    quote = weighed.quote
    told: dict[str, object] = {
        "speaker": quote.speaker,
        "speaker_at": _at(quote.speaker_span),
        "role": quote.role,
        "role_at": _at(quote.role_span),
        "confidence": quote.confidence,
        "pieces": [{"text": t, "start": s.start, "end": s.end} for s, t in zip(quote.spans, quote.texts, strict=True)],
        "link": quote_link(article, quote) or None,
    }
    if why:
        told["key"] = not weighed.rule
        told["rule"] = weighed.rule or None
        told["worth"] = weighed.worth if weighed.terms else None
        told["terms"] = weighed.terms
    return told


def _at(span: Span | None) -> dict[str, int] | None:
    return {"start": span.start, "end": span.end} if span else None
