"""Changes to digest.toml that keep its comments, its order, its blanks and its line ends.

A change is made in the text and checked in the values: afterwards the file must say exactly what it said before and
the change, or it is left as it was.
"""

from __future__ import annotations

import copy
import fcntl
import json
import os
import re
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from digest.address import site_of
from digest.config import FILE, SourceEntry, parse_config, read_text
from digest.errors import ConfigError
from digest.folders import make_private

_HEADER = re.compile(r"^[ \t]*(\[{1,2})[ \t]*([\w.-]+)[ \t]*\]{1,2}[ \t]*(?:#.*)?$", re.MULTILINE)
_SURROGATE = re.compile("[\ud800-\udfff]")
_TEXT = r"\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'"


def add_sources(folder: Path, entries: Iterable[SourceEntry]) -> int:
    """Appends those not there yet, each with the keys that differ from the usual; returns how many."""
    with _edited(folder) as file:
        known = {_name(entry) for entry in file.data.get("sources", [])}
        fresh = list({entry.name: entry for entry in entries if entry.name not in known}.values())
        for entry in fresh:
            file.append("sources", _said(entry))
    return len(fresh)


def rename_source(folder: Path, old: str, new: str) -> None:
    """The source at the address *old* stands at *new* from now on."""
    with _edited(folder) as file:
        for entry in file.data.get("sources", []):
            if entry.get("url") == old:
                entry["url"] = new
        file.change("sources", lambda entry: entry.get("url") == old, lambda table: _set(table, "url", new))


def remove_source(folder: Path, name: str) -> bool:
    """Takes the source out; False when there is none of that name."""
    with _edited(folder) as file:
        return file.remove("sources", lambda entry: _name(entry) == name)


def _name(entry: Mapping[str, Any]) -> str:
    return SourceEntry(url=entry.get("url", ""), path=entry.get("path", "")).name


def block(folder: Path, domain: str, reason: str) -> None:
    """Adds the domain to [[block]], or gives it another reason; without one, what stands there stays."""

    def fits(entry: Mapping[str, Any]) -> bool:
        return site_of(entry["domain"]) == domain

    with _edited(folder) as file:
        known = [entry for entry in file.data.get("block", []) if fits(entry)]
        if not known:
            file.append("block", {"domain": domain} | ({"reason": reason} if reason else {}))
        elif reason:
            for entry in known:
                entry["reason"] = reason
            file.change("block", fits, lambda table: _set(table, "reason", reason))


def unblock(folder: Path, domain: str) -> bool:
    """Takes the domain out of [[block]]; False when it was not there."""
    with _edited(folder) as file:
        return file.remove("block", lambda entry: site_of(entry["domain"]) == domain)


def add_keywords(folder: Path, words: Mapping[str, float]) -> int:
    """Adds the words that [brief.keywords] does not have; returns how many."""
    with _edited(folder) as file:
        keywords = file.data.setdefault("brief", {}).setdefault("keywords", {})
        fresh = {word: weight for word, weight in words.items() if word not in keywords}
        keywords.update(fresh)
        place = next((end for _, end, name in _tables(file.text) if name == "brief.keywords"), None)
        if place is None:
            file.text += "\n[brief.keywords]\n"
            place = len(file.text)
        file.text = file.text[:place] + _lines(fresh) + file.text[place:]
    return len(fresh)


# ------------------------------------------------------------------------------------------------ the text


@dataclass
class _File:
    """digest.toml while it is changed: its text, with plain line breaks, and the values it must come to say."""

    text: str
    data: dict[str, Any]

    def append(self, name: str, values: Mapping[str, Any]) -> None:
        self.text += f"\n[[{name}]]\n{_lines(values)}"
        self.data.setdefault(name, []).append(dict(values))

    def change(self, name: str, fits: Callable[[Mapping[str, Any]], bool], made: Callable[[str], str]) -> None:
        """The text of each [[name]] that *fits* becomes what is *made* of it."""
        for start, end, found in reversed(_tables(self.text)):
            if found != name:
                continue
            try:
                fitting = fits(tomllib.loads(self.text[start:end])[name][0])
            except (tomllib.TOMLDecodeError, LookupError, TypeError):
                continue  # a line inside some longer value; what was to change is missed, and `_edited` says so
            if fitting:
                self.text = self.text[:start] + made(self.text[start:end]) + self.text[end:]

    def remove(self, name: str, fits: Callable[[Mapping[str, Any]], bool]) -> bool:
        """Takes out each [[name]] that *fits*; False when none does."""
        entries = self.data.get(name, [])
        kept = [entry for entry in entries if not fits(entry)]
        if len(kept) == len(entries):
            return False
        self.data[name] = kept
        if not kept:
            del self.data[name]
        self.change(name, fits, lambda _: "")
        return True


def _lines(values: Mapping[str, Any]) -> str:
    return "".join(f"{_key(key)} = {toml_value(value)}\n" for key, value in values.items())


def _key(word: str) -> str:
    return word if re.fullmatch(r"[A-Za-z0-9_-]+", word) else toml_value(word)


def toml_value(value: str | float | bool) -> str:
    """*value* as TOML writes it; JSON's strings are TOML's basic strings but for U+007F. Raises ConfigError for what no
    UTF-8 file can hold."""
    if isinstance(value, str) and _SURROGATE.search(value):
        raise ConfigError(f"{value!a} is no text that {FILE} can hold", hint="type it in UTF-8")
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _tables(text: str) -> list[tuple[int, int, str]]:
    """Where each table begins and ends, with its name: from its header to the end of its last line that is no blank
    and no comment (those belong to what follows)."""
    found = list(_HEADER.finditer(text))
    tables = []
    for header, following in zip(found, [*found[1:], None], strict=True):
        end = len(text) if following is None else following.start()
        lines = text[header.start() : end].splitlines(keepends=True)
        while len(lines) > 1 and not lines[-1].partition("#")[0].strip():
            lines.pop()
        tables.append((header.start(), header.start() + len("".join(lines)), header[2]))
    return tables


def _set(table: str, key: str, value: str) -> str:
    """*table* with *key* saying *value*, in its place or at the end."""
    line = re.compile(rf"(?m)^([ \t]*{key}[ \t]*=[ \t]*)(?:{_TEXT})")
    if line.search(table):
        return line.sub(lambda m: m[1] + toml_value(value), table, count=1)
    return table + _lines({key: value})


def _said(entry: SourceEntry) -> dict[str, Any]:
    """The keys whose value is not the usual one."""
    usual = SourceEntry()
    return {f.name: value for f in fields(entry) if (value := getattr(entry, f.name)) != getattr(usual, f.name)}


# ------------------------------------------------------------------------------------------------ the file


@contextmanager
def _edited(folder: Path) -> Iterator[_File]:
    """digest.toml to be changed, by nobody else meanwhile; written at the end of the block where anything changed.

    All of the new text or all of the old is there, whatever happens. Raises ConfigError with the file unchanged when
    it does not load, before or after, or when its text would not say what its values should.
    """
    read_text(folder)  # a missing file is said before a lock is made for it
    with _locked(folder):
        raw = read_text(folder)
        parse_config(raw)
        text = raw.removeprefix("\ufeff").replace("\r\n", "\n").rstrip("\n") + "\n"
        before = tomllib.loads(text)
        file = _File(text, copy.deepcopy(before))
        yield file
        if file.data == before:
            return
        if not _says(file):
            raise ConfigError(f"{FILE} is written in a way this command cannot change", hint="change it by hand")
        parse_config(file.text)
        mark = "\ufeff" if raw.startswith("\ufeff") else ""
        _replace(folder / FILE, mark + file.text.replace("\n", "\r\n" if "\r\n" in raw else "\n"))


def _says(file: _File) -> bool:
    try:
        return tomllib.loads(file.text) == file.data
    except tomllib.TOMLDecodeError:
        return False


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Waits for whoever changes the file now; it takes a moment only."""
    path = folder / "var" / "lock" / f"{FILE}.lock"
    try:
        make_private(path.parent)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ConfigError(f"{path} cannot be made: {error.strerror}", hint="see who owns the folder") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _replace(path: Path, text: str) -> None:
    """The file, or the one a link at *path* leads to, gets the new text and keeps its mode."""
    real = path.resolve()
    new: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(dir=real.parent, prefix=f".{real.name}.", delete=False) as file:
            new = Path(file.name)
            file.write(text.encode())
            file.flush()
            os.fchmod(file.fileno(), real.stat().st_mode & 0o7777)
            os.fsync(file.fileno())
        new.replace(real)
    except OSError as error:
        if new:
            new.unlink(missing_ok=True)
        raise ConfigError(
            f"{real} cannot be written: {error.strerror}", hint="see who owns it and its folder"
        ) from error
