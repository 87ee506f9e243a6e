"""Events as values that JSON can hold.

JSON has no word for NaN and infinity, and msgspec writes null for them, which is no number when it is read
back. Here they become text ("nan", "inf"), which msgspec takes for a number where it is not strict.
"""

import math
from typing import Any, TypeAlias

import msgspec

from cnnplay.spec.events import Event

Number: TypeAlias = float | str
"""A number, or the text of one that is not finite."""


def portable(event: Event) -> dict[str, Any]:
    """The event as a dict; `msgspec.convert` or a decoder with ``strict=False`` gives the event back."""
    values: dict[str, Any] = _portable(msgspec.to_builtins(event))
    return values


def number(value: float) -> Number:
    """The number itself where it is finite, else its text."""
    return value if math.isfinite(value) else str(value)


def _portable(value: Any) -> Any:
    match value:
        case dict():
            return {key: _portable(part) for key, part in value.items()}
        case float():
            return number(value)
        case _:
            return value
