"""Fetching what a receiver took: its inbox's files are continued here byte for byte, then removed there.

How far a file was fetched is how long it is here, so a pull that died in the middle goes on where it ended, and a
second one changes nothing. A receiver forgets a file only when it holds no more than lies here on disk.
"""

from __future__ import annotations

import hashlib
import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from digest.errors import ConfigError, SourceError
from digest.store.inbox import JOIN, PIECE, events_in, extend, folder_of, whole_lines

SECRET = "DIGEST_RECEIVER_SECRET"
TIMEOUT_S = 30
_NAME = re.compile(r"(?:wish|join)-\d{8}T\d{6}-[0-9a-f]{16}\.jsonl")


@dataclass
class Pulled:
    files: int = 0
    fetched: int = 0  # bytes that were new here
    wishes: int = 0  # in them


def pull(folder: Path, source: str, *, secret: str = "") -> Pulled:
    """Brings the inbox at *source* (an https address, a folder, a file) into the newsletter's in *folder*.

    Raises SourceError when it cannot be reached or refuses, ConfigError for an address that would tell the secret.
    """
    if "://" in source:
        return _pull_web(folder, source.rstrip("/"), secret)
    place = Path(source)
    if place.is_dir():
        inner = place / "inbox"
        place = inner if inner.is_dir() else place
        return _pull_files(folder, sorted(place.glob("*.jsonl")))
    if not place.is_file():
        raise SourceError(f"there is no {source}", hint="name a receiver’s address, its inbox folder or a file of it")
    done = _pull_files(folder, [place])
    if not done.files:
        raise SourceError(
            f"{source} is no inbox file: no line of it is a wish", hint="name a file of a receiver’s inbox, or its copy"
        )
    return done


def _pull_files(folder: Path, files: list[Path]) -> Pulled:
    done = Pulled()
    for file in files:
        try:
            as_received = _NAME.fullmatch(file.name)
            found = _continued(folder, file) if as_received else _copied(folder, file)
        except OSError as error:
            raise SourceError(f"{file} cannot be read: {error.strerror}", hint="nothing is lost; try again") from error
        if found is not None:
            done.files += 1
            done.fetched += len(found)
            done.wishes += len(events_in(found))
    return done


def _continued(folder: Path, file: Path) -> bytes:
    """What of a receiver's *file* was new here."""
    here = folder_of(folder) / file.name
    held = here.stat().st_size if here.exists() else 0
    if data := whole_lines(file, held):
        extend(here, held, data)
    return data


def _copied(folder: Path, file: Path) -> bytes | None:
    """What was new here of a *file* that is called otherwise than a receiver calls it: a copy that was renamed. It is
    known here by what it holds. None: it holds no wish."""
    data = file.read_bytes().rstrip(b"\n") + b"\n"
    events = events_in(data)
    if not events:
        return None
    kind = JOIN if any(event.sealed for event in events) else "wish-"  # who signs up goes as soon as it is merged
    here = folder_of(folder) / f"{kind}copy-{hashlib.sha256(data).hexdigest()[:32]}.jsonl"
    if here.exists() and here.stat().st_size == len(data):
        return b""
    extend(here, 0, data)
    return data


# ------------------------------------------------------------------------------------------------ the web


def _pull_web(folder: Path, base: str, secret: str) -> Pulled:
    parts = urlsplit(base)
    if parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "::1", "localhost"}:
        raise ConfigError(f"{base} would be asked in the clear", hint="use https: the receiver’s secret goes along")
    if not secret:
        raise ConfigError(f"the receiver’s secret is not set ({SECRET})", hint=f"export {SECRET}=…, the same on both")
    done = Pulled()
    for name, size in _listed(base, secret):
        here = folder_of(folder) / name
        held = here.stat().st_size if here.exists() else 0
        while held < size and (data := _ask(f"{base}/inbox/{name}?from={held}", secret)):
            extend(here, held, data)
            held += len(data)
            done.fetched += len(data)
            done.wishes += len(events_in(data))
        # Only now: what is asked to be gone lies here, on disk. Refused where more has come meanwhile.
        _ask(f"{base}/inbox/{name}?size={held}", secret, method="DELETE")
        done.files += 1
    return done


def _listed(base: str, secret: str) -> Iterator[tuple[str, int]]:
    try:
        listed = json.loads(_ask(f"{base}/inbox", secret))["files"]
        found = [(str(file["name"]), int(file["size"])) for file in listed]
    except (ValueError, KeyError, TypeError) as error:
        raise SourceError(f"{base} is no receiver: its answer is no list", hint="look at the address") from error
    for name, size in found:
        if not _NAME.fullmatch(name):
            raise SourceError(f"{base} names a file {name!r}, which no receiver writes", hint="look at the address")
        yield name, size


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The secret goes to nobody else."""

    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


def _ask(url: str, secret: str, *, method: str = "GET") -> bytes:
    request = urllib.request.Request(url, method=method, headers={"Authorization": f"Bearer {secret}"})
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=TIMEOUT_S) as answer:
            data: bytes = answer.read(2 * PIECE)
            return data
    except urllib.error.HTTPError as error:
        error.close()
        if method == "DELETE" and error.code in (404, 409):
            return b""  # gone already, or more has come: the next pull brings it
        why = "the secret is another one, or no receiver runs there" if error.code == 404 else f"it says {error.code}"
        raise SourceError(
            f"{url.partition('?')[0]} does not answer: {why}", hint="nothing is lost; try again"
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise SourceError(
            f"{url.partition('?')[0]} cannot be reached: {reason}", hint="nothing is lost; try again"
        ) from error
