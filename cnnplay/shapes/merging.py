"""The output shape of a merge, and the problem and its fix if the shapes do not fit together."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import msgspec

from cnnplay.network import edits
from cnnplay.network.describe import shape_text
from cnnplay.network.edits import Edited
from cnnplay.network.network import Network, ids
from cnnplay.network.nodes import Branches, Merge, Skip, Stack
from cnnplay.shapes.arithmetic import Shape
from cnnplay.shapes.problems import Fix, Problem, decapitalize
from cnnplay.shapes.projection import projection, uses_batch_norm, with_same_padding

ShapeOf: TypeAlias = Callable[[Stack], Shape | None]
"""The output shape of a stack that reads the container's input."""


def merged(merge: Merge, shapes: Sequence[Shape | None]) -> Shape | None:
    """The merge's output; if the shapes do not fit, the most likely intention: the first one's height and
    width."""
    known = [shape for shape in shapes if shape is not None]
    if not known:
        return None
    if merge == "add":
        return known[0]
    if len(known) < len(shapes) or len({len(shape) for shape in known}) > 1:
        return None
    return (sum(shape[0] for shape in known), *known[0][1:])


def fits(merge: Merge, shapes: Sequence[Shape | None]) -> bool:
    """Whether the known shapes can be merged: equal for add, equal height and width for concatenate."""
    known = [shape for shape in shapes if shape is not None]
    return len({(len(shape), shape if merge == "add" else shape[1:]) for shape in known}) <= 1


def merge_problem(
    node: Skip | Branches, source: Shape, shapes: Sequence[Shape | None], shape_of: ShapeOf
) -> Problem:
    """The problem of a container whose paths end in shapes that cannot be merged."""
    if isinstance(node, Branches):
        return _branches_problem(node, source, shapes, shape_of)
    body, shortcut = shapes
    if body is None or shortcut is None:
        raise ValueError("unknown shapes cannot differ")
    return _skip_problem(node, source, body, shortcut, shape_of)


def _skip_problem(skip: Skip, source: Shape, body: Shape, shortcut: Shape, shape_of: ShapeOf) -> Problem:
    """The problem of a skip whose two paths end in shapes that cannot be merged."""
    given = f"the body outputs {shape_text(body)}, the shortcut {shape_text(shortcut)}"
    message = f"{skip.id}: {given}; {_need(skip.merge)}"
    expected = shape_text(_target(skip.merge, shortcut, body))
    return Problem(
        skip.id, "merge", message, expected, shape_text(shortcut), _skip_fix(skip, source, body, shape_of)
    )


def _branches_problem(
    branches: Branches, source: Shape, shapes: Sequence[Shape | None], shape_of: ShapeOf
) -> Problem:
    """The problem of branches that end in shapes that cannot be merged."""
    given = ", ".join(shape_text(shape) for shape in shapes)
    message = f"{branches.id}: the branches output {given}; {_need(branches.merge)}"
    expected = "equal shapes" if branches.merge == "add" else "equal height and width"
    return Problem(
        branches.id, "merge", message, expected, given, _branches_fix(branches, source, shapes, shape_of)
    )


def _need(merge: Merge) -> str:
    if merge == "add":
        return "add needs equal shapes"
    return "concatenate needs equal height and width"


def _target(merge: Merge, source: Shape, other: Shape) -> Shape:
    """The shape that `source` must get to merge with `other`: the same for add, the same height and width for
    concatenate."""
    if merge == "add" or len(source) != len(other):
        return other
    return (source[0], *other[1:])


def _skip_fix(skip: Skip, source: Shape, body: Shape, shape_of: ShapeOf) -> Fix | None:
    target = _target(skip.merge, source, body)
    shortcut = projection(source, target, uses_batch_norm(skip.body))
    if shortcut is not None:
        if not shortcut:
            return _replace_skip(skip, skip.body, (), "Clear the shortcut")
        same_size = len(source) == 3 and source[1:] == target[1:]
        text = f"{target[0]:,}" if same_size else shape_text(target)
        return _replace_skip(skip, skip.body, shortcut, f"Project the shortcut to {text}")
    kept = with_same_padding(skip.body)
    reached = shape_of(kept)
    if reached is None:
        return None
    label = f"Pad inside {skip.id} to keep the size"
    if fits(skip.merge, (reached, shape_of(skip.shortcut))):
        return _replace_skip(skip, kept, None, label)
    shortcut = projection(source, _target(skip.merge, source, reached), uses_batch_norm(kept))
    if shortcut is None:
        return None
    return _replace_skip(skip, kept, shortcut, f"Pad inside {skip.id} and project the shortcut")


def _replace_skip(skip: Skip, body: Stack, shortcut: Stack | None, label: str) -> Fix:
    """Replaces body and shortcut; None keeps the shortcut, any other gets new ids."""

    def edit(network: Network, reserved: frozenset[str]) -> Edited:
        taken = set(ids(network)) | reserved
        new = skip.shortcut if shortcut is None else edits.with_new_ids(shortcut, taken)
        changed = msgspec.structs.replace(skip, body=body, shortcut=new)
        return edits.replace_node(network, skip.id, changed, decapitalize(label))

    return Fix(label, edit)


def _branches_fix(
    branches: Branches, source: Shape, shapes: Sequence[Shape | None], shape_of: ShapeOf
) -> Fix | None:
    kept = tuple(with_same_padding(branch) for branch in branches.branches)
    candidates = (
        (branches.branches, shapes),
        (kept, [shape_of(branch) for branch in kept]),
    )
    for stacks, reached in candidates:
        changed = _projected(stacks, reached, branches.merge)
        if changed is not None:
            text = (
                "Project the branches to"
                if stacks is branches.branches
                else "Pad and project the branches to"
            )
            return _replace_branches(branches, *changed, text)
    return None


def _projected(
    stacks: tuple[Stack, ...], shapes: Sequence[Shape | None], merge: Merge
) -> tuple[tuple[Stack, ...], tuple[Stack, ...], Shape] | None:
    """The stacks, the projection that each needs, and the shape they then share: the smallest that all can
    reach."""
    known = [shape for shape in shapes if shape is not None]
    if len(known) < len(shapes):
        return None
    for target in sorted(set(known), key=lambda shape: (len(shape), shape[1:], known.index(shape))):
        missing = [
            projection(shape, _target(merge, shape, target), uses_batch_norm(stack))
            for shape, stack in zip(known, stacks, strict=True)
        ]
        if all(stack is not None for stack in missing):
            return stacks, tuple(stack for stack in missing if stack is not None), target
    return None


def _replace_branches(
    branches: Branches, stacks: tuple[Stack, ...], missing: tuple[Stack, ...], target: Shape, text: str
) -> Fix:
    size = target if branches.merge == "add" or len(target) == 1 else target[1:]
    label = f"{text} {shape_text(size)}"

    def edit(network: Network, reserved: frozenset[str]) -> Edited:
        taken = set(ids(network)) | reserved
        changed = tuple(
            (*stack, *edits.with_new_ids(added, taken)) for stack, added in zip(stacks, missing, strict=True)
        )
        return edits.set_branches(network, branches.id, changed, decapitalize(label))

    return Fix(label, edit)
