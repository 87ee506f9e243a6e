"""Adapts a network to other images and another number of classes, by edits that users can see.

`resize` keeps the network's input: the images are resized to it. `stem` gives the network the images' own
size and changes its first layers and pools until everything fits.
"""

from collections.abc import Iterable
from typing import Literal

import msgspec

from cnnplay.network.describe import shape_text
from cnnplay.network.edits import Edited
from cnnplay.network.network import Input, Network, walk
from cnnplay.shapes.arithmetic import Shape
from cnnplay.shapes.changes import changes
from cnnplay.shapes.infer import infer
from cnnplay.shapes.stem import fit_stem
from cnnplay.shapes.suggest import replace_head


class Adapted(msgspec.Struct, frozen=True):
    """The adapted network, and a line for each change (``input: 1 × 32 × 32 becomes 1 × 28 × 28``)."""

    edited: Edited
    changes: tuple[str, ...]


def adapt(
    network: Network,
    input: Shape,  # noqa: A002
    classes: int,
    fit: Literal["resize", "stem"],
    reserved: Iterable[str] = (),
) -> Adapted:
    """The network for images of shape `input` (channels, height, width) and this many classes.

    Problems that the network had before stay; with `stem`, those caused by the new input are fixed.
    """
    changed = network
    if fit == "stem" and network.input.shape != input:
        channels, height, width = input
        changed = fit_stem(network, Input(channels, height, width))
    changed = replace_head(changed, classes, reserved).network
    if fit == "stem":
        changed = _apply_fixes(network, changed, frozenset(reserved))
    before = {node.id: node for node, _ in walk(network)}
    touched = tuple(node.id for node, _ in walk(changed) if before.get(node.id) != node)
    label = f"fit to {shape_text(changed.input.shape)}, {classes:,} classes"
    return Adapted(Edited(changed, touched, label), changes(network, changed))


def _apply_fixes(original: Network, network: Network, reserved: frozenset[str]) -> Network:
    """Applies the fixes of all problems that the original did not have, from top to bottom, until none is
    left."""
    old = {(problem.node, problem.field) for problem in infer(original).problems}
    for _ in range(2 * len(infer(network).nodes) + 2):
        fixes = (
            problem.fix for problem in infer(network).problems if (problem.node, problem.field) not in old
        )
        fix = next((fix for fix in fixes if fix is not None), None)
        if fix is None:
            break
        network = fix.apply(network, reserved).network
    return network
