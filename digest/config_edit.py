"""Changes to digest.toml that keep its comments, its order and its blanks.

A change is made in the text and checked in the values: afterwards the file must say exactly what it said before and
the change, or it is left as it was.
"""

from __future__ import annotations

import copy
import json
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from digest.config import FILE, SourceEntry, parse_config
from digest.errors import ConfigError

_HEADER = re.compile(r"^[ \t]*(\[{1,2})[ \t]*([\w.-]+)[ \t]*\]{1,2}[ \t]*(?:#.*)?$", re.MULTILINE)
_TEXT = r"\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'"


def add_sources(folder: Path, entries: Iterable[SourceEntry]) -> int:
    """Appends those not there yet, each with the keys that differ from the usual; returns how many."""
    text, data = _read(folder)
    known = {entry.get("url") or entry.get("path") for entry in data.get("sources", [])}
    fresh = list({entry.name: entry for entry in entries if entry.name not in known}.values())
    for entry in fresh:
        values = _said(entry)
        text = _append(text, "sources", values)
        data.setdefault("sources", []).append(values)
    _write(folder, text, data)
    return len(fresh)


def rename_source(folder: Path, old: str, new: str) -> None:
    """The source at the address *old* stands at *new* from now on."""
    text, data = _read(folder)
    for entry in data.get("sources", []):
        if entry.get("url") == old:
            entry["url"] = new
    text = _in_tables(text, "sources", lambda entry: entry.get("url") == old, lambda block: _set(block, "url", new))
    _write(folder, text, data)


def remove_source(folder: Path, name: str) -> bool:
    """Takes the source out; False when there is none of that name."""
    return _remove(folder, "sources", lambda entry: (entry.get("url") or entry.get("path")) == name)


def block(folder: Path, domain: str, reason: str) -> None:
    """Adds the domain to [[block]], or gives it another reason."""
    unblock(folder, domain)
    text, data = _read(folder)
    values = {"domain": domain} | ({"reason": reason} if reason else {})
    data.setdefault("block", []).append(values)
    _write(folder, _append(text, "block", values), data)


def unblock(folder: Path, domain: str) -> bool:
    """Takes the domain out of [[block]]; False when it was not there."""
    return _remove(folder, "block", lambda entry: entry.get("domain") == domain)


def add_keywords(folder: Path, words: Mapping[str, float]) -> int:
    """Adds the words that [brief.keywords] does not have; returns how many."""
    text, data = _read(folder)
    keywords = data.setdefault("brief", {}).setdefault("keywords", {})
    fresh = {word: weight for word, weight in words.items() if word not in keywords}
    keywords.update(fresh)
    lines = "".join(f"{_key(word)} = {weight}\n" for word, weight in fresh.items())
    place = next((end for start, end, name in _tables(text) if name == "brief.keywords"), None)
    if place is None:
        text, place = f"{text}\n[brief.keywords]\n", len(text) + len("\n[brief.keywords]\n")
    _write(folder, text[:place] + lines + text[place:], data)
    return len(fresh)


# ------------------------------------------------------------------------------------------------ the text


def _append(text: str, name: str, values: Mapping[str, Any]) -> str:
    lines = "".join(f"{_key(key)} = {toml_value(value)}\n" for key, value in values.items())
    return f"{text}\n[[{name}]]\n{lines}"


def _key(word: str) -> str:
    return word if re.fullmatch(r"[A-Za-z0-9_-]+", word) else toml_value(word)


def toml_value(value: str | float | bool) -> str:
    """*value* as TOML writes it; JSON's strings are TOML's basic strings but for U+007F."""
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


def _in_tables(text: str, name: str, fits: Callable[[dict[str, Any]], bool], change: Callable[[str], str]) -> str:
    """*text* with *change* made in each [[name]] that *fits*."""
    for start, end, found in reversed(_tables(text)):
        if found != name:
            continue
        try:
            values = tomllib.loads(text[start:end])[name][0]
        except (tomllib.TOMLDecodeError, LookupError, TypeError):
            continue  # a line inside some longer value; what was to change is missed, and `_write` says so
        if fits(values):
            text = text[:start] + change(text[start:end]) + text[end:]
    return text


def _set(block: str, key: str, value: str) -> str:
    return re.sub(rf"(?m)^([ \t]*{key}[ \t]*=[ \t]*)(?:{_TEXT})", lambda m: m[1] + toml_value(value), block, count=1)


def _remove(folder: Path, name: str, fits: Callable[[dict[str, Any]], bool]) -> bool:
    text, data = _read(folder)
    kept = [entry for entry in data.get(name, []) if not fits(entry)]
    if len(kept) == len(data.get(name, [])):
        return False
    data[name] = kept
    if not kept:
        del data[name]
    _write(folder, _in_tables(text, name, fits, lambda _: ""), data)
    return True


def _said(entry: SourceEntry) -> dict[str, Any]:
    """The keys whose value is not the usual one."""
    usual = SourceEntry()
    return {f.name: value for f in fields(entry) if (value := getattr(entry, f.name)) != getattr(usual, f.name)}


# ------------------------------------------------------------------------------------------------ the file


def _read(folder: Path) -> tuple[str, dict[str, Any]]:
    """The text, ending in a line break, and its values. Raises ConfigError when it would not load."""
    path = folder / FILE
    try:
        text = path.read_text(encoding="utf-8").rstrip("\n") + "\n"
    except FileNotFoundError as error:
        raise ConfigError(f"there is no {FILE} in {folder}", hint="`digest init` makes a newsletter here") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}", hint="save it as UTF-8") from error
    parse_config(text)
    return text, copy.deepcopy(tomllib.loads(text))


def _write(folder: Path, text: str, wanted: Mapping[str, Any]) -> None:
    """All of the new text or all of the old, whatever happens meanwhile. Raises ConfigError with the file unchanged
    when the text does not say what is *wanted*."""
    path = folder / FILE
    try:
        says_it = tomllib.loads(text) == wanted
    except tomllib.TOMLDecodeError:
        says_it = False
    if not says_it:
        raise ConfigError(f"{FILE} is written in a way this command cannot change", hint="change it by hand")
    parse_config(text)
    new = path.with_name(f".{path.name}.new")
    try:
        with new.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.chmod(path.stat().st_mode & 0o777)
        new.replace(path.resolve())
    except OSError as error:
        new.unlink(missing_ok=True)
        raise ConfigError(
            f"{path} cannot be written: {error.strerror}", hint="see who owns it and its folder"
        ) from error
