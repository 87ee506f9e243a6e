"""The run filter: ``lenet data:mnist lr<0.01 tag:good -failed``.

Every term must match. A plain word is searched in the names of network and folder, the data, the note and the
tags; ``field:text`` searches one field, and ``field=text`` must match all of it; ``field<number`` (also
``<=``, ``>``, ``>=``, ``=``) compares. A hyphen before a term negates it. Quoted text may contain spaces. A
field is one of the run's or a setting; a setting may be abbreviated to its first letters.
"""

import math
import re
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from cnnplay.runs.row import RunRow
from cnnplay.spec.nearest import SETTING_ALIASES, nearest
from cnnplay.spec.settings import TrainConfig
from cnnplay.spec.tasks import all_metrics

Check: TypeAlias = Callable[[RunRow], bool]

ALIASES = {
    **SETTING_ALIASES,
    "network": "name",
    "net": "name",
    "folder": "run",
    "tag": "tags",
    "speed": "images_per_second",
    "params": "parameters",
    "status": "state",
}
_TEXTS: dict[str, Callable[[RunRow], tuple[str, ...]]] = {
    "name": lambda row: (row.name, row.preset),
    "data": lambda row: (row.data,),
    "state": lambda row: (row.state,),
    "note": lambda row: (row.note,),
    "device": lambda row: (row.device,),
    "run": lambda row: (row.title, row.run),
    "created": lambda row: (row.created,),
}
_NUMBERS: dict[str, Callable[[RunRow], float | None]] = {
    "epochs": lambda row: row.epochs_done,
    "steps": lambda row: row.steps,
    "parameters": lambda row: row.parameters,
    "images_per_second": lambda row: row.images_per_second,
    "seconds": lambda row: row.seconds,
    "size": lambda row: row.bytes,
}
_TAGS = "tags"
_SETTINGS = TrainConfig.__struct_fields__
_WORD = re.compile(r"""(-?)(?:([A-Za-z_]+)(<=|>=|[<>=:]))?(?:"([^"]*)"?|(\S*))""")
_UNITS = {"%": 0.01, "k": 1e3, "m": 1e6, "g": 1e9, "kb": 1e3, "mb": 1e6, "gb": 1e9}
_NUMBER = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)(%|[kmg]b?)?\Z", re.IGNORECASE)


class Filter(NamedTuple):
    """The parsed terms. `problem` describes the first term that cannot be understood; it is ignored."""

    checks: tuple[Check, ...] = ()
    problem: str = ""

    def takes(self, row: RunRow) -> bool:
        return all(check(row) for check in self.checks)


def parse(line: str) -> Filter:
    """Parses a line; an empty one matches every run."""
    checks, problem = [], ""
    for found in _WORD.finditer(line):
        minus, field, sign, quoted, plain = found.groups()
        value = quoted if quoted is not None else plain or ""
        if not field and not value:
            continue
        check = _check((field or "").lower(), sign or "", value)
        if isinstance(check, str):
            problem = problem or check
        else:
            checks.append(_negated(check) if minus else check)
    return Filter(tuple(checks), problem)


def _check(field: str, sign: str, value: str) -> Check | str:
    """The check for one term, or a message if it cannot be understood."""
    if not field:
        return _contains(_everything, value)
    known = _resolve_field(field)
    if known is None:
        return _unknown_field(field)
    field = known
    if not value:
        return f"{field}{sign} needs a value"
    if field == _TAGS:
        wanted = value.lower()
        return lambda row: any(wanted == tag.lower() for tag in row.tags)
    number = _number(value)
    if sign in (":", "="):
        if field in _TEXTS:
            return _is(_TEXTS[field], value) if sign == "=" else _contains(_TEXTS[field], value)
        return _equals(field, value, number, whole=sign == "=")
    if field in _TEXTS:
        return f"{field} is text; write {field}:{value}"
    if number is None:
        return f"{field}{sign} must be followed by a number; got {value}"
    return _compares(field, sign, number)


def _resolve_field(field: str) -> str | None:
    """The field or setting of that name, alias or (settings only) unique prefix; None if there is none."""
    field = _aliases().get(field, field)
    if field in (*_own_fields(), *_SETTINGS):
        return field
    begin = [name for name in _SETTINGS if name.startswith(field)] if len(field) > 2 else []
    return begin[0] if len(begin) == 1 else None


def _unknown_field(field: str) -> str:
    own = _own_fields()
    near = nearest(field, (*own, *_SETTINGS))
    hint = f"did you mean {near}? Runs" if near else "runs"
    return f"unknown field {field}; {hint} have {', '.join(own)} and all settings"


def _aliases() -> dict[str, str]:
    return ALIASES | {alias: metric.name for metric in all_metrics() for alias in metric.aliases}


def _own_fields() -> tuple[str, ...]:
    return (*_TEXTS, *_metric_names(), *_NUMBERS, _TAGS)


def _metric_names() -> tuple[str, ...]:
    """Those of all tasks; the filter compares their values in the best epoch."""
    return tuple(metric.name for metric in all_metrics())


def _everything(row: RunRow) -> tuple[str, ...]:
    return (row.name, row.preset, row.title, row.data, row.state, row.note, *row.tags)


def _contains(texts: Callable[[RunRow], tuple[str, ...]], value: str) -> Check:
    wanted = value.lower()
    return lambda row: any(wanted in text.lower() for text in texts(row))


def _is(texts: Callable[[RunRow], tuple[str, ...]], value: str) -> Check:
    wanted = value.lower()
    return lambda row: any(wanted == text.lower() for text in texts(row))


def _equals(field: str, value: str, number: float | None, whole: bool) -> Check:
    wanted = value.lower()

    def check(row: RunRow) -> bool:
        found = _value(row, field)
        if isinstance(found, bool) or not isinstance(found, (int, float)):
            text = "" if found is None else str(found).lower()
            return wanted == text if whole else wanted in text
        return number is not None and math.isclose(found, number, rel_tol=1e-9, abs_tol=1e-12)

    return check


def _compares(field: str, sign: str, number: float) -> Check:
    def check(row: RunRow) -> bool:
        found = _value(row, field)
        if isinstance(found, bool) or not isinstance(found, (int, float)):
            return False
        match sign:
            case "<":
                return found < number
            case "<=":
                return found <= number
            case ">":
                return found > number
            case _:
                return found >= number

    return check


def _value(row: RunRow, field: str) -> object:
    """A number, metric or setting of the run; None if it has none of that name."""
    if field in _NUMBERS:
        return _NUMBERS[field](row)
    return row.best.get(field) if field in _metric_names() else row.config.get(field)


def _number(text: str) -> float | None:
    """``0.01``, ``1e-3``, ``95%``, ``60k``, ``20MB``."""
    found = _NUMBER.match(text)
    if found is None:
        return None
    return float(found.group(1)) * _UNITS.get((found.group(2) or "").lower(), 1.0)


def _negated(check: Check) -> Check:
    return lambda row: not check(row)
