"""The command line: one module per noun, loaded only when its command is called.

Knows words, tables and exit codes (0 done, 1 it could not, 2 wrong use; sending has more, see telling.py). Decides
nothing.
"""

from __future__ import annotations

import errno
import sys
from importlib import import_module
from pathlib import Path

import click

from digest.errors import DigestError

# name -> (module, what it does)
COMMANDS: dict[str, dict[str, tuple[str, str]]] = {
    "Every week": {
        "weekly": ("weekly", "Make this week’s draft and queue it. Nothing is sent."),
        "collect": ("weekly", "Read all sources."),
        "pick": ("weekly", "Show the week’s picks and near misses."),
        "why": ("weekly", "Say why an article was picked, or was not."),
        "pin": ("editing", "Have an article in the issue."),
        "drop": ("editing", "Keep an article out of the issue."),
        "lead": ("editing", "Make an article the lead."),
        "move": ("editing", "Move an article to a place in the issue."),
        "edit": ("editing", "Write subject, preheader, intro or a note."),
        "build": ("weekly", "Condense, compose and render the picks again."),
        "preview": ("weekly", "Look at the draft in the browser."),
        "desk": ("weekly", "Make the issue in the browser."),
        "check": ("weekly", "List what an editor should mend before sending."),
        "test": ("sending", "Mail the draft to one address."),
        "approve": ("sending", "Freeze the audience and the issue’s every byte."),
        "queue": ("sending", "Lay the draft’s queue anew."),
        "send": ("sending", "Send the approved issue."),
        "pause": ("watching", "Let a sending issue wait."),
        "resume": ("watching", "Let a paused issue go on."),
        "stop": ("watching", "End an issue for good; what has left has left."),
        "status": ("watching", "Who has it, who has not, for whom we cannot know."),
        "skip": ("weekly", "Close the week without an issue."),
        "correct": ("correcting", "Say what an issue readers have got wrong."),
    },
    "People": {
        "subscribers": ("subscribers", "Add, import, export; consent, access and erasure."),
        "bounces": ("bounces", "Read what came back; who is gone, who complained."),
    },
    "Setting up": {
        "init": ("setup", "Make a newsletter in a folder."),
        "editors": ("editors", "Who else works at the desk, each by a personal link."),
        "sources": ("sources", "Add, list and check feeds, pages and folders."),
        "brief": ("brief", "What the newsletter is about, and words for it."),
        "doctor": ("doctor", "Look for what would go wrong, and say what to do."),
        "keys": ("keys", "Make the newsletter’s keys; print its DNS records."),
        "serve": ("serving", "Serve the site: sign-up, leaving, choices, issues."),
        "worker": ("working", "Carry letters for a `digest send --workers` elsewhere."),
    },
    "Looking closer": {
        "articles": ("articles", "Add, list and show articles."),
        "issues": ("issues", "List and show issues, begin a second one."),
        "deliveries": ("deliveries", "One row per reader, and those in doubt."),
        "edits": ("edits", "What the editors changed: list, undo, redo, carry elsewhere."),
        "summarize": ("excerpts", "Summarize a text in its own sentences."),
        "quotes": ("excerpts", "List a text’s quotes and speakers."),
        "events": ("serving", "Fetch and do what readers asked on the site."),
        "backup": ("keeping", "Put the whole newsletter into one file."),
        "restore": ("keeping", "Bring a backup back into an empty folder."),
    },
}
ALL = {name: entry for group in COMMANDS.values() for name, entry in group.items()}


_FOLDERS_TROUBLE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}


class Failure(click.ClickException):
    """A DigestError as the terminal shows it: what is wrong, then what to do now. Exit code 1."""

    def __init__(self, error: DigestError) -> None:
        super().__init__(str(error))
        self.hint = error.hint

    def show(self, file: object = None) -> None:
        click.echo(click.style("digest: ", bold=True) + self.message, err=True)
        if self.hint:
            click.echo(f"        {self.hint}", err=True)


class Digest(click.Group):
    """Loads a command's module when the command is called; `--help` loads none."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(ALL)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in ALL:
            return None
        module, _ = ALL[name]
        found = getattr(import_module(f"digest.cli.{module}"), name)
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, group in COMMANDS.items():
            with formatter.section(title):
                formatter.write_dl([(name, text) for name, (_, text) in group.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            near = difflib.get_close_matches(args[0], ALL, n=1)
            if near:
                raise click.UsageError(f"{error.message} Did you mean “{near[0]}”?", ctx) from error
            raise

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except DigestError as error:
            raise Failure(error) from error


def _version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    from importlib.metadata import version

    click.echo(f"digest {version('newsletter-digest')}")
    ctx.exit()


@click.group(cls=Digest, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--project",
    "folder",
    type=click.Path(path_type=Path),
    default=Path(),
    envvar="DIGEST_PROJECT",
    help="The newsletter’s folder (here, unless given).",
)
@click.option("-v", "--verbose", is_flag=True, help="Say more.")
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version)
@click.pass_context
def cli(ctx: click.Context, folder: Path, verbose: bool) -> None:
    """Turn a week’s reading into a newsletter people can trust.

    \b
    Begin:       digest init my-newsletter
    Every week:  digest weekly, digest preview, digest approve, digest send
    """
    ctx.obj = {"folder": folder, "verbose": verbose}


def main() -> None:
    """The `digest` command."""
    try:
        cli(prog_name="digest")
    except BrokenPipeError:  # `digest … | head`: the reader has seen enough
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        if error.errno not in _FOLDERS_TROUBLE:
            raise
        where = f"{error.filename}: " if error.filename else ""
        sys.exit(
            f"digest: {where}{error.strerror}\n        what was to be written is not whole: see the disk and its rights"
        )
