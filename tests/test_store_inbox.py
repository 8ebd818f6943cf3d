"""What readers ask for on the site: on disk at once, merged once, in the right order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.address import Address
from digest.model import Subscriber
from digest.store import Store, inbox, open_store
from digest.store.inbox import InboxEvent, Kind

AT = datetime(2015, 9, 27, 18, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path, create=True, durability="normal") as opened:
        yield opened


def add(store: Store, name: str = "ann") -> Subscriber:
    return store.subscribers.add(Address(name, "example.org"), "", how="page", wording="yes", who="-", at=AT)


def ask(store: Store, who: Subscriber, kind: Kind, minutes: int) -> None:
    inbox.append(store.folder, InboxEvent(AT + timedelta(minutes=minutes), kind, who.token, "page"))


def membership(store: Store, who: Subscriber) -> str:
    found = store.subscribers.by_id(who.id)
    assert found is not None
    return found.membership


def test_one_event_is_one_line_of_json(tmp_path: Path) -> None:
    inbox.append(tmp_path, {"at": "2015-09-27T20:00:00+02:00", "kind": "leave", "token": "0a" * 16, "how": "one-click"})
    (file,) = inbox.files(tmp_path)
    (line,) = file.read_text().splitlines()
    assert json.loads(line) == {
        "at": "2015-09-27T18:00:00+00:00",
        "kind": "leave",
        "token": "0a" * 16,
        "how": "one-click",
    }
    assert file.stat().st_mode & 0o777 == 0o600
    assert inbox.read(tmp_path) == [InboxEvent(AT, "leave", "0a" * 16, "one-click")]


@pytest.mark.parametrize(
    "change",
    [{"kind": "delete"}, {"token": "ann@example.org"}, {"token": "0a"}, {"how": "fax"}, {"at": "2015-09-27"}],
)
def test_what_is_no_event_is_not_written(tmp_path: Path, change: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="no event"):
        inbox.append(tmp_path, {"at": AT.isoformat(), "kind": "leave", "token": "0a" * 16, "how": "page", **change})
    assert inbox.files(tmp_path) == []


def test_an_event_after_a_torn_line_is_not_lost_with_it(store: Store) -> None:
    ann = add(store)
    ask(store, add(store, "bob"), "leave", 1)
    (file,) = inbox.files(store.folder)
    with file.open("ab") as stream:
        stream.write(b'{"at": "2015-09-27T18:0')
    assert store.requests.merge() == 1
    ask(store, ann, "leave", 2)
    assert store.requests.merge() == 1
    assert membership(store, ann) == "unsubscribed"
    assert inbox.damaged(store.folder) == [f"{file}:2"]


def test_a_reader_who_leaves_is_unsubscribed_with_the_event_as_evidence(store: Store) -> None:
    ann = add(store)
    ask(store, ann, "leave", 5)
    store.requests.merge()
    assert membership(store, ann) == "unsubscribed"
    event = store.consent.of(ann.address)[-1]
    assert (event.kind, event.at, event.payload) == (
        "left",
        AT + timedelta(minutes=5),
        {"how": "page", "who": "the reader"},
    )


def test_merging_again_changes_nothing(store: Store) -> None:
    ann = add(store)
    ask(store, ann, "leave", 1)
    assert store.requests.merge() == 1
    events = store.consent.of(ann.address)
    assert store.requests.merge() == 0
    assert store.requests.merge(inbox.read(store.folder)) == 0
    assert store.consent.of(ann.address) == events


def test_a_leave_from_before_the_editors_clock_still_counts(store: Store) -> None:
    """Whoever holds the token has been a subscriber, whatever the clocks say."""
    ann = add(store)
    ask(store, ann, "leave", -600)
    store.requests.merge()
    assert membership(store, ann) == "unsubscribed"


def test_a_late_old_wish_does_not_undo_a_newer_one(store: Store) -> None:
    ann = add(store)
    store.requests.merge([InboxEvent(AT + timedelta(minutes=9), "leave", ann.token, "page")])
    store.requests.merge([InboxEvent(AT + timedelta(minutes=5), "rejoin", ann.token, "page")])
    assert membership(store, ann) == "unsubscribed"


def test_the_editors_word_comes_after_what_was_asked_on_the_site_before(store: Store) -> None:
    ann = add(store)
    ask(store, ann, "leave", 1)
    store.requests.merge()
    ask(store, ann, "rejoin", 2)
    store.subscribers.remove(ann.address, who="eve", at=AT + timedelta(minutes=3))
    store.requests.merge()
    assert membership(store, ann) == "unsubscribed"
    kinds = [e.kind for e in store.consent.of(ann.address)]
    assert kinds == ["subscribed", "left", "rejoined", "unsubscribed"]


@pytest.mark.parametrize("block", ["bounced", "complained"])
def test_rejoining_does_not_lift_a_block(store: Store, block: str) -> None:
    ann = add(store)
    store.subscribers.set_block(ann.id, block, how="report", who="relay", at=AT)  # type: ignore[arg-type]
    ask(store, ann, "leave", 1)
    ask(store, ann, "rejoin", 2)
    store.requests.merge()
    assert membership(store, ann) == "unsubscribed"


def test_rejoining_confirms_nobody(store: Store) -> None:
    bob = store.subscribers.add(
        Address("bob", "example.org"), "", how="page", wording="yes", who="-", at=AT, membership="unconfirmed"
    )
    ask(store, bob, "rejoin", 1)
    store.requests.merge()
    assert membership(store, bob) == "unconfirmed"


def test_a_strangers_token_changes_nothing(store: Store) -> None:
    ann = add(store)
    inbox.append(store.folder, InboxEvent(AT, "leave", "f" * 32, "page"))
    assert store.requests.merge() == 0
    assert membership(store, ann) == "subscribed"


def test_a_merge_undone_with_its_transaction_is_done_again(store: Store) -> None:
    ann = add(store)
    ask(store, ann, "leave", 1)
    with pytest.raises(ZeroDivisionError), store.transaction():
        store.requests.merge()
        raise ZeroDivisionError
    assert membership(store, ann) == "subscribed"
    store.requests.merge()
    assert membership(store, ann) == "unsubscribed"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    wishes=st.lists(st.tuples(st.integers(1, 999), st.sampled_from(["leave", "rejoin"])), unique_by=lambda w: w[0]),
    data=st.data(),
)
def test_the_newest_wish_wins_in_whatever_order_they_come(
    store: Store, wishes: list[tuple[int, Kind]], data: st.DataObject
) -> None:
    who = add(store, f"r{store.subscribers.count()}")
    for minutes, kind in data.draw(st.permutations(wishes)):
        store.requests.merge([InboxEvent(AT + timedelta(minutes=minutes), kind, who.token, "page")])
    wanted = "unsubscribed" if wishes and max(wishes)[1] == "leave" else "subscribed"
    assert membership(store, who) == wanted
    assert store.consent.verify() == []
