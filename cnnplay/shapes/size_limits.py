"""Sizes too large for any machine are problems, instead of a crash later."""

from math import prod

from cnnplay.shapes import fixes
from cnnplay.shapes.arithmetic import MAX_ELEMENTS, Shape
from cnnplay.shapes.problems import Problem


def oversize_problems(node_id: str, output: Shape | None, parameters: int | None) -> tuple[Problem, ...]:
    """The problem of a node with implausibly many outputs or parameters, or none."""
    limit = f"at most {MAX_ELEMENTS:,}"
    for name, number in (("output", prod(output or ())), ("parameters", parameters or 0)):
        if number > MAX_ELEMENTS:
            unit = " values" if name == "output" else ""
            message = f"{name} of {node_id} must be {limit}{unit}; got {number:,}"
            return (Problem(node_id, name, message, limit, f"{number:,}", fixes.remove(node_id)),)
    return ()
