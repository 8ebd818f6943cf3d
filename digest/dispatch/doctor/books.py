"""The database: sound, every consent as it was written, every delivery accounted for."""

from __future__ import annotations

from collections.abc import Iterator

from digest.dispatch.doctor.verdict import Verdict, error, good, warning
from digest.errors import StoreError
from digest.store import Store
from digest.text.wording import counted

PUT_BACK = "put a copy back: `digest restore FILE NEW_FOLDER`"


def judge_books(store: Store) -> Iterator[Verdict]:
    if verdict := store.check():
        yield error("database", f"{store.path} is damaged: {verdict}", PUT_BACK, now=True)
        return
    yield good("database", "the database is sound")
    yield _consents(store)
    yield from _ledger(store)
    yield from _doubts(store)


def _consents(store: Store) -> Verdict:
    problems = store.consent.verify()
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        return error(
            "consent", f"the chain of consents is broken: {problems[0]}{more}", f"{PUT_BACK}, and compare", now=True
        )
    return good("consent", "every consent is as it was written")


def _ledger(store: Store) -> Iterator[Verdict]:
    wrong = False
    for issue in store.issues.all():
        try:
            store.ledger.account(issue.slug)
        except StoreError as problem:
            wrong = True
            yield error("ledger", str(problem), problem.hint, now=True)
    for came, became, times in store.accounts.illegal_moves():
        wrong = True
        yield error("ledger", f"{counted(times, 'letter')} went from {came} to {became}, which no letter may", PUT_BACK)
    if not wrong:
        yield good(
            "ledger", "every issue adds up: candidates = planned + left out, and every letter’s way is a legal one"
        )


def _doubts(store: Store) -> Iterator[Verdict]:
    for issue in store.issues.all():
        if doubts := store.ledger.counts(issue.slug).get("uncertain", 0):
            yield warning(
                issue.slug,
                f"for {counted(doubts, 'reader')} we cannot know",
                "`digest deliveries list --state uncertain` lists them, `digest deliveries resolve` decides",
            )
