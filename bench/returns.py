"""How well what comes back is read: our own reader beside flufl.bounce alone, on the messages in tests/data/returns.

    python -m bench.returns [--wrong] [--beside FOLDER]

Right is, of a bounce: known as one, with its recipient (and its grade); of anything else: not taken for one. A false
suppression is a reader blocked or taken off whom the answers do not name, each message taken in by itself.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from email import message_from_bytes
from pathlib import Path
from typing import Any

from flufl.bounce import all_failures

from digest.dispatch import returns
from digest.send.bounces import read_return
from digest.store import open_store
from tests.dispatch_newsletter import NOW
from tests.returned import FOLDER, READERS, answers, make_returns


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wrong", action="store_true", help="name each message that is read wrongly")
    parser.add_argument("--beside", type=Path, help="say where both differ on the messages of another folder")
    options = parser.parse_args()
    if options.beside:
        _compare(options.beside)
        return
    expected = answers()
    mail = {a["file"]: (FOLDER / f"{a['file']}.eml").read_bytes() for a in expected}
    bounces = [a for a in expected if a["kind"] == "bounce"]

    start = time.process_time()
    ours = {name: read_return(data) for name, data in mail.items()}
    each_ms = (time.process_time() - start) / len(mail) * 1000
    kind = [a for a in expected if ours[a["file"]].kind == a["kind"]]
    whole = [a for a in bounces if _ours(ours[a["file"]]) == (a["recipient"], a["grade"])]
    right = [a for a in expected if a in whole or (a in kind and a["kind"] != "bounce")]
    theirs = {name: _ask_flufl(data) for name, data in mail.items()}
    theirs_right = [a for a in expected if _flufl(a, theirs[a["file"]])]
    theirs_bounces = [a for a in bounces if a in theirs_right]

    print(f"{len(expected)} messages, {len(bounces)} of them bounces, {len(READERS)} readers")
    whole_share = _share(whole, bounces)
    print(f"ours: right kind {_share(kind, expected)}; bounces with recipient and grade {whole_share}")
    print(f"ours, all of it {_share(right, expected)}; {each_ms:.1f} ms a message")
    theirs_share = _share(theirs_bounces, bounces)
    print(f"flufl.bounce alone: {_share(theirs_right, expected)}; bounces with recipient {theirs_share}")
    if options.wrong:
        for a in expected:
            if a not in right or a not in theirs_right:
                who = " and ".join(n for n, ok in (("ours", a in right), ("flufl", a in theirs_right)) if not ok)
                print(f"  {a['file']}: wrong by {who}")
    print(f"false suppressions: {_false_suppressions(expected, mail)}")


def _compare(folder: Path) -> None:
    """Agreeing is: a recipient in common where flufl.bounce finds a permanent failure, else no bounce."""
    files, agreed = sorted(file for file in folder.iterdir() if file.is_file()), 0
    for file in files:
        found, (temporary, permanent) = read_return(file.read_bytes()), _ask_flufl(file.read_bytes())
        ours = {f.recipient.lower() for f in found.failures} if found.kind == "bounce" else set()
        theirs = {name.decode("utf-8", "replace").lower() for name in permanent}
        if bool(ours & theirs) if theirs else not ours:
            agreed += 1
        else:
            print(f"  {file.name}: ours {found.kind} {sorted(ours)}, flufl.bounce {sorted(theirs)} {len(temporary)}")
    print(f"agree on {agreed} of {len(files)}")


def _share(some: list[Any], all_of_them: list[Any]) -> str:
    return f"{len(some)} of {len(all_of_them)} ({len(some) / len(all_of_them):.1%})"


def _ask_flufl(data: bytes) -> Any:
    try:
        return all_failures(message_from_bytes(data))
    except (IndexError, ValueError, TypeError):  # as it does for a message without From
        return set(), set()


def _ours(found: Any) -> tuple[str, str] | None:
    return (found.failures[0].recipient, found.failures[0].grade) if found.failures else None


def _flufl(answer: dict[str, Any], failures: Any) -> bool:
    """It knows no grades: permanent is right for every bounce but one that is soft, where either is."""
    temporary, permanent = ({name.decode() for name in names} for names in failures)
    if answer["kind"] != "bounce":
        return not permanent
    return answer["recipient"] in (permanent | temporary if answer["grade"] == "soft" else permanent)


def _false_suppressions(expected: list[dict[str, Any]], mail: dict[str, bytes]) -> int:
    """Each message by itself into a newsletter where nothing came back."""
    false = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "n"
        make_returns(folder)
        with open_store(folder) as store:
            for answer in expected:
                report = returns.ingest(folder, store, _One(mail[answer["file"]]), now=NOW, dry_run=True)
                may = answer["ours"] and (answer["kind"] in ("complaint", "leave") or answer.get("grade") == "hard")
                who = answer.get("recipient") or ""
                false += sum(not may or who not in ("", str(effect.address)) for effect in report.effects)
    return false


class _One:
    name = "one"

    def __init__(self, data: bytes) -> None:
        self._data = data

    def messages(self, after: str = "") -> Any:
        yield returns.Message("", self._data)

    def position(self, last: Any) -> str:
        return ""

    def done(self, read: Any) -> None:
        pass


if __name__ == "__main__":
    main()
