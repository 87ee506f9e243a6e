"""Sizes that no machine holds: faults instead of a crash later on."""

from math import prod

from cnnplay.shapes import fixes
from cnnplay.shapes.arithmetic import MAX_ELEMENTS, Shape
from cnnplay.shapes.problems import Problem


def oversize_problems(node_id: str, output: Shape | None, parameters: int | None) -> tuple[Problem, ...]:
    """The fault of a node whose output or parameters are more numbers than can be meant."""
    limit = f"at most {MAX_ELEMENTS:,}"
    for name, number in (("output", prod(output or ())), ("parameters", parameters or 0)):
        if number > MAX_ELEMENTS:
            message = f"{name} of {node_id} must be {limit} numbers; got {number:,}"
            return (Problem(node_id, name, message, limit, f"{number:,}", fixes.remove(node_id)),)
    return ()
