"""Killed at any moment: nobody is lost, nobody gets it twice, and few are in doubt."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.store import open_store
from tests.dispatch_newsletter import SLUG, kill_again_and_again, kill_against_sink, make_newsletter, sink

CONNECTIONS = 8
FAULTS = ("--fault", "tempfail:0.02", "--fault", "drop-in-data:0.01", "--fault", "drop-after-accept:0.01")


@pytest.mark.parametrize(
    ("durability", "options"), [("full", ()), ("normal", FAULTS)], ids=["plain", "faults of the receiver"]
)
def test_ten_kills_lose_nobody_and_double_nobody(tmp_path: Path, durability: str, options: tuple[str, ...]) -> None:
    make_newsletter(tmp_path / "news", 1200, send=f'durability = "{durability}"')
    log = tmp_path / "accepted.jsonl"
    with sink(log, "--reply-delay", "5", *options) as port:
        toll = kill_against_sink(tmp_path / "news", log, port, kills=10, connections=CONNECTIONS, longest_ms=40)
    assert toll.kills == 10, "too few kills to say anything"
    assert (toll.lost, toll.doubled, toll.disagreeing) == (0, 0, 0), toll
    dropped = 0.05 * toll.readers if options else 0  # by the receiver, after the dot: doubts of its own
    assert toll.uncertain <= CONNECTIONS * toll.kills + dropped, toll


def test_kills_of_a_sender_to_files_leave_every_reader_one_file(tmp_path: Path) -> None:
    """A letter's name settles every doubt: none is left."""
    folder = tmp_path / "news"
    make_newsletter(folder, 2000)
    new = folder / "var" / "outbox" / SLUG / "new"

    def files() -> int:
        return len(list(new.iterdir())) if new.exists() else 0

    kills = kill_again_and_again(folder, "files", files, kills=4, longest_ms=80)
    assert kills >= 3, "too few kills to say anything"
    assert files() == 2000
    with open_store(folder) as store:
        assert store.ledger.counts(SLUG) == {"accepted": 2000}
