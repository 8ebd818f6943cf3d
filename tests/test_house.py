"""The house stands as drawn: imports go down, never sideways, and each library lives in one room."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "digest"

GROUND = ["errors", "folders", "address", "color", "licenses", "model", "config"]  # floor 0, in this order
ROOMS = {
    "config_edit": 1,
    "text": 1,
    "collect": 2,
    "pick": 2,
    "condense": 2,
    "compose": 2,
    "render": 2,
    "people": 2,
    "store": 3,
    "send": 3,
    "sources": 4,
    "pictures": 4,
    "dispatch": 4,
    "week": 5,
    "editing": 6,
    "adding": 6,
    "approval": 6,
    "correcting": 6,
    "web": 7,
    "cli": 8,
    "__main__": 9,
}
LIBRARIES = {
    "email_validator": ["address"],
    "idna": ["address"],
    "sumy": ["condense"],
    "numpy": ["condense/engines"],
    "feedparser": ["collect/feeds"],
    "PIL": ["collect/pictures"],
    "trafilatura": ["collect/pages"],
    "readability": ["collect/pages"],
    "htmldate": ["collect/pages"],
    "lxml": ["collect", "render"],
    "charset_normalizer": ["collect"],
    "httpx2": ["collect/http"],
    "httpcore2": ["collect/http"],
    "anyio": ["collect/http"],
    "protego": ["collect"],
    "dateparser": ["collect"],
    "py3langid": ["text"],
    "snowballstemmer": ["text"],
    "premailer": ["render/email"],
    "jinja2": ["render", "web"],
    "markupsafe": ["render", "web"],
    "babel": ["render/words"],
    "flask": ["web"],
    "werkzeug": ["web"],
    "waitress": ["web"],
    "sqlite_utils": ["store"],
    "sqlite3": ["store"],  # all SQL lives there
    "cryptography": ["send/dkim", "dispatch/backup", "dispatch/cluster", "dispatch/sealing"],
    "celery": ["dispatch/cluster"],
    "kombu": ["dispatch/cluster"],
    "redis": ["dispatch/cluster"],
    "dns": ["dispatch/doctor"],
    "flufl": ["send/bounces"],
    "click": ["cli"],
    "rich": ["cli"],
}


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).with_suffix("").as_posix().removesuffix("/__init__")
        yield ("" if name == "__init__" else name), path


def imports(path: Path) -> Iterator[tuple[str, int]]:
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            assert node.module is not None
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield (whole if node.module == "digest" else node.module), node.lineno


def floor_of(module: str) -> int:
    room = module.split("/")[0]
    return 0 if room in GROUND else ROOMS[room]


@pytest.mark.parametrize(("name", "path"), [(n, p) for n, p in modules() if n], ids=lambda v: str(v)[-30:])
def test_imports_go_down_and_stay_in_their_room(name: str, path: Path) -> None:
    room = name.split("/")[0]
    for target, line in imports(path):
        if not target.startswith("digest."):
            continue
        parts = target.removeprefix("digest.").split(".")
        other = parts[0]
        if other not in GROUND and other not in ROOMS:
            continue  # a name of the package's own face
        where = f"{path.name}:{line}: {room} imports {target}"
        if room in GROUND and other in GROUND:
            assert GROUND.index(other) < GROUND.index(room), f"{where}: on the ground floor the order is {GROUND}"
        elif other != room:
            assert floor_of(other) < floor_of(name), f"{where}: up or sideways"


def test_each_library_lives_in_its_room() -> None:
    ours = {"digest"}
    wrong = []
    for name, path in modules():
        for target, line in imports(path):
            top = target.split(".")[0]
            if top != "sqlite3" and (top in sys.stdlib_module_names or top in ours):
                continue
            homes = LIBRARIES.get(top)
            if homes is None or not any(name == home or name.startswith(f"{home}/") for home in homes):
                wrong.append(f"{path.relative_to(PACKAGE)}:{line} imports {top} (lives in {homes})")
    assert not wrong, "\n".join(wrong)


def test_every_module_says_what_it_knows() -> None:
    silent = [n for n, p in modules() if not ast.get_docstring(ast.parse(p.read_text(encoding="utf-8")))]
    assert not silent, f"no docstring: {silent}"
