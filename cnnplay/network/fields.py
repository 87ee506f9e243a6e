"""Field declarations: a type with its limits, unit and help, declared once and read by everyone.

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
    """What is known of one field of a node, of the input, of a task or of the training settings."""

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
    """Whether None ("chosen for you") is a value."""
    default: Any = None


def declare(
    help: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    exclusive: bool = False,
    unit: str = "",
    label: str = "",
    hidden: bool = False,
) -> msgspec.Meta:
    """The metadata of a field. Limits are the validator's: decoding does not check them."""
    return msgspec.Meta(
        extra={
            "help": help,
            "minimum": minimum,
            "maximum": maximum,
            "exclusive": exclusive,
            "unit": unit,
            "label": label,
            "hidden": hidden,
        }
    )


@cache
def fields_of(kind: type[msgspec.Struct]) -> tuple[FieldInfo, ...]:
    """The declared fields of a struct in their order; undeclared and hidden ones are left out."""
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
            )
        )
    return tuple(found)


def field_of(kind: type[msgspec.Struct], name: str) -> FieldInfo:
    """The declaration of one field. KeyError when the kind declares none of that name."""
    for field in fields_of(kind):
        if field.name == name:
            return field
    raise KeyError(f"{kind.__name__} has no field {name!r}")


def complaint(field: FieldInfo, value: Any) -> str | None:
    """What the limits of `field` expect, where `value` breaks them ("1 or more"); else None."""
    if value is None or field.type in ("flag", "text"):
        return None
    if isinstance(value, str):
        return None if value in field.choices else " or ".join(field.choices)
    numbers = value if isinstance(value, tuple) else (value,)
    if all(_within(field, number) for number in numbers):
        return None
    return _expectation(field)


def _within(field: FieldInfo, number: float) -> bool:
    if number != number or number in (float("inf"), float("-inf")):
        return False
    low, high = field.minimum, field.maximum
    if field.exclusive:
        return (low is None or number > low) and (high is None or number < high)
    return (low is None or number >= low) and (high is None or number <= high)


def _expectation(field: FieldInfo) -> str:
    low, high = field.minimum, field.maximum
    if field.exclusive:
        if low is not None and high is not None:
            return f"between {low:g} and {high:g}"
        return f"more than {low:g}" if low is not None else f"less than {high:g}"
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    if low is not None:
        return f"{low:g} or more"
    return f"at most {high:g}" if high is not None else "a number"


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
