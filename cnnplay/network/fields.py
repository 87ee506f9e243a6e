"""Field declarations: a type with its limits, unit and help, declared once and used everywhere.

A field is declared as ``name: Annotated[type, declare(...)]``. The file format takes the type; the
validator, the property editor and the manual take the rest through `fields_of`.
"""

import typing
from functools import cache
from typing import Annotated, Any, Literal, TypeAlias

import msgspec

Pair: TypeAlias = tuple[int, int]
"""(height, width), both counts of pixels."""

FieldType: TypeAlias = Literal["integer", "number", "flag", "choice", "pair", "padding", "text"]
"""How a field is edited: a pair is height × width; padding is a pair or one of its choices."""


class FieldInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The declaration of one field of a node, the input, a task or the training settings."""

    name: str
    label: str
    type: FieldType
    help: str
    minimum: float | None = None
    maximum: float | None = None
    exclusive: bool = False
    """Whether the limits themselves are excluded."""
    unit: str = ""
    choices: tuple[str, ...] = ()
    optional: bool = False
    """Whether None ("chosen automatically") is allowed."""
    default: Any = None
    group: str = ""
    live: bool = False
    """For a training setting: whether it can be changed during a run."""


def declare(
    help: str,  # noqa: A002
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    exclusive: bool = False,
    unit: str = "",
    label: str = "",
    hidden: bool = False,
    group: str = "",
    live: bool = False,
) -> msgspec.Meta:
    """The metadata of a field. Limits are checked by the validator, not when decoding."""
    return msgspec.Meta(
        extra={
            "help": help,
            "minimum": minimum,
            "maximum": maximum,
            "exclusive": exclusive,
            "unit": unit,
            "label": label,
            "hidden": hidden,
            "group": group,
            "live": live,
        }
    )


@cache
def fields_of(kind: type[msgspec.Struct]) -> tuple[FieldInfo, ...]:
    """The declared fields of a struct, in order, without undeclared and hidden ones."""
    hints = typing.get_type_hints(kind, include_extras=True)
    found = []
    for field in msgspec.structs.fields(kind):
        hint = hints[field.name]
        if typing.get_origin(hint) is not Annotated:
            continue
        base, meta = typing.get_args(hint)[:2]
        extra = meta.extra or {}
        if extra.get("hidden"):
            continue
        type_, choices, optional = _field_type(base)
        default = None if field.default is msgspec.NODEFAULT else field.default
        found.append(
            FieldInfo(
                name=field.name,
                label=extra["label"] or field.name.replace("_", " "),
                type=type_,
                help=extra["help"],
                minimum=extra["minimum"],
                maximum=extra["maximum"],
                exclusive=extra["exclusive"],
                unit=extra["unit"],
                choices=choices,
                optional=optional,
                default=default,
                group=extra["group"],
                live=extra["live"],
            )
        )
    return tuple(found)


def violated_limit(field: FieldInfo, value: Any) -> str | None:
    """The limit that `value` violates, as an expectation ("1 or more"); None if it violates none."""
    if value is None or field.type in ("flag", "text"):
        return None
    if isinstance(value, str):
        return None if value in field.choices else " or ".join(field.choices)
    numbers = value if isinstance(value, tuple) else (value,)
    for number in numbers:
        expected = _expectation(field, number)
        if expected is not None:
            return expected
    return None


def _expectation(field: FieldInfo, number: float) -> str | None:
    low, high = field.minimum, field.maximum
    if number != number or number in (float("inf"), float("-inf")):
        return _finite(low, high)
    if low is not None and (number <= low if field.exclusive else number < low):
        return f"more than {_format_number(low)}" if field.exclusive else f"{_format_number(low)} or more"
    if high is not None and (number >= high if field.exclusive else number > high):
        return f"less than {_format_number(high)}" if field.exclusive else f"at most {_format_number(high)}"
    return None


def _finite(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f"a number from {_format_number(low)} to {_format_number(high)}"
    return "a finite number" if low is None else f"a finite number, {_format_number(low)} or more"


def _format_number(number: float) -> str:
    """``1,000,000``, ``0.9999``, ``−1``."""
    return f"{number:,.10g}".replace("-", "−")


def _field_type(base: Any) -> tuple[FieldType, tuple[str, ...], bool]:
    arguments = typing.get_args(base)
    simple: dict[Any, FieldType] = {int: "integer", float: "number", bool: "flag", str: "text"}
    if base in simple:
        return simple[base], (), False
    if typing.get_origin(base) is Literal:
        return "choice", arguments, False
    if base == tuple[int, int]:
        return "pair", (), False
    if type(None) in arguments:
        (inner,) = (part for part in arguments if part is not type(None))
        type_, choices, _ = _field_type(inner)
        return type_, choices, True
    literal = next(part for part in arguments if typing.get_origin(part) is Literal)
    return "padding", typing.get_args(literal), False
