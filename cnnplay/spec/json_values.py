"""Events as values that JSON can hold.

JSON cannot represent NaN and infinity; msgspec writes null, which does not decode as a number. Here they
become text ("nan", "inf"), which msgspec accepts as numbers in non-strict mode. JSON cannot represent the
undecodable bytes of a file name either: each becomes a question mark.
"""

import math
from typing import Any, TypeAlias

import msgspec

from cnnplay.spec.events import Event

JsonNumber: TypeAlias = float | str
"""A number, or the text of one that is not finite."""


def json_values(event: Event) -> dict[str, Any]:
    """The event as a dict; `msgspec.convert` or a decoder with ``strict=False`` restores the event."""
    values: dict[str, Any] = _convert(msgspec.to_builtins(event))
    return values


def json_number(value: float) -> JsonNumber:
    """The number itself if it is finite, else its text."""
    return value if math.isfinite(value) else str(value)


def json_text(value: str) -> str:
    """The text, with question marks for what UTF-8 cannot encode."""
    return value.encode("utf-8", "replace").decode()


def _convert(value: Any) -> Any:
    match value:
        case dict():
            return {key: _convert(part) for key, part in value.items()}
        case float():
            return json_number(value)
        case str():
            return json_text(value)
        case _:
            return value
