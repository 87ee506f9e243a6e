"""Arguments that are read in more than one place: sizes written as C,H,W, settings as NAME=VALUE."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cnnplay.cli.problems import Mistake
from cnnplay.network.fields import FieldInfo, complaint
from cnnplay.spec.nearest import SETTING_ALIASES, nearest
from cnnplay.spec.settings import TrainConfig, setting_fields, shown

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


def numbers(option: str, form: str, text: str) -> tuple[int, ...]:
    """``1,28,28`` for the form ``C,H,W``, each 1 or more. Mistake otherwise."""
    parts = text.replace("x", ",").replace("×", ",").split(",")
    expected = f"{option} must be {form}, {form.count(',') + 1} whole numbers of 1 or more; got {text}"
    try:
        found = tuple(int(part) for part in parts)
    except ValueError:
        raise Mistake(expected) from None
    if len(found) != form.count(",") + 1 or min(found) < 1:
        raise Mistake(expected)
    return found


def one_of(option: str, value: str, choices: tuple[str, ...]) -> str:
    """`value` where it is one of the choices. Mistake otherwise."""
    if value not in choices:
        listed = f"{', '.join(choices[:-1])} or {choices[-1]}"
        raise Mistake(f"{option} must be {listed}; got {value}")
    return value


def folder(option: str, text: str | None) -> Path | None:
    """Its path; None where none was given. Mistake for an empty name, which would be the folder one is in."""
    if text == "":
        raise Mistake(f"{option} must be a folder's name; it is empty")
    return None if text is None else Path(text)


def assigned(option: str, pairs: Sequence[str], given: Mapping[str, str]) -> dict[str, Any]:
    """Training settings from ``schedule=cosine`` and the like, by name. Mistake for what is none, and for one
    that was given before: `given` names the options that gave settings, by setting. Mistake also for a value
    outside its limits.
    """
    fields = {field.name: field for field in setting_fields()}
    given = dict(given)
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        name = name.strip().replace("-", "_")
        if not equals:
            raise Mistake(f"{option} must be NAME=VALUE; got {pair}")
        if name not in fields:
            raise Mistake(f"{option}: no setting is called {name}; {_meant(name, fields)}")
        once(name, given.get(name), f"{option} {pair}")
        given[name] = f"{option} {pair}"
        found[name] = _value(option, fields[name], text.strip())
    for name, value in found.items():
        expected = complaint(fields[name], value)
        if expected is not None:
            raise Mistake(f"{option}: {name} must be {expected}; got {shown(value)}")
    return found


def once(name: str, before: str | None, now: str) -> None:
    """Mistake where a setting was given before: no way of giving it outdoes another in silence."""
    if before is not None:
        raise Mistake(f"{name} is given twice, by {before} and by {now}: give it once")


def _meant(name: str, fields: Mapping[str, FieldInfo]) -> str:
    if name in TrainConfig.__struct_fields__:
        return f"it has an option of its own, --{name.replace('_', '-')}"
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
        raise Mistake(f"{option}: {field.name} must be {kinds[field.type]}; got {text}") from None
