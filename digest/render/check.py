"""The last look before mail may leave: `check_issue` answers everything that should be mended, and why.

Pure, and fast enough to run at every keystroke. What stops a send is an error; what an editor should look at is a
warning. The rules are in checks/rules.py, what they look at in the modules beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from digest.config import Config
from digest.model import Article, Conflict, Issue, Rendered
from digest.render.checks import clients, contrast, inbox, leftovers, letter, links, pictures, plain, sources, structure
from digest.render.checks.links import Answer
from digest.render.checks.mail import read
from digest.render.checks.rules import Finding
from digest.render.checks.sources import verify_verbatim, visible_text

__all__ = ["Answer", "Finding", "check_issue", "verify_verbatim", "visible_text"]


def check_issue(
    issue: Issue,
    rendered: Rendered,
    config: Config,
    *,
    newest: Mapping[str, Article | None] | None = None,
    readers: int | None = None,
    readers_before: int | None = None,
    answers: Mapping[str, Answer] | None = None,
    unfit: Sequence[Conflict] = (),
) -> list[Finding]:
    """All findings, errors first, then in the order of the mail; [] when there is nothing to mend.

    newest: the articles as they are stored now, by id. readers: how many would get it; readers_before: how many got
    the last issue. answers: what the linked addresses answered. None: nobody looked. unfit: the edits to decide on.
    """
    found = [
        *sources.judge(issue, rendered, config, newest or {}),
        *sources.judge_edits(issue, unfit),
        *inbox.judge(issue),
        *pictures.judge(issue, newest or {}),
        *leftovers.judge(issue, config),
        *letter.judge(config, readers, readers_before),
        *_of_variants(issue, rendered, config, answers or {}),
    ]
    return sorted(found, key=lambda finding: finding.severity != "error")


def _of_variants(issue: Issue, rendered: Rendered, config: Config, answers: Mapping[str, Answer]) -> Iterator[Finding]:
    """The findings of each variant; one that several share is told once, at the first."""
    told: set[tuple[str, str, str]] = set()
    for variant in rendered.variants:
        for finding in _of_mail(issue, rendered, variant.key, config, answers):
            same = (finding.rule, finding.what, finding.article)
            if same in told:
                continue
            told.add(same)
            is_first = variant.key == rendered.variants[0].key
            yield finding if is_first else replace(finding, place=f"{finding.place}, variant {variant.key}")


def _of_mail(
    issue: Issue, rendered: Rendered, key: str, config: Config, answers: Mapping[str, Answer]
) -> Sequence[Finding]:
    mail = read(issue, next(v for v in rendered.variants if v.key == key))
    return [
        *inbox.judge_mail(mail),
        *leftovers.judge_mail(mail, config),
        *letter.judge_mail(mail, rendered, config),
        *structure.judge_mail(mail),
        *links.judge_mail(mail, answers),
        *pictures.judge_mail(mail, config),
        *contrast.judge_mail(mail),
        *clients.judge_mail(mail),
        *plain.judge_mail(mail),
    ]
