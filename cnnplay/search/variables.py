"""Matching a search space to the network and the settings: which fields vary, and their limits."""

from collections.abc import Iterable, Mapping

import msgspec

from cnnplay.network.fields import FieldInfo, fields_of, violated_limit
from cnnplay.network.network import Network, find, ids
from cnnplay.search.errors import SearchError
from cnnplay.search.space import Choices, Entry, Range, Space, Value
from cnnplay.spec.nearest import SETTING_ALIASES, nearest
from cnnplay.spec.settings import setting_fields

FIXED = frozenset({"checkpoint_every"})
"""Settings that do not affect the result."""
NUMERIC = ("integer", "number", "pair", "padding")
"""Types of fields that can have a range. One number fills both of a pair: n × n."""


class Variable(msgspec.Struct, frozen=True):
    """A field that varies: a setting, or one of the layer `node`."""

    name: str
    field: FieldInfo
    entry: Entry
    node: str = ""

    @property
    def label(self) -> str:
        return f"{self.node} {self.field.label}" if self.node else self.field.label

    @property
    def whole(self) -> bool:
        """Whether its numbers are integers."""
        return self.field.type != "number"


def varying_settings() -> tuple[FieldInfo, ...]:
    """The settings that a search can vary, in order."""
    return tuple(field for field in setting_fields() if field.name not in FIXED and field.type != "text")


def varying_fields(network: Network, node: str) -> tuple[FieldInfo, ...]:
    """A layer's fields that a search can vary. KeyError if there is no such layer."""
    return tuple(field for field in fields_of(type(find(network, node))) if field.type != "text")


def variables(space: Space, network: Network, where: str) -> tuple[Variable, ...]:
    """The variables in the space's order. SearchError, naming `where` it was declared, for unknown settings
    and layers, and for values outside the limits."""
    return tuple(
        _variable(name, entry, network, f"{where}, vary.{name}") for name, entry in space.vary.items()
    )


def _variable(name: str, entry: Entry, network: Network, where: str) -> Variable:
    node, dot, field_name = name.rpartition(".")
    if not dot:
        fields = {field.name: field for field in varying_settings()}
        if name not in fields:
            raise SearchError(
                f"{where}: expected a setting{_nearest(name, fields, SETTING_ALIASES)}; found {name}"
            )
        return checked(Variable(name, fields[name], entry), where)
    if node not in ids(network):
        expected = f"a layer of {network.name}{_nearest(node, ids(network))}"
        raise SearchError(f"{where}: expected {expected}; found {node}")
    fields = {field.name: field for field in varying_fields(network, node)}
    if field_name not in fields:
        expected = (
            f"a field of {node}{_nearest(field_name, fields)}" if fields else f"no field: {node} has none"
        )
        raise SearchError(f"{where}: expected {expected}; found {field_name}")
    return checked(Variable(name, fields[field_name], entry, node), where)


def checked(variable: Variable, where: str) -> Variable:
    """Returns the variable. SearchError unless its values are of the field's type and within its limits."""
    entry = variable.entry
    if isinstance(entry, Choices):
        for number, value in enumerate(entry.choices):
            _check(variable.field, value, f"{where}[{number}]")
    else:
        _check_range(variable, entry, where)
    return variable


def _check_range(variable: Variable, entry: Range, where: str) -> None:
    if variable.field.type not in NUMERIC:
        expected = (
            "[false, true]" if variable.field.type == "flag" else f"of {', '.join(variable.field.choices)}"
        )
        raise SearchError(f"{where}: expected a list {expected}; found a range")
    for name in ("low", "high"):
        _check(variable.field, getattr(entry, name), f"{where}.{name}")
    if variable.whole and entry.step is not None and not isinstance(entry.step, int):
        raise SearchError(f"{where}.step: expected a whole number; found {entry.step:g}")


def _check(field: FieldInfo, value: Value, where: str) -> None:
    expected = _type_expected(field, value) or violated_limit(field, value)
    if expected is not None:
        found = str(value).lower() if isinstance(value, bool) else value
        raise SearchError(f"{where}: {field.label} must be {expected}; found {found}")


def _type_expected(field: FieldInfo, value: Value) -> str | None:
    """What the field's type expects; None if `value` matches it."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    match field.type:
        case "flag":
            return None if isinstance(value, bool) else "true or false"
        case "choice":
            return None if isinstance(value, str) else " or ".join(field.choices)
        case "number":
            return None if number else "a number"
        case "padding":
            if isinstance(value, str) or (number and isinstance(value, int)):
                return None
            return f"{' or '.join(field.choices)} or a whole number"
        case _:
            return None if number and isinstance(value, int) else "a whole number"


def _nearest(name: str, known: Iterable[str], aliases: Mapping[str, str] = {}) -> str:
    near = nearest(name, known, aliases)
    return f", perhaps {near}" if near else ""
