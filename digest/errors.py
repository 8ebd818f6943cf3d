"""What can go wrong, in words the person at the keyboard can act on.

Every error the program expects is a `DigestError`: one sentence saying what is wrong and where (file, line,
key, address), and a hint saying what to do now. The command line prints both and exits 1; anything else is a
bug and keeps its traceback.
"""

import traceback
from pathlib import Path


class DigestError(Exception):
    """The one base class. ``str(error)`` is the sentence, ``error.hint`` the next step ('' if there is none)."""

    def __init__(self, what: str, *, hint: str = "") -> None:
        super().__init__(what)
        self.hint = hint


class ConfigError(DigestError):
    """digest.toml is missing, broken, or holds a value that cannot be right."""


class SourceError(DigestError):
    """One source could not be read; the others go on."""


class ReadError(DigestError):
    """A file, page or pasted text that holds no article."""


class AddressError(DigestError):
    """Not an e-mail address that mail can be sent to."""


class StoreError(DigestError):
    """subscribers.db is missing, locked, foreign, damaged, or from a newer program."""


class IssueError(DigestError):
    """The issue is in no state for what was asked, or nothing by that name exists."""


class StaleError(IssueError):
    """Somebody changed the issue after it was looked at; nothing was overwritten."""


class VerbatimError(DigestError):
    """An excerpt differs from its article. Nothing may be sent."""


class TemplateError(DigestError):
    """A template is missing or does not render."""


class SendError(DigestError):
    """Mail cannot leave: a refused login, a server that is not there, a missing setting."""


def told_bug(error: BaseException) -> str:
    """What a bug says where one source or address fails of it and the others go on: its type, words and place."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    words = f"{type(error).__name__}: {error}".encode("utf-8", "backslashreplace").decode()
    return f"a bug of this program, please report it: {words} ({Path(frame.filename).name}, line {frame.lineno})"
