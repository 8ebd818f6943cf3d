"""Letters as files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest

from digest.errors import SendError
from digest.model import Accepted, Envelope, Letter, Outcome
from digest.send.transports.maildir import Maildir


def letter(ordinal: int) -> Letter:
    return Letter(
        ordinal,
        Envelope("news@example.org", f"reader{ordinal}@example.net"),
        (b"Subject: x\r\n\r\n", b"Hello %d\r\n" % ordinal),
        f"<w39.{ordinal}@example.org>",
    )


async def feed(letters: Iterable[Letter]) -> AsyncIterator[Letter]:
    for one in letters:
        yield one


class Book:
    """A journal in memory; refuses the ordinals in *refused*."""

    def __init__(self, refused: Iterable[int] = ()) -> None:
        self.asked: list[int] = []
        self.outcomes: dict[int, Outcome] = {}
        self._refused = set(refused)

    async def may_finish(self, ordinal: int) -> bool:
        self.asked.append(ordinal)
        return ordinal not in self._refused

    def outcome(self, ordinal: int, outcome: Outcome) -> None:
        assert ordinal not in self.outcomes, "one outcome a letter"
        self.outcomes[ordinal] = outcome


def carry(folder: Path, letters: Iterable[Letter], book: Book) -> Book:
    asyncio.run(Maildir(folder).carry(feed(letters), book))
    return book


def test_every_letter_becomes_one_file_with_its_bytes(tmp_path: Path) -> None:
    book = carry(tmp_path / "2015-W39", map(letter, range(150)), Book())
    files = sorted((tmp_path / "2015-W39" / "new").iterdir())
    assert [f.read_bytes() for f in files] == [b"".join(letter(n).chunks) for n in range(150)]
    assert all(isinstance(book.outcomes[n], Accepted) for n in range(150))


def test_letters_are_for_nobody_elses_eyes_in_a_folder_made_by_an_older_version_too(tmp_path: Path) -> None:
    folder = tmp_path / "outbox" / "w39"
    (folder / "new").mkdir(parents=True)
    folder.chmod(0o755)
    carry(folder, [letter(1)], Book())
    places = [folder, *folder.iterdir()]
    assert {place.stat().st_mode & 0o777 for place in places} == {0o700}
    assert [file.stat().st_mode & 0o777 for file in (folder / "new").iterdir()] == [0o600]


def test_carrying_again_writes_nothing_and_answers_the_same(tmp_path: Path) -> None:
    carry(tmp_path, map(letter, range(3)), Book())
    before = {f: f.stat().st_mtime_ns for f in (tmp_path / "new").iterdir()}
    again = carry(tmp_path, map(letter, range(3)), Book())
    assert {f: f.stat().st_mtime_ns for f in (tmp_path / "new").iterdir()} == before
    assert set(again.outcomes) == {0, 1, 2}


def test_letter_a_mail_program_has_filed_away_is_not_written_again(tmp_path: Path) -> None:
    carry(tmp_path, [letter(0)], Book())
    (stored,) = (tmp_path / "new").iterdir()
    stored.rename(tmp_path / "cur" / f"{stored.name}:2,S")
    carry(tmp_path, [letter(0)], Book())
    assert list((tmp_path / "new").iterdir()) == []


def test_withdrawn_letter_leaves_no_file(tmp_path: Path) -> None:
    book = carry(tmp_path, map(letter, range(3)), Book(refused=[1]))
    assert [f.name[:6] for f in sorted((tmp_path / "new").iterdir())] == ["000000", "000002"]
    assert list((tmp_path / "tmp").iterdir()) == []
    assert 1 not in book.outcomes


def test_half_written_letters_of_a_killed_run_are_thrown_away(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir(parents=True)
    (tmp_path / "tmp" / "000000.aaaa.eml").write_bytes(b"half")
    carry(tmp_path, [letter(0)], Book())
    assert list((tmp_path / "tmp").iterdir()) == []


def test_outbox_that_cannot_be_written_is_a_send_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SendError, match="cannot be written"):
        carry(tmp_path / "file", [letter(0)], Book())
