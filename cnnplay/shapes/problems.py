"""Problems: what is wrong and where, what was expected and found, and the edit that fixes it, if any."""

from collections.abc import Callable, Iterable
from typing import TypeAlias

import msgspec

from cnnplay.network.edits import Edited
from cnnplay.network.fields import FieldInfo, fields_of, violated_limit
from cnnplay.network.network import Network
from cnnplay.network.nodes import Node

Edit: TypeAlias = Callable[[Network, frozenset[str]], Edited]
"""An edit of a network; new nodes avoid the reserved ids."""


class Fix(msgspec.Struct, frozen=True):
    """An edit that fixes a problem, and the label of its button."""

    label: str
    edit: Edit

    def apply(self, network: Network, reserved: Iterable[str] = ()) -> Edited:
        """Applies the fix to the network in which the problem was found, or one with the same node."""
        return self.edit(network, frozenset(reserved))


class Problem(msgspec.Struct, frozen=True):
    """A problem. `node` is "" for the network itself, whose fields are "input", "classes" and "output".

    `input_field` says which field of the input it is about: "channels", "height" or "width"; else "".
    """

    node: str
    field: str
    message: str
    expected: str
    found: str
    fix: Fix | None = None
    input_field: str = ""


def field_problem(
    node_id: str, field: FieldInfo | str, expected: str, found: str, fix: Fix | None
) -> Problem:
    """A problem of one field: ``stride of conv-3 must be 1 or more; got 0``."""
    name, label = (field, field.replace("_", " ")) if isinstance(field, str) else (field.name, field.label)
    return Problem(
        node_id, name, f"{label} of {node_id} must be {expected}; got {found}", expected, found, fix
    )


def limit_problems(node: Node, fix: Callable[[FieldInfo, object], Fix]) -> tuple[Problem, ...]:
    """Problems for the fields of a node that violate their declared limits."""
    return tuple(
        field_problem(node.id, field, expected, format_value(value), fix(field, value))
        for field, value, expected in limit_violations(node)
    )


def limit_violations(node: Node) -> list[tuple[FieldInfo, object, str]]:
    """The fields of a node that violate their declared limits, with the values and what was expected."""
    found = []
    for field in fields_of(type(node)):
        value = getattr(node, field.name)
        expected = violated_limit(field, value)
        if expected is not None:
            found.append((field, value, expected))
    return found


def within_limits(field: FieldInfo, value: object) -> object:
    """The nearest value within the limits; the default if there is none."""
    if isinstance(value, tuple):
        return tuple(within_limits(field, part) for part in value)
    if isinstance(value, str) or not isinstance(value, (int, float)) or value != value:
        return field.default
    low, high = field.minimum, field.maximum
    if field.exclusive:
        inside = (low is None or value > low) and (high is None or value < high)
        return value if inside and abs(value) != float("inf") else field.default
    if low is not None and value < low:
        return type(value)(low)
    if high is not None and value > high:
        return type(value)(high)
    return value if abs(value) != float("inf") else field.default


def format_value(value: object) -> str:
    """A field's value for display: ``2``, ``2×3``, ``0.5``, ``yes``."""
    match value:
        case bool():
            return "yes" if value else "no"
        case (int() as height, int() as width):
            return (
                format_value(height) if height == width else f"{format_value(height)}×{format_value(width)}"
            )
        case int():
            return f"{value:,}".replace("-", "−")
        case float():
            return f"{value:.6g}".replace("-", "−")
        case _:
            return str(value)


def decapitalize(label: str) -> str:
    """A fix's label as the name of an edit: ``Project the shortcut`` becomes ``project the shortcut``."""
    return label[:1].lower() + label[1:]
