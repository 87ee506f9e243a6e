"""A space against the network and the settings that it varies: which fields those are, and their limits."""

from collections.abc import Iterable, Mapping

import msgspec

from cnnplay.network.fields import FieldInfo, complaint, fields_of
from cnnplay.network.network import Network, find, ids
from cnnplay.search.errors import SearchError
from cnnplay.search.space import Choices, Entry, Range, Space, Value
from cnnplay.spec.nearest import SETTING_ALIASES, nearest
from cnnplay.spec.settings import setting_fields

FIXED = frozenset({"checkpoint_every"})
"""Settings that make no difference to what is learned."""
NUMERIC = ("integer", "number", "pair", "padding")
"""Types of fields that have a range. Of a pair one number stands for both: n × n."""


class Variable(msgspec.Struct, frozen=True):
    """A field that varies: a setting, or one of the block `node`."""

    name: str
    field: FieldInfo
    entry: Entry
    node: str = ""

    @property
    def label(self) -> str:
        return f"{self.node} {self.field.label}" if self.node else self.field.label

    @property
    def whole(self) -> bool:
        """Whether its numbers are whole."""
        return self.field.type != "number"


def varying_settings() -> tuple[FieldInfo, ...]:
    """The settings that a search may vary, in their order."""
    return tuple(field for field in setting_fields() if field.name not in FIXED and field.type != "text")


def varying_fields(network: Network, node: str) -> tuple[FieldInfo, ...]:
    """A block's fields that a search may vary. KeyError where there is no such block."""
    return tuple(field for field in fields_of(type(find(network, node))) if field.type != "text")


def variables(space: Space, network: Network, where: str) -> tuple[Variable, ...]:
    """All that varies, in the space's order. SearchError, naming `where` it was declared, for what neither
    network nor settings have, or not within these limits."""
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
        expected = f"a block of {network.name}{_nearest(node, ids(network))}"
        raise SearchError(f"{where}: expected {expected}; found {node}")
    fields = {field.name: field for field in varying_fields(network, node)}
    if field_name not in fields:
        there = f"a field of {node}{_nearest(field_name, fields)}" if fields else f"no field: {node} has none"
        raise SearchError(f"{where}: expected {there}; found {field_name}")
    return checked(Variable(name, fields[field_name], entry, node), where)


def checked(variable: Variable, where: str) -> Variable:
    """The same, where its values are of the field's type and within its limits; else SearchError."""
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
    expected = _type_expected(field, value) or complaint(field, value)
    if expected is not None:
        found = str(value).lower() if isinstance(value, bool) else value
        raise SearchError(f"{where}: {field.label} must be {expected}; found {found}")


def _type_expected(field: FieldInfo, value: Value) -> str | None:
    """What the field's type wants, where `value` is of another."""
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
