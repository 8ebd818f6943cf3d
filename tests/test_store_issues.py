"""Articles and issues in the store: versions, drafts, approval, windows, edits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from digest.address import Address
from digest.errors import IssueError
from digest.model import Article, Edit, Issue, Item, Pick, Rendered, Story, Summary, Variant
from digest.store import Store, open_store
from digest.store.sources import KnownEntry, SourceState

AT = datetime(2015, 9, 27, 18, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path, create=True, durability="normal") as opened:
        yield opened


def article(
    id: str = "a", *, text: str = "It rained.", seen: datetime = AT, outlet: str | None = "The Paper"
) -> Article:
    return Article(
        id,
        1,
        f"hash of {text}",
        None,
        None,
        f"Rain in {id}",
        "",
        text,
        (),
        (),
        outlet,
        "pasted",
        None,
        None,
        seen,
        "en",
        None,
        "open",
        None,
    )


def issue(
    slug: str = "2015-W39", until: datetime = AT, *, number: int = 1, articles: tuple[Article, ...] = ()
) -> Issue:
    items = tuple(Item(Pick(Story(a), 1.0, (), "News"), "item", Summary("none", (), ()), "", 1, "x") for a in articles)
    return Issue(slug, number, until - 7 * DAY, until, "Title", "Subject", "", "", (), items, (), "everyone")


def save(store: Store, made: Issue, *, fingerprint: str = "f1") -> None:
    text = Rendered(made.slug, fingerprint, (Variant("", "en", (), "Subject", "<p>", "text", {}),))
    store.issues.save_draft(made, text, picks=[i.pick for i in made.items], at=AT)


def move(store: Store, slug: str, *states: str) -> None:
    for state in states:
        store.issues.set_state(slug, state, who="eve", at=AT)  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------ articles


def test_the_same_text_again_is_the_stored_article(store: Store) -> None:
    first = store.articles.add(article())
    again = store.articles.add(article(seen=AT + DAY))
    assert again == first
    assert store.articles.all() == [first]


def test_a_changed_text_is_a_new_version_first_seen_when_the_first_was(store: Store) -> None:
    first = store.articles.add(article())
    second = store.articles.add(article(text="It rained a lot.", seen=AT + DAY))
    assert (second.version, second.seen) == (2, first.seen)
    assert store.articles.all() == [second]
    assert store.articles.versions("a") == [first, second]
    assert store.articles.between(AT, AT + 2 * DAY) == []  # not new a second time


def test_adding_again_fills_in_what_was_unknown_and_changes_nothing_known(store: Store) -> None:
    store.articles.add(article(outlet=None))
    assert store.articles.add(article(outlet="The Paper")).outlet == "The Paper"
    assert store.articles.add(article(outlet="Another")).outlet == "The Paper"


def test_out_of_another_source_only_what_was_unknown_is_taken(store: Store) -> None:
    first = store.articles.add(article(text="It rained. " * 20, outlet=None))
    again = store.articles.complete(article(text="It rained. More", outlet="The Paper", seen=AT + DAY))
    assert again == replace(first, outlet="The Paper")


def test_a_teaser_gives_way_to_the_whole_text_of_another_source(store: Store) -> None:
    store.articles.add(article(text="It rained. More"))
    whole = store.articles.complete(article(text="It rained. " * 20))
    assert (whole.version, whole.text) == (2, "It rained. " * 20)


def test_a_revised_article_keeps_what_its_editors_know(store: Store) -> None:
    first = store.articles.add(article(outlet="The Paper"))
    store.articles.correct(replace(first, outlet="Mended", right="we subscribe", authors=("Ana Ruiz",)))
    told = store.articles.revise(replace(article(outlet="The Paper"), title="Rain, again", url="https://x.example/new"))
    assert (told.title, told.url, told.version) == ("Rain, again", "https://x.example/new", 1)
    assert (told.outlet, told.right, told.authors) == ("Mended", "we subscribe", ("Ana Ruiz",))
    changed = store.articles.revise(article(text="It rained a lot.", seen=AT + DAY))
    assert (changed.version, changed.seen, changed.right) == (2, AT, "we subscribe")


def test_a_source_is_new_until_it_was_read_well_once(store: Store) -> None:
    assert store.sources.state("feed") == SourceState()
    state = SourceState(etag='"1"', last_ok=AT, imported_at=AT, due=AT + DAY, due_reason="its ttl", unreadable=2)
    store.sources.keep("feed", state)
    assert store.sources.state("feed") == state


def test_a_renamed_source_takes_its_entries_and_articles_along(store: Store) -> None:
    store.articles.add(replace(article(), source="old"))
    store.sources.keep("old", SourceState(etag='"1"'))
    store.sources.keep_entry("old", "1", KnownEntry("a", "hash"))
    store.sources.rename("old", "new")
    assert store.sources.state("new").etag == '"1"'
    assert store.sources.state("old") == SourceState()
    assert store.sources.entries("new") == {"1": KnownEntry("a", "hash")}
    assert [a.source for a in store.articles.all()] == ["new"]


def test_a_window_holds_its_end_and_not_its_beginning(store: Store) -> None:
    for n in range(4):
        store.articles.add(article(f"a{n}", seen=AT + n * DAY))
    assert [a.id for a in store.articles.between(AT, AT + 2 * DAY)] == ["a1", "a2"]


# ------------------------------------------------------------------------------------------------ drafts and approval


def test_a_draft_comes_back_whole(store: Store) -> None:
    made = issue(articles=(article(),))
    save(store, made)
    assert store.issues.issue("2015-W39") == made
    assert store.issues.rendered("2015-W39").fingerprint == "f1"
    assert store.issues.picks("2015-W39") == (made.items[0].pick,)


def test_a_draft_saved_again_takes_the_place_of_the_older(store: Store) -> None:
    save(store, issue())
    save(store, replace(issue(), subject="Better"), fingerprint="f2")
    assert [i.slug for i in store.issues.all()] == ["2015-W39"]
    assert store.issues.issue("2015-W39").subject == "Better"


@pytest.mark.parametrize("states", [("approved",), ("approved", "sending"), ("cancelled",), ("skipped",)])
def test_what_is_no_draft_cannot_be_overwritten(store: Store, states: tuple[str, ...]) -> None:
    save(store, issue())
    move(store, "2015-W39", *states)
    with pytest.raises(IssueError, match=states[-1]):
        save(store, replace(issue(), subject="Worse"))
    assert store.issues.issue("2015-W39").subject == "Subject"


def test_approval_binds_the_person_to_the_fingerprint(store: Store) -> None:
    save(store, issue())
    with pytest.raises(IssueError, match="changed after you saw it"):
        store.issues.approve("2015-W39", fingerprint="f0", who="eve", at=AT)
    store.issues.approve("2015-W39", fingerprint="f1", who="eve", at=AT)
    known = store.issues.get("2015-W39")
    assert known is not None
    assert (known.state, known.approved_by, known.approved_at, known.fingerprint) == ("approved", "eve", AT, "f1")


def test_back_in_draft_the_approval_is_gone_and_the_audience_open_again(store: Store) -> None:
    save(store, issue())
    store.ledger.freeze("2015-W39", "", AT)
    move(store, "2015-W39", "approved", "draft")
    known = store.issues.get("2015-W39")
    assert known is not None
    assert known.approved_by is None
    store.subscribers.add(Address("new", "example.org"), "", how="editor", wording="", who="eve", at=AT)
    assert store.ledger.freeze("2015-W39", "", AT).planned == 1


@pytest.mark.parametrize(
    ("states", "wrong"),
    [
        ((), "sending"),
        ((), "sent"),
        (("approved", "sending"), "draft"),
        (("approved", "sending", "cancelled"), "sending"),
        (("skipped",), "approved"),
    ],
)
def test_an_issue_takes_no_shortcut(store: Store, states: tuple[str, ...], wrong: str) -> None:
    save(store, issue())
    move(store, "2015-W39", *states)
    with pytest.raises(IssueError, match=f"cannot become {wrong}"):
        move(store, "2015-W39", wrong)


def test_a_pause_has_a_reason_only_while_it_lasts(store: Store) -> None:
    save(store, issue())
    move(store, "2015-W39", "approved", "sending")
    store.issues.set_state("2015-W39", "paused", who="eve", at=AT, reason="the relay refuses us")
    paused = store.issues.get("2015-W39")
    move(store, "2015-W39", "sending")
    going = store.issues.get("2015-W39")
    assert paused is not None
    assert going is not None
    assert (paused.paused_reason, going.paused_reason) == ("the relay refuses us", None)
    assert [e.became for e in store.issues.events("2015-W39")] == ["draft", "approved", "sending", "paused", "sending"]


# ------------------------------------------------------------------------------------------------ windows


def test_the_next_window_begins_where_the_last_closed_one_ended(store: Store) -> None:
    assert store.issues.last_until() is None
    for week, states in enumerate([("approved", "sending", "sent"), ("skipped",), ("approved", "cancelled"), ()]):
        slug = f"2015-W{39 + week}"
        save(store, issue(slug, AT + week * 7 * DAY))
        move(store, slug, *states)
    assert store.issues.last_until() == AT + 7 * DAY  # the skipped one; cancelled and draft close nothing
    assert store.issues.last_until(before=AT + 6 * DAY) == AT
    assert store.issues.last_until(before=AT) == AT  # a second issue of the same week begins where the first ended
    assert store.issues.last_until(before=AT - DAY) is None


def test_a_week_can_be_skipped_without_a_draft(store: Store) -> None:
    store.issues.skip("2015-W39", since=AT - 7 * DAY, until=AT, who="eve", at=AT, reason="holiday")
    known = store.issues.get("2015-W39")
    assert known is not None
    assert (known.state, known.number, store.issues.last_until()) == ("skipped", 0, AT)
    with pytest.raises(IssueError, match="skipped"):
        store.issues.issue("2015-W39")


def test_a_skipped_draft_leaves_no_queue(store: Store) -> None:
    store.subscribers.add(Address("ann", "example.org"), "", how="editor", wording="", who="eve", at=AT)
    save(store, issue())
    store.ledger.lay_provisional("2015-W39", "", AT)
    store.issues.skip("2015-W39", since=AT - 7 * DAY, until=AT, who="eve", at=AT)
    assert store.ledger.counts("2015-W39") == {}


def test_only_locked_issues_have_past_articles(store: Store) -> None:
    save(store, issue(articles=(article("old"),)))
    move(store, "2015-W39", "approved")
    save(store, issue("2015-W40", AT + 7 * DAY, articles=(article("new"),)))
    assert [a.id for a in store.issues.past_articles()] == ["old"]


def test_numbers_count_on_from_the_highest(store: Store) -> None:
    assert store.issues.next_number(17) == 17
    save(store, issue(number=41))
    assert store.issues.next_number(17) == 42


def test_edits_are_kept_in_order_even_before_there_is_an_issue(store: Store) -> None:
    one = store.issues.add_edit(Edit(0, "2015-W39", "pin", "a", "1", "eve", AT))
    two = store.issues.add_edit(Edit(0, "2015-W39", "subject", "", "Rain", "eve", AT, "saw"))
    assert store.issues.edits("2015-W39") == [one, two]
    assert one.id < two.id
    assert store.issues.edits("2015-W40") == []


# ------------------------------------------------------------------------------------------------ small things


def test_what_was_set_is_got(store: Store) -> None:
    assert store.state.get("last_list") is None
    store.state.set("last_list", ["a", "b"])
    assert store.state.get("last_list") == ["a", "b"]
