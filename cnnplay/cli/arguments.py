"""Parsing that several commands share: sizes written as C,H,W, settings written as NAME=VALUE."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from cnnplay.cli.errors import UserError
from cnnplay.network.fields import FieldInfo, violated_limit
from cnnplay.spec.nearest import SETTING_ALIASES, nearest
from cnnplay.spec.settings import TrainConfig, format_value, setting_fields

Choice = TypeVar("Choice", bound=str)

_FLAGS = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}


def parse_numbers(option: str, form: str, text: str) -> tuple[int, ...]:
    """``1,28,28`` for the form ``C,H,W``. Raises UserError unless each number is 1 or more."""
    parts = text.replace("x", ",").replace("×", ",").split(",")
    expected = f"{option} must be {form}, {form.count(',') + 1} whole numbers of 1 or more; got {text}"
    try:
        found = tuple(int(part) for part in parts)
    except ValueError:
        raise UserError(expected) from None
    if len(found) != form.count(",") + 1 or min(found) < 1:
        raise UserError(expected)
    return found


def check_choice(option: str, value: str, choices: tuple[Choice, ...]) -> Choice:
    """The choice that `value` names. Raises UserError unless it is one of them."""
    for choice in choices:
        if choice == value:
            return choice
    listed = f"{', '.join(choices[:-1])} or {choices[-1]}"
    raise UserError(f"{option} must be {listed}; got {value}")


def folder(option: str, text: str | None) -> Path | None:
    """The path; None if none was given. Raises UserError for "", which would mean the current folder."""
    if text == "":
        raise UserError(f"{option} must be the name of a folder; got an empty name")
    return None if text is None else Path(text)


def parse_settings(option: str, pairs: Sequence[str], given: Mapping[str, str]) -> dict[str, Any]:
    """Training settings from assignments such as ``schedule=cosine``.

    `given` maps each setting that was already given to the option that gave it. Raises UserError for an
    unknown setting, one that is given twice, and a value outside its limits.
    """
    fields = {field.name: field for field in setting_fields()}
    given = dict(given)
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        name = name.strip().replace("-", "_")
        if not equals:
            raise UserError(f"{option} must be NAME=VALUE; got {pair}")
        if name not in fields:
            raise UserError(f"{option}: unknown setting {name}; {_meant(name, fields)}")
        check_given_once(name, given.get(name), f"{option} {pair}")
        given[name] = f"{option} {pair}"
        found[name] = _value(option, fields[name], text.strip())
    for name, value in found.items():
        expected = violated_limit(fields[name], value)
        if expected is not None:
            raise UserError(f"{option}: {name} must be {expected}; got {format_value(value)}")
    return found


def check_given_once(name: str, before: str | None, now: str) -> None:
    """Raises UserError if a setting was given before: no option silently overrides another."""
    if before is not None:
        raise UserError(f"{name} is given twice, by {before} and by {now}; give it once")


def check_with_from(source: str | None, given: Mapping[str, str]) -> None:
    """Raises UserError if --weights or --match was given without --from."""
    for name in ("weights", "match"):
        if source is None and name in given:
            raise UserError(f"{given[name]} needs --from")


def _meant(name: str, fields: Mapping[str, FieldInfo]) -> str:
    if name in TrainConfig.__struct_fields__:
        return f"use its own option, --{name.replace('_', '-')}"
    near = nearest(name, fields, SETTING_ALIASES)
    hint = f"did you mean {near}? " if near else ""
    return f"{hint}`cnnplay settings` lists them all"


def _value(option: str, field: FieldInfo, text: str) -> Any:
    kinds = {"integer": "a whole number", "number": "a number", "flag": "true or false"}
    try:
        match field.type:
            case "integer":
                return int(text)
            case "number":
                return float(text)
            case "flag":
                return _FLAGS[text.lower()]
            case _:
                return text
    except (ValueError, KeyError):
        raise UserError(f"{option}: {field.name} must be {kinds[field.type]}; got {text}") from None
