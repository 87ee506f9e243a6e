"""What each task requires of a network's output, by its key."""

from collections.abc import Callable

from cnnplay.network.network import Network
from cnnplay.shapes.arithmetic import Shape
from cnnplay.shapes.output import output_problems
from cnnplay.shapes.problems import Problem

TASK_SHAPES: dict[str, Callable[[Network, Shape | None], tuple[Problem, ...]]] = {
    "classification": output_problems,
}
"""The problems of an output of this shape (None if it is unknown), with the edits that fix them."""
