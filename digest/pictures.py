"""Pictures that an issue would print: each is copied once, from its page's server or the newsletter's own folder.

What a publisher asks of those who read (robots.txt, noimageindex, TDM reservations) holds for a picture too. One that
cannot be had costs the issue nothing but that picture.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from digest.compose.pictures import COPY, FILE, Wanted
from digest.errors import DigestError, ReadError
from digest.model import PictureCopy
from digest.store import Store

if TYPE_CHECKING:
    from digest.collect.http import Fetched
    from digest.collect.worker import Workers

TIMEOUT_S = 20.0  # to fetch one
DEADLINE_S = 60.0  # to draw one anew, the start of the process included: a machine may be busy sending
Progress = Callable[[str, int, int], None]  # step, done, total


def copy_pictures(
    store: Store,
    folder: Path,
    wanted: Mapping[str, Wanted],
    *,
    user_agent: str,
    now: datetime,
    progress: Progress,
) -> None:
    """Makes the copies of *wanted* (by origin) that there are not yet; what has none afterwards says why in the store.
    A file in the newsletter's folder is read again each time: its editor may have drawn it anew."""
    known = store.pictures.known(wanted)
    missing = {
        origin: one
        for origin, one in wanted.items()
        if not origin.startswith(COPY) and (origin.startswith(FILE) or known.get(origin, "!").startswith("!"))
    }
    if not missing:
        return
    progress("pictures", 0, len(missing))
    made = asyncio.run(_copied(missing, folder, user_agent, progress))
    with store.transaction():
        for origin, copy in made.items():
            if isinstance(copy, PictureCopy):
                store.pictures.found(origin, copy, now)
            else:
                store.pictures.failed(origin, copy, now)


def copy_of_file(path: Path) -> PictureCopy:
    """The picture in a file of the editor's. Raises ReadError."""
    return asyncio.run(_one_file(path))


async def _one_file(path: Path) -> PictureCopy:
    from digest.collect.worker import Workers

    async with Workers(1, deadline_s=DEADLINE_S) as workers:
        return await _made(_bytes(path), workers)


async def _copied(
    wanted: Mapping[str, Wanted], folder: Path, user_agent: str, progress: Progress
) -> dict[str, PictureCopy | str]:
    """A copy of each, or why there is none."""
    from digest.collect.http import Fetch, fetch_each
    from digest.collect.pictures import FETCH_BYTES, IMAGE_TYPES
    from digest.collect.worker import Workers

    made: dict[str, PictureCopy | str] = {}

    def note(origin: str, copy: PictureCopy | str) -> None:
        made[origin] = copy
        progress("pictures", len(made), len(wanted))

    async with Workers(deadline_s=DEADLINE_S) as workers:

        async def take(answer: Fetched) -> None:
            try:
                note(answer.url, await _made(_allowed(answer), workers))
            except DigestError as error:
                note(answer.url, _words(error))

        for origin, one in wanted.items():
            if origin.startswith(FILE):
                try:
                    file = _below(folder / one.source.path, origin.removeprefix(f"{FILE}{one.source.path}/"))
                    note(origin, await _made(_bytes(file), workers))
                except DigestError as error:
                    note(origin, _words(error))
        requests = [
            Fetch(origin, accept=IMAGE_TYPES, allow_private=one.source.allow_private, page=True)
            for origin, one in wanted.items()
            if not origin.startswith(FILE)
        ]
        await fetch_each(requests, take, user_agent=user_agent, timeout_s=TIMEOUT_S, max_bytes=FETCH_BYTES)
    return made


async def _made(data: bytes, workers: Workers) -> PictureCopy:
    from digest.collect.pictures import copy_of

    return await workers.run(copy_of, data)


def _allowed(answer: Fetched) -> bytes:
    """What came, if its server lets it be shown. Raises ReadError."""
    if answer.error or not answer.body:
        raise ReadError(answer.error or "the server sent nothing")
    if answer.no_pictures:
        raise ReadError(answer.no_pictures)
    if answer.limit is not None and answer.limit.chars == 0:
        raise ReadError(answer.limit.reason)
    return answer.body


def _below(source: Path, path: str) -> Path:
    """The file *path* of a *source*'s folder (or beside its one file); nothing leads out of it. Raises ReadError."""
    top = (source.parent if source.is_file() else source).resolve()
    file = (top / path).resolve()
    if not file.is_relative_to(top):
        raise ReadError(f"{path} lies outside its source's folder", hint="`digest articles picture ARTICLE FILE`")
    return file


def _bytes(path: Path) -> bytes:
    from digest.collect.pictures import FETCH_BYTES

    try:
        with path.open("rb") as file:
            data = file.read(FETCH_BYTES + 1)
    except OSError as error:
        raise ReadError(f"{path.name} cannot be read: {error.strerror}", hint="check its name and rights") from error
    if len(data) > FETCH_BYTES:
        raise ReadError(f"{path.name} is larger than {FETCH_BYTES:,} bytes", hint="make it smaller")
    return data


def _words(error: DigestError) -> str:
    return f"{error}: {error.hint}" if error.hint else str(error)
