"""The search space, as a value and as a JSON file.

``{"format": "cnnplay-space", "version": 1, "vary": {"learning_rate": {"low": 1e-5, "high": 0.1, "log": true},
"batch_size": {"low": 16, "high": 128, "step": 16}, "optimizer": ["sgd", "adam"], "conv-2.filters": [8]}}``: a
setting by its name, a layer's field as ``id.field``. A range has both ends, and optionally a logarithmic
scale or a step; a list holds choices.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from cnnplay.data.regular_file import open_regular
from cnnplay.search.errors import SearchError
from cnnplay.spec.versions import newer_text

FORMAT, VERSION = "cnnplay-space", 1
LARGEST = 2**20
"""Bytes; a larger file is not ours."""
EXAMPLE = '{"vary": {"learning_rate": {"low": 1e-5, "high": 0.1, "log": true}, "optimizer": ["sgd", "adam"]}}'

MOST_CHOICES, MOST_STEPS = 1000, 100_000
"""The most choices of a list and steps of a range: samplers keep them all."""
LARGEST_NUMBER = 2.0**53
"""Beyond it, whole numbers are no longer exact as floating-point numbers."""

Value: TypeAlias = bool | int | float | str


class Range(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Numbers from `low` to `high`, both included; log-uniform with `log`, else uniform. With `step`, only
    `low` and multiples of `step` above it."""

    low: int | float
    high: int | float
    log: bool = False
    step: int | float | None = None


class Choices(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A list of values to choose from."""

    choices: tuple[Value, ...]


Entry: TypeAlias = Range | Choices


class Space(msgspec.Struct, frozen=True):
    """What varies, by name: ``learning_rate``, ``conv-2.filters``."""

    vary: dict[str, Entry] = {}


def read(path: Path) -> Space:
    """Reads a space from a file. SearchError if it is not one."""
    try:
        with open_regular(path) as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise SearchError(f"{path}: cannot be read ({error.strerror or error})") from None
    if len(content) > LARGEST:
        raise SearchError(f"{path}: larger than any search space; refused")
    return decode(content, str(path))


def decode(content: bytes | str, where: str) -> Space:
    """Reads a space from JSON. SearchError names `where`, the field, and what was expected and found."""
    try:
        found = msgspec.json.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise SearchError(f"{where}: expected a search space in JSON, like {EXAMPLE}; got: {error}") from None
    return from_builtins(found, where)


def from_builtins(found: object, where: str) -> Space:
    """Reads a space from decoded JSON."""
    if not isinstance(found, dict):
        raise _unexpected(where, "", f"an object like {EXAMPLE}", found)
    unknown = sorted(found.keys() - {"format", "version", "vary"})
    if unknown:
        raise SearchError(f"{where}, {unknown[0]}: expected only format, version and vary, as in {EXAMPLE}")
    if found.get("format", FORMAT) != FORMAT:
        raise _unexpected(where, "format", f'"{FORMAT}"', found["format"])
    version = found.get("version", VERSION)
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise _unexpected(where, "version", f"a number up to {VERSION}", version)
    if version > VERSION:
        raise SearchError(f"{where}: {newer_text(version, VERSION)}")
    vary = found.get("vary")
    if not isinstance(vary, dict) or not vary:
        raise _unexpected(where, "vary", f"a non-empty object, as in {EXAMPLE}", vary)
    return Space({name: _entry(entry, where, f"vary.{name}") for name, entry in vary.items()})


def to_builtins(space: Space) -> dict[str, Any]:
    """The space as decoded JSON."""
    vary = {
        name: list(entry.choices)
        if isinstance(entry, Choices)
        else {"low": entry.low, "high": entry.high}
        | ({"log": True} if entry.log else {})
        | ({} if entry.step is None else {"step": entry.step})
        for name, entry in space.vary.items()
    }
    return {"format": FORMAT, "version": VERSION, "vary": vary}


def encode(space: Space) -> bytes:
    """The space as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(to_builtins(space)), indent=2)


def _entry(found: object, where: str, place: str) -> Entry:
    if isinstance(found, list):
        return _choices(found, where, place)
    if not isinstance(found, dict):
        expected = 'a range {"low": …, "high": …} or a list of choices'
        raise _unexpected(where, place, expected, found)
    if "choices" in found:
        _check_keys(found, {"choices"}, where, place)
        return _choices(found["choices"], where, f"{place}.choices")
    return _range(found, where, place)


def _choices(found: object, where: str, place: str) -> Choices:
    if not isinstance(found, list) or not found:
        raise _unexpected(where, place, "a list of one or more choices", found)
    if len(found) > MOST_CHOICES:
        raise SearchError(
            f"{where}, {place}: expected at most {MOST_CHOICES:,} choices; found {len(found):,}"
        )
    seen: set[Value] = set()
    for number, value in enumerate(found):
        if not isinstance(value, bool | int | float | str):
            raise _unexpected(where, f"{place}[{number}]", "a number, a string, true or false", value)
        if not isinstance(value, bool | str):
            _number(value, where, f"{place}[{number}]")
        if value in seen:
            raise SearchError(
                f"{where}, {place}[{number}]: expected each choice once; found {_shown(value)} twice"
            )
        seen.add(value)
    return Choices(tuple(found))


def _range(found: Mapping[str, Any], where: str, place: str) -> Range:
    _check_keys(found, {"low", "high", "log", "step"}, where, place)
    for name in ("low", "high"):
        if name not in found:
            raise SearchError(f'{where}, {place}: expected "low" and "high"; found no "{name}"')
        _number(found[name], where, f"{place}.{name}")
    low, high, step = found["low"], found["high"], found.get("step")
    log = found.get("log", False)
    if not isinstance(log, bool):
        raise _unexpected(where, f"{place}.log", "true or false", log)
    if not low < high:
        raise _unexpected(where, f"{place}.high", f"more than low, {_shown(low)}", high)
    if log and low <= 0:
        raise _unexpected(where, f"{place}.low", "more than 0 on a logarithmic scale", low)
    if step is not None:
        _number(step, where, f"{place}.step")
        if log:
            raise SearchError(f"{where}, {place}.step: expected none on a logarithmic scale; found {step}")
        if not 0 < step <= high - low:
            raise _unexpected(where, f"{place}.step", f"more than 0 and at most {_shown(high - low)}", step)
        if (high - low) / step > MOST_STEPS:
            raise SearchError(f"{where}, {place}.step: expected at most {MOST_STEPS:,} steps; found more")
    return Range(low, high, log, step)


def _number(value: object, where: str, place: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _unexpected(where, place, "a number", value)
    if not abs(value) <= LARGEST_NUMBER:
        raise _unexpected(where, place, f"a number of at most {LARGEST_NUMBER:,.0f}", value)


def _check_keys(found: Mapping[str, Any], known: set[str], where: str, place: str) -> None:
    unknown = sorted(found.keys() - known)
    if unknown:
        raise SearchError(
            f"{where}, {place}.{unknown[0]}: expected {', '.join(sorted(known))} only; found {unknown[0]}"
        )


def _unexpected(where: str, place: str, expected: str, found: object) -> SearchError:
    return SearchError(f"{where}{', ' if place else ''}{place}: expected {expected}; found {_shown(found)}")


def _shown(value: object) -> str:
    try:
        text = "nothing" if value is None else msgspec.json.encode(value).decode()
    except (OverflowError, ValueError):  # a whole number of hundreds of digits
        text = "a number too large"
    return text if len(text) <= 60 else f"{text[:60]}…"
