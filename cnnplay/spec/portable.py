"""Events as values that JSON can hold.

JSON has no word for NaN and infinity, and msgspec writes null for them, which is no number when it is read
back. Here they become text ("nan", "inf"), which msgspec takes for a number where it is not strict. Nor has
it a sign for the bytes of a file's name that are no text: each becomes a question mark.
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


def text(value: str) -> str:
    """The text, with a question mark for what UTF-8 cannot hold."""
    return value.encode("utf-8", "replace").decode()


def _portable(value: Any) -> Any:
    match value:
        case dict():
            return {key: _portable(part) for key, part in value.items()}
        case float():
            return number(value)
        case str():
            return text(value)
        case _:
            return value
