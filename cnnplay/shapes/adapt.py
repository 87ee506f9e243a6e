"""A network adapted to other pictures and another number of classes, by edits that people can see.

`resize` leaves the network's input as it is: the pictures are brought to it. `stem` gives the network the pictures' own
size and changes its first layers and pools until everything fits.
"""

from collections.abc import Iterable
from typing import Literal

import msgspec

from cnnplay.network import edits, nodes
from cnnplay.network.describe import detail, shape_words
from cnnplay.network.edits import Edited
from cnnplay.network.network import Input, Network, walk
from cnnplay.network.nodes import Node
from cnnplay.shapes.arithmetic import Shape, windows
from cnnplay.shapes.infer import infer
from cnnplay.shapes.suggest import replace_head


class Adapted(msgspec.Struct, frozen=True):
    """The network adapted, and each change in words (``input: 1 × 32 × 32 becomes 1 × 28 × 28``)."""

    edited: Edited
    changes: tuple[str, ...]


def adapt(
    network: Network, input: Shape, classes: int, fit: Literal["resize", "stem"], reserved: Iterable[str] = ()
) -> Adapted:
    """The network for pictures of shape `input` (channels, height, width) in that many classes."""
    changes: list[str] = []
    changed = network
    if fit == "stem" and network.input.shape != input:
        channels, height, width = input
        changed = edits.set_input(network, Input(channels, height, width)).network
        changes.append(f"input: {shape_words(network.input.shape)} becomes {shape_words(input)}")
        changed = _fit_stem(network, changed, changes)
    changed = _fit_head(changed, classes, reserved, changes)
    if fit == "stem":
        changed = _mend(network, changed, changes, reserved)
    before = {node.id: node for node, _ in walk(network)}
    touched = tuple(node.id for node, _ in walk(changed) if before.get(node.id) != node)
    label = f"adapt to {shape_words(changed.input.shape)}, {classes:,} classes"
    return Adapted(Edited(changed, touched, label), tuple(changes))


def _fit_stem(original: Network, network: Network, changes: list[str]) -> Network:
    """The first convolution and the pool behind it, so that maps stay about as large as they were in the original.

    The rule: a reduction goes while the maps behind it stay no larger than the original's. For ResNet on 32 × 32
    this gives the usual 3 × 3 stem without a pool.
    """
    index = next((i for i, node in enumerate(network.stack) if isinstance(node, nodes.Convolution)), None)
    if index is None:
        return network
    first = network.stack[index]
    if not isinstance(first, nodes.Convolution):
        return network
    fitted = _first_convolution(original, network, first)
    if fitted == first:
        return network
    changes.append(f"{first.id}: {detail(first)} becomes {detail(fitted)}")
    network = edits.replace_node(network, first.id, fitted).network
    if first.stride == fitted.stride:
        return network
    return _drop_first_pool(original, network, index, changes)


def _first_convolution(original: Network, network: Network, conv: nodes.Convolution) -> nodes.Convolution:
    target = infer(original).nodes[conv.id].output
    given = infer(network).nodes[conv.id].input
    if target is None or given is None or len(given) != 3:
        return conv
    size = (given[1], given[2])
    if max(conv.stride) > 1 and size[0] <= target[1] and size[1] <= target[2]:
        return msgspec.structs.replace(
            conv, kernel_size=(3, 3), stride=(1, 1), padding="same", dilation=(1, 1), groups=1
        )
    if isinstance(conv.padding, str) and conv.padding == "same":
        return conv
    half = (conv.kernel_size[0] // 2, conv.kernel_size[1] // 2)
    paddings = [(p, q) for p in range(half[0] + 1) for q in range(half[1] + 1)]
    for padding in sorted(paddings, key=sum):
        if windows(size, conv.kernel_size, conv.stride, padding, conv.dilation) == target[1:]:
            same_as_now = padding == (0, 0) and conv.padding == "valid"
            return conv if same_as_now else msgspec.structs.replace(conv, padding=padding)
    return conv


def _drop_first_pool(original: Network, network: Network, index: int, changes: list[str]) -> Network:
    for node in network.stack[index + 1 :]:
        if not isinstance(node, _BEHIND_FIRST):
            return network
        if isinstance(node, (nodes.MaxPooling, nodes.AveragePooling)):
            target = infer(original).nodes[node.id].output
            given = infer(network).nodes[node.id].input
            if target and given and given[1] <= target[1] and given[2] <= target[2]:
                changes.append(f"{node.id}: removed")
                return edits.remove(network, [node.id]).network
            return network
    return network


_BEHIND_FIRST: tuple[type[Node], ...] = (
    nodes.BatchNormalisation,
    nodes.LocalResponseNormalisation,
    nodes.ReLU,
    nodes.LeakyReLU,
    nodes.Tanh,
    nodes.Sigmoid,
    nodes.GELU,
    nodes.SiLU,
    nodes.Dropout,
    nodes.MaxPooling,
    nodes.AveragePooling,
)
"""What may stand between the first convolution and the pool that belongs to it."""


def _fit_head(network: Network, classes: int, reserved: Iterable[str], changes: list[str]) -> Network:
    if network.task.classes == classes:
        return network
    edited = replace_head(network, classes, reserved)
    before = {node.id: node for node, _ in walk(network)}
    for node, _ in walk(edited.network):
        if node.id not in before:
            changes.append(f"{node.id}: added, {detail(node)}")
        elif before[node.id] != node:
            changes.append(f"{node.id}: {detail(before[node.id])} becomes {detail(node)}")
    changes.append(f"classes: {network.task.classes:,} become {classes:,}")
    return edited.network


def _mend(original: Network, network: Network, changes: list[str], reserved: Iterable[str]) -> Network:
    """Applies the mends of all faults that the original did not have, from top to bottom, until none is left."""
    old = {(fault.node, fault.field) for fault in infer(original).faults}
    for _ in range(len(infer(network).nodes) * 2 + 2):
        new = [fault for fault in infer(network).faults if (fault.node, fault.field) not in old and fault.mend]
        if not new or new[0].mend is None:
            return network
        changes.append(f"{new[0].node or 'output'}: {new[0].mend.label[:1].lower()}{new[0].mend.label[1:]}")
        network = new[0].mend.apply(network, reserved).network
    return network
