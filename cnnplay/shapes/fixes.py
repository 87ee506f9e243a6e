"""The edits that fix problems, with the labels of their buttons."""

from collections.abc import Sequence
from math import gcd

import msgspec

from cnnplay.network import edits
from cnnplay.network.edits import Edited
from cnnplay.network.fields import FieldInfo
from cnnplay.network.network import Network, Place, locate
from cnnplay.network.nodes import AveragePooling, Convolution, MaxPooling, Node, Padding
from cnnplay.shapes.arithmetic import effective_kernel
from cnnplay.shapes.problems import Fix, decapitalize, format_value, within_limits


def change_field(node_id: str, field: str, value: object) -> Fix:
    """Sets a field of a node."""
    return change_fields(
        node_id, {field: value}, f"Set {field.replace('_', ' ')} of {node_id} to {format_value(value)}"
    )


def change_fields(node_id: str, values: dict[str, object], label: str) -> Fix:
    """Sets several fields of a node."""

    def edit(network: Network, _: frozenset[str]) -> Edited:
        node, _place = locate(network, node_id)
        changed = msgspec.structs.replace(node, **values)
        names = " and ".join(name.replace("_", " ") for name in values)
        return edits.replace_node(network, node_id, changed, f"{names} of {node_id}")

    return Fix(label, edit)


def keep_limits(node_id: str, field: FieldInfo, value: object) -> Fix:
    """Brings a field of a node back within its limits."""
    return change_field(node_id, field.name, within_limits(field, value))


def remove(node_id: str) -> Fix:
    """Removes a node."""
    return Fix(f"Remove {node_id}", lambda network, _: edits.remove(network, [node_id]))


def insert_before(node_id: str, node: Node, what: str) -> Fix:
    """Inserts a node before another."""

    def edit(network: Network, reserved: frozenset[str]) -> Edited:
        _, place = locate(network, node_id)
        return edits.insert(network, place, node, reserved)

    return Fix(f"Insert {what} before {node_id}", edit)


def append(nodes: Sequence[Node], label: str) -> Fix:
    """Appends nodes to the network."""

    def edit(network: Network, reserved: frozenset[str]) -> Edited:
        return edits.insert(network, Place("", 0, len(network.stack)), nodes, reserved, decapitalize(label))

    return Fix(label, edit)


def set_input(field: FieldInfo, value: int) -> Fix:
    """Brings a field of the input back within its limits."""
    fitting = within_limits(field, value)

    def edit(network: Network, _: frozenset[str]) -> Edited:
        return edits.set_input(network, msgspec.structs.replace(network.input, **{field.name: fitting}))

    return Fix(f"Set {field.label} of the input to {format_value(fitting)}", edit)


def set_classes(classes: int) -> Fix:
    """Sets the task's number of classes."""

    def edit(network: Network, _: frozenset[str]) -> Edited:
        return edits.set_task(network, msgspec.structs.replace(network.task, classes=classes))

    return Fix(f"Set classes to {format_value(classes)}", edit)


def fit_groups(node_id: str, channels: int, filters: int, groups: int) -> Fix:
    """Sets the largest number of groups, at most the given one, that divides both channels and filters."""
    common = gcd(channels, filters)
    best = max(number for number in range(1, min(groups, common) + 1) if common % number == 0)
    return change_field(node_id, "groups", best)


def fit_kernel(node_id: str, size: tuple[int, int], node: Convolution | MaxPooling | AveragePooling) -> Fix:
    """Shrinks a kernel to the (padded) input; a dilated one that still does not fit gets "same" padding."""
    kernel, dilation = node.kernel_size, node.dilation if isinstance(node, Convolution) else (1, 1)
    fitting = (min(kernel[0], size[0]), min(kernel[1], size[1]))
    if (
        effective_kernel(fitting[0], dilation[0]) > size[0]
        or effective_kernel(fitting[1], dilation[1]) > size[1]
    ):
        same: Padding = "same"
        return change_field(node_id, "padding", same)
    return change_field(node_id, "kernel_size", fitting)
