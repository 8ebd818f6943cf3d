"""Nouns to JSON and back, by their declared types: strict, and without loss.

Every dataclass of `digest.model` can be written; a union of dataclasses carries the class name under ``"is"``. A
missing key takes the field's default (fields may grow), an unknown one is refused. Never pickle: a database is data.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from digest.errors import StoreError

T = TypeVar("T")
R = TypeVar("R")
_TAG = "is"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_json(value: object, kind: Any = None) -> str:
    """*value* as JSON text; *kind* is its declared type (default: its class)."""
    plain = _writer(kind or type(value))(value)
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def from_json(kind: type[T], text: str) -> T:
    """The value `to_json` wrote. Raises StoreError naming the place that does not fit."""
    try:
        plain = json.loads(text)
    except ValueError as error:
        raise StoreError(
            f"stored {kind.__name__}: no JSON: {error}", hint="`digest restore FILE NEW_FOLDER`"
        ) from error
    result: T = _reader(kind)(plain, kind.__name__)
    return result


def read_as(kind: Any, text: str, name: str) -> Any:
    """`from_json` for types without a name of their own, such as ``tuple[Pick, ...]``."""
    return _reader(kind)(json.loads(text), name)


# ------------------------------------------------------------------------------------------------ instants


def instant(at: datetime) -> str:
    """An aware time as UTC text that sorts as time does: ``2015-09-27T18:30:00.000000+00:00``."""
    return _aware(at).astimezone(UTC).isoformat(timespec="microseconds")


def micros(at: datetime) -> int:
    """An aware time as whole microseconds since 1970, exactly."""
    return (_aware(at) - _EPOCH) // timedelta(microseconds=1)


def from_micros(value: int) -> datetime:
    return _EPOCH + timedelta(microseconds=value)


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"{at!r} names no zone")
    return at


# ------------------------------------------------------------------------------------------------ by type


def _is_union(kind: Any) -> bool:
    return get_origin(kind) in (Union, types.UnionType)


def _once(find: Callable[[Any], R]) -> Callable[[Any], R]:
    """*find*, asked once for each type."""
    found: dict[Any, R] = {}

    def look(kind: Any) -> R:
        if kind not in found:
            found[kind] = find(kind)
        return found[kind]

    return look


@_once
def _shape(kind: Any) -> tuple[tuple[str, Any, bool], ...]:
    """Each field's name, type, and whether it may be missing."""
    hints = get_type_hints(kind)
    return tuple(
        (f.name, hints[f.name], f.default is not MISSING or f.default_factory is not MISSING) for f in fields(kind)
    )


@_once
def _writer(kind: Any) -> Callable[[Any], Any]:
    origin, args = get_origin(kind), get_args(kind)
    if is_dataclass(kind):
        # Field writers are found on first use: a dataclass may hold itself.
        return lambda value: {name: _writer(hint)(getattr(value, name)) for name, hint, _ in _shape(kind)}
    if _is_union(kind):
        classes = [a for a in args if is_dataclass(a)]
        if len(classes) > 1:
            return lambda value: None if value is None else {_TAG: type(value).__name__, **_writer(type(value))(value)}
        other = next(a for a in args if a is not type(None))
        return lambda value: None if value is None else _writer(other)(value)
    if origin is tuple:
        return lambda value: [_writer(_item(args, n))(item) for n, item in enumerate(value)]
    if origin is not None and isinstance(origin, type) and issubclass(origin, (Sequence, frozenset)):
        return lambda value: [_writer(args[0])(item) for item in value]
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return lambda value: {key: _writer(args[1])(item) for key, item in value.items()}
    if kind is datetime:
        return datetime.isoformat
    if origin is Literal or kind in (str, int, float, bool, type(None)):
        return lambda value: value
    raise TypeError(f"the codec does not know {kind!r}")


def _item(args: tuple[Any, ...], number: int) -> Any:
    return args[0] if len(args) == 2 and args[1] is Ellipsis else args[number]


@_once
def _reader(kind: Any) -> Callable[[Any, str], Any]:
    origin, args = get_origin(kind), get_args(kind)
    if is_dataclass(kind):
        return lambda plain, where: _read_class(kind, plain, where)
    if _is_union(kind):
        classes: dict[str, Any] = {a.__name__: a for a in args if isinstance(a, type) and is_dataclass(a)}
        if len(classes) > 1:
            return lambda plain, where: _read_tagged(classes, plain, where)
        other = next(a for a in args if a is not type(None))
        return lambda plain, where: None if plain is None else _reader(other)(plain, where)
    if origin is tuple:
        return lambda plain, where: _read_tuple(args, plain, where)
    if origin is not None and isinstance(origin, type) and issubclass(origin, (Sequence, frozenset)):
        make = frozenset if issubclass(origin, frozenset) else tuple
        return lambda plain, where: make(_reader(args[0])(item, where) for item in _need(list, plain, where))
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return lambda plain, where: {
            key: _reader(args[1])(item, f"{where}.{key}") for key, item in _need(dict, plain, where).items()
        }
    if kind is datetime:
        return _read_time
    if origin is Literal:
        return lambda plain, where: plain if plain in args else _wrong(where, f"one of {args}", plain)
    if kind is float:
        return lambda plain, where: float(plain) if type(plain) is int else _need(float, plain, where)
    if kind in (str, int, bool, type(None)):
        return lambda plain, where: _need(kind, plain, where)
    raise TypeError(f"the codec does not know {kind!r}")


def _wrong(where: str, wanted: str, plain: object) -> Any:
    raise StoreError(f"stored {where}: wanted {wanted}, found {plain!r:.80}", hint="`digest restore FILE NEW_FOLDER`")


def _need(kind: type, plain: Any, where: str) -> Any:
    # type() and not isinstance(): True is no whole number here.
    return plain if type(plain) is kind else _wrong(where, kind.__name__, plain)


def _read_class(kind: Any, plain: Any, where: str) -> Any:
    rest = dict(_need(dict, plain, where))
    values: dict[str, Any] = {}
    for name, hint, may_miss in _shape(kind):
        if name in rest:
            values[name] = _reader(hint)(rest.pop(name), f"{where}.{name}")
        elif not may_miss:
            _wrong(f"{where}.{name}", "a value", None)
    if rest:
        _wrong(where, "no other keys", sorted(rest))
    try:
        return kind(**values)
    except ValueError as error:
        raise StoreError(f"stored {where}: {error}", hint="`digest restore FILE NEW_FOLDER`") from error


def _read_tagged(classes: Mapping[str, Any], plain: Any, where: str) -> Any:
    if plain is None:
        return None
    rest = dict(_need(dict, plain, where))
    name = rest.pop(_TAG, None)
    if name not in classes:
        _wrong(where, f"one of {sorted(classes)}", name)
    return _read_class(classes[name], rest, where)


def _read_tuple(args: tuple[Any, ...], plain: Any, where: str) -> tuple[Any, ...]:
    items = _need(list, plain, where)
    if args[-1:] != (Ellipsis,) and len(items) != len(args):
        _wrong(where, f"{len(args)} values", plain)
    return tuple(_reader(_item(args, n))(item, f"{where}[{n}]") for n, item in enumerate(items))


def _read_time(plain: Any, where: str) -> datetime:
    try:
        return datetime.fromisoformat(_need(str, plain, where))
    except ValueError as error:
        raise StoreError(f"stored {where}: {error}", hint="`digest restore FILE NEW_FOLDER`") from error
