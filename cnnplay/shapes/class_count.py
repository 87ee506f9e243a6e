"""Whether a network has as many classes as a data set: everything else about the images can be fitted."""

from cnnplay.network.network import Network
from cnnplay.shapes.problems import Fix, Problem
from cnnplay.shapes.suggest import replace_head


def class_problems(network: Network, title: str, classes: int) -> tuple[Problem, ...]:
    """The problem of a network whose number of classes differs from a data set's, or none."""
    outputs = network.task.classes
    if outputs == classes:
        return ()
    fix = Fix(
        f"Set classes to {classes:,}", lambda network, reserved: replace_head(network, classes, reserved)
    )
    message = f"the network has {outputs:,} classes; {title} has {classes:,}"
    return (Problem("", "classes", message, f"{classes:,}", f"{outputs:,}", fix),)
