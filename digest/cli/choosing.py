"""What an item prints, chosen by the editor: its sentences, its quote, who said it. Parts of `digest edit`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import click

from digest.cli.common import (
    as_one_line,
    find_article,
    json_option,
    keep_edit,
    now,
    print_json,
    project_of,
    say,
    table,
    week_meant,
)
from digest.errors import DigestError

if TYPE_CHECKING:
    from digest.model import Article, EditKind, Item, Span
    from digest.week import Project

    Value = Callable[[Project, str, Article], str]
    """Of the edit, from what the newsletter, the issue and the article hold."""

SEE = "Run `digest build` to see it in the draft."
list_option = click.option("--list", "listing", is_flag=True, help="Number what there is to choose from.")


@click.command()
@click.argument("article")
@click.argument("numbers", nargs=-1, metavar="[NUMBER...|none]")
@list_option
@json_option
@click.pass_context
def sentences(ctx: click.Context, article: str, numbers: tuple[str, ...], listing: bool, as_json: bool) -> None:
    """Print just these sentences of ARTICLE, by their numbers, in the article's order. Without numbers: those the
    rules choose."""
    from digest.editing import choose_sentences, sentences_of

    if listing:
        found, item = _article_and_item(ctx, article)
        printed = {excerpt.span for excerpt in item.summary.sentences} if item else set()
        _show(found, [((span,), "", span in printed) for span in sentences_of(found)], as_json)
        return
    wanted = [] if numbers == ("none",) else _numbers(numbers)
    chosen = f"sentences {', '.join(map(str, sorted(set(wanted))))} of" if wanted else "no sentence of"
    done = chosen if numbers else "again the sentences the rules choose of"
    _keep(ctx, article, "sentences", lambda _p, _s, found: choose_sentences(found, wanted) if numbers else "", done)


@click.command()
@click.argument("article")
@click.argument("number", required=False, metavar="[NUMBER|none]")
@list_option
@json_option
@click.pass_context
def quote(ctx: click.Context, article: str, number: str | None, listing: bool, as_json: bool) -> None:
    """Print that quote of ARTICLE, by its number, or none. Without a number: the one the rules choose."""
    from digest.compose import NONE
    from digest.condense import printable_quotes
    from digest.editing import choose_quote

    if listing:
        found, item = _article_and_item(ctx, article)
        printed = {q.spans for q in item.summary.quotes} if item else set()
        told = [
            (q.spans, ", ".join(filter(None, (q.speaker, q.role))), q.spans in printed) for q in printable_quotes(found)
        ]
        _show(found, told, as_json)
        return
    if number is None:
        _keep(ctx, article, "quote", lambda _p, _s, _a: "", "again the quote the rules choose of")
    elif number == NONE:
        _keep(ctx, article, "quote", lambda _p, _s, _a: NONE, "no quote of")
    else:
        (wanted,) = _numbers([number])
        _keep(ctx, article, "quote", lambda _p, _s, found: choose_quote(found, wanted), f"quote {wanted} of")


def _named(kind: EditKind, about: str) -> click.Command:
    @click.command(kind, help=f"Correct {about} the quote of ARTICLE. Without WORDS: as the article has it.")
    @click.argument("article")
    @click.argument("words", nargs=-1)
    @click.pass_context
    def command(ctx: click.Context, article: str, words: tuple[str, ...]) -> None:
        from digest.editing import printed_quote

        text = as_one_line(kind, " ".join(words))

        def value(project: Project, slug: str, found: Article) -> str:
            return f"{printed_quote(project, slug, found).spans[0].start} {text}" if text else ""

        done = f"the {kind} is now “{text}”, printed as yours, in" if text else f"again the {kind} that stands in"
        _keep(ctx, article, kind, value, done)

    return command


speaker = _named("speaker", "who is named beside")
role = _named("role", "the role named beside")


def _keep(ctx: click.Context, words: str, kind: EditKind, value: Value, done: str) -> None:
    from digest.week import target

    week = ctx.find_root().obj.get("week")
    with project_of(ctx) as project:
        article = find_article(project, words)
        meant = week_meant(project, words, week)
        _, slug = target(project, now=now(), week=meant)
        keep_edit(project, kind, article.id, value(project, slug, article), week=meant, saw=article.text_hash)
        say(f"{slug}: {done} “{article.title}”. {SEE}")


def _article_and_item(ctx: click.Context, words: str) -> tuple[Article, Item | None]:
    """The article, and what the stored draft prints of it; None where it prints nothing."""
    from digest.week import target

    with project_of(ctx) as project:
        article = find_article(project, words)
        _, slug = target(project, now=now(), week=week_meant(project, words, ctx.find_root().obj.get("week")))
        items = project.store.issues.issue(slug).items if project.store.issues.get(slug) else ()
    return article, next((item for item in items if item.article == article), None)


def _numbers(words: Iterable[str]) -> list[int]:
    try:
        return [int(word) for group in words for word in group.replace(",", " ").split()]
    except ValueError as error:
        said = " ".join(words)
        raise DigestError(f"{said!r} are no numbers", hint="1 3 4, or none; `--list` numbers them") from error


def _show(article: Article, told: Sequence[tuple[Sequence[Span], str, bool]], as_json: bool) -> None:
    """Each of *told* with a number: where it stands, who said it, whether the draft prints it."""
    rows = [
        (number, [span.of(article.text) for span in spans], said_by, printed, spans)
        for number, (spans, said_by, printed) in enumerate(told, 1)
    ]
    if as_json:
        print_json(
            [
                {"number": n, "spans": [[s.start, s.end] for s in spans], "texts": texts, "said_by": by, "printed": yes}
                for n, texts, by, yes, spans in rows
            ]
        )
        return
    named = any(by for _, _, by, _, _ in rows)
    table(
        ("#", "", "text", *(["said by"] if named else [])),
        [(n, "printed" if yes else "", " … ".join(texts), *([by] if named else [])) for n, texts, by, yes, _ in rows],
        title=article.title,
    )
