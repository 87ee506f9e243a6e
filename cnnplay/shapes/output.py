"""The problem of a network that does not end in one score per class."""

from cnnplay.network.describe import shape_text
from cnnplay.network.fields import fields_of, violated_limit
from cnnplay.network.network import Network
from cnnplay.network.nodes import Flatten
from cnnplay.shapes import fixes
from cnnplay.shapes.arithmetic import Shape
from cnnplay.shapes.head import head_for, last_dense
from cnnplay.shapes.problems import Fix, Problem


def output_problems(network: Network, output: Shape | None) -> tuple[Problem, ...]:
    """The output's problem, or none. An unknown output has its cause elsewhere and is not reported here."""
    classes = network.task.classes
    (field,) = fields_of(type(network.task))
    if violated_limit(field, classes) is not None:
        return ()
    expected = f"one score for each of the {classes:,} classes"
    if not network.stack:
        message = f"the network must end in {expected}; it is empty"
        fix = None if output is None else _add_head(output, classes)
        return (Problem("", "output", message, expected, "an empty network", fix),)
    if output is None or matches_classes(output, classes):
        return ()
    found = f"{shape_text(output)} values"
    message = f"the network must end in {expected}; got {found}"
    return (Problem("", "output", message, expected, found, _fix(network, output, classes)),)


def matches_classes(output: Shape | None, classes: int) -> bool:
    """Whether an output suits this many classes: one score for each, or a single one for two."""
    return output == (classes,) or (output == (1,) and classes == 2)


def _fix(network: Network, output: Shape, classes: int) -> Fix | None:
    last = last_dense(network)
    if last is not None:
        return fixes.change_field(last.id, "units", classes)
    return _add_head(output, classes)


def _add_head(output: Shape, classes: int) -> Fix | None:
    missing = head_for(output, classes)
    if missing is None:
        return None
    flatten_alone = bool(missing) and isinstance(missing[-1], Flatten)
    return fixes.append(missing, "Add a flatten layer" if flatten_alone else "Add a classifier head")
