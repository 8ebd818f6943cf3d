"""What looking at a large ledger and keeping it cost: status, the report page, backup and restore.

python -m bench.keeping [--readers 1000000] [--folder DIR]
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from digest.config import load_config
from digest.dispatch import locks
from digest.dispatch.backup import backup
from digest.dispatch.restored import restore
from digest.dispatch.standing import look
from digest.store import open_store
from digest.store.codec import micros
from digest.web.report import report_page
from tests.dispatch_newsletter import NOW, SLUG, make_newsletter

T = TypeVar("T")

PEOPLE = """
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :readers)
    INSERT INTO subscriber (address_key, local, domain, name, membership, block, language, topics, length, token,
                            consent_at, member_at)
    SELECT 'p' || i || '@d' || (i % 3000) || '.example', 'p' || i, 'd' || (i % 3000) || '.example', '', 'subscribed',
           'none', '', '[]', 'full', lower(hex(randomblob(16))), '2015-09-01T00:00:00.000000+00:00', '' FROM n
"""


def lay(folder: Path, readers: int) -> None:
    """An issue of which nine tenths have left, 1 in 250 refused."""
    make_newsletter(folder, 1)
    with open_store(folder) as store:
        store.issues.set_state(SLUG, "draft", who="bench", at=NOW)
        with store.transaction():
            store.conn.execute(PEOPLE, {"readers": readers})
        store.ledger.freeze(SLUG, "", NOW)
        known = store.issues.get(SLUG)
        assert known is not None
        store.issues.approve(SLUG, fingerprint=known.fingerprint, who="bench", at=NOW)
        store.issues.set_state(SLUG, "sending", who="bench", at=NOW)
        at = NOW
        with store.transaction():
            while at < NOW + timedelta(milliseconds=3.6 * readers):
                rows = store.ledger.lease(SLUG, "bench", 1000, at)
                at += timedelta(seconds=4)
                store.ledger.commit(SLUG, "bench", [row.ordinal for row in rows], [], at)
                said = [
                    (row.ordinal, "rejected", f"550 5.1.1 no such user {row.ordinal:X}", None)
                    if row.ordinal % 250 == 0
                    else (row.ordinal, "accepted", f"250 2.0.0 Ok: queued as {micros(at) + row.ordinal:X}", None)
                    for row in rows
                ]
                store.ledger.commit(SLUG, "bench", [], said, at)  # type: ignore[arg-type]


def timed(what: str, call: Callable[[], T]) -> T:
    begun = time.perf_counter()
    answer = call()
    print(f"{what:<28} {time.perf_counter() - begun:6.2f} s")
    return answer


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--readers", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="where to work; a temporary one unless given")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as place:
        folder, file = Path(place) / "newsletter", Path(place) / "copy"
        lay(folder, options.readers)
        now = NOW + timedelta(milliseconds=3.6 * options.readers)
        with locks.sending(folder), open_store(folder) as store:
            standing = timed("status", lambda: look(store, SLUG, now))
            timed("report page", lambda: report_page(store, load_config(folder), standing, now=now))
        print(f"{'database':<28} {(folder / 'subscribers.db').stat().st_size / 2**20:6.0f} MB")
        timed("backup, sealed and checked", lambda: backup(folder, file, passphrase="bench"))
        print(f"{'the copy':<28} {file.stat().st_size / 2**20:6.0f} MB")
        timed("restore, letters held", lambda: restore(file, Path(place) / "again", passphrase="bench"))
        print(f"{'memory at most':<28} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:6.0f} MB")


if __name__ == "__main__":
    main()
