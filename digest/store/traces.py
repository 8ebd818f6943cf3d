"""A person's traces in files: found by their bytes, taken out of the newsletter's own, named in all others.

In the newsletter's folder a letter to them is deleted, a line of the inbox is blanked where it stands (the site may be
appending to the same file, and the sender remembers how far it has read), an older copy of the database is deleted.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from unicodedata import normalize
from urllib.parse import quote

from digest.address import Address, readable_domain
from digest.store import inbox

BLOCK = 2**20
OLDER = ("cp1252", "cp1250", "cp1251", "shift_jis")  # encodings that lists of people still come in


@dataclass(frozen=True, slots=True)
class Person:
    """What tells somebody from all others in a file."""

    address: Address
    token: str
    letters: tuple[tuple[str, int], ...]  # issue and ordinal of each one planned for them

    @property
    def words(self) -> tuple[str, ...]:
        written = f"{self.address.local}@{readable_domain(self.address.domain)}"
        return tuple(dict.fromkeys((str(self.address), self.address.key, written, self.token)))

    def needles(self) -> tuple[bytes, ...]:
        """Their words as files hold them: plain, in UTF-16 and older encodings, JSON, quoted-printable and URLs; all
        with ASCII letters in lower case."""
        found: list[bytes] = []
        for word in [form for own in self.words for form in _forms(own)]:
            found += [word.encode(), word.encode("utf-16-le"), word.encode("utf-16-be")]
            found += [json.dumps(word)[1:-1].encode(), quote(word, safe="").encode()]
            found += [word.replace("@", "=40").encode(), _quoted_printable(word)]
            for encoding in () if word.isascii() else OLDER:
                with suppress(UnicodeEncodeError):
                    found.append(word.encode(encoding))
        return tuple(dict.fromkeys(needle.lower() for needle in found))

    def in_database(self) -> tuple[bytes, ...]:
        """The same as SQLite lays it: the address in one piece, or its two columns side by side."""
        pieces = (*self.words, f"{self.address.local}{self.address.domain}")
        return tuple(dict.fromkeys(form.encode().lower() for piece in pieces for form in _forms(piece)))


def _forms(word: str) -> tuple[str, ...]:
    """*word* in each case and composition it is likely to be written in; an ASCII word in one, for bytes tell its case
    away."""
    if word.isascii():
        return (word.lower(),)
    cases = (word, word.lower(), word.upper(), word.title())
    return tuple(dict.fromkeys(normalize(form, case) for case in cases for form in ("NFC", "NFD")))


def _quoted_printable(text: str) -> bytes:
    return b"".join(b"=%02x" % b if b > 126 or b == 0x3D else bytes([b]) for b in text.encode())


def holds(path: Path, needles: Collection[bytes]) -> bool:
    """Whether the file has one of *needles* (in lower case) in it, in any case. A file that is gone has none."""
    keep = max(map(len, needles)) - 1
    tail = b""
    try:
        with path.open("rb") as stream:
            while block := stream.read(BLOCK):
                text = tail + block.lower()
                if any(needle in text for needle in needles):
                    return True
                tail = text[-keep:] if keep else b""
    except FileNotFoundError:
        return False
    return False


def files_of(folder: Path) -> Iterator[Path]:
    """Every file of the newsletter but its environment and version control."""
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in (".git", ".venv", "node_modules")]
        for name in names:
            path = Path(here) / name
            if path.is_file() and not path.is_symlink():
                yield path


def letters_of(folder: Path, person: Person) -> list[Path]:
    """Letters to them that lie as files in var/outbox: an issue's by the names the outbox gives (see
    send/transports/maildir), the site's mails and tests by what is in them."""
    found: list[Path] = []
    outbox, boxes = folder / "var" / "outbox", ("new", "cur", "tmp")
    for slug, ordinal in person.letters:
        for box in boxes:
            found += (outbox / slug / box).glob(f"{ordinal:06d}.*")
    needles = person.needles()
    for place in (outbox / "site", *outbox.glob("*-test")):
        found += [file for box in boxes for file in (place / box).glob("*") if holds(file, needles)]
    return found


def blank_inbox(folder: Path, person: Person) -> int:
    """Lines about them become empty lines of the same length; gives how many."""
    blanked = 0
    needles = person.needles()
    for file in inbox.files(folder):
        with file.open("r+b") as stream:
            offset = 0
            for line in stream.read().splitlines(keepends=True):
                if any(needle in line.lower() for needle in needles):
                    os.pwrite(stream.fileno(), b"\n" * len(line), offset)
                    blanked += 1
                offset += len(line)
            if blanked:
                os.fsync(stream.fileno())
    return blanked


def copies_of(folder: Path) -> list[Path]:
    """Older copies of the database in var/backups: made before a change of its tables, or set aside by a restore."""
    return sorted((folder / "var" / "backups").glob("before-*.db*"))


def remove(paths: Iterable[Path]) -> int:
    """Deletes the files; gives how many there were."""
    gone = 0
    for path in paths:
        path.unlink(missing_ok=True)
        gone += 1
    return gone
