"""Whether a network tells as many classes apart as pictures have: all else about pictures can be fitted."""

from cnnplay.network.network import Network
from cnnplay.shapes.problems import Fix, Problem
from cnnplay.shapes.suggest import replace_head


def class_problems(network: Network, title: str, classes: int) -> tuple[Problem, ...]:
    """The fault of a network beside a data set called `title` of so many classes, or none."""
    told = network.task.classes
    if told == classes:
        return ()
    fix = Fix(f"Set the classes to {classes:,}", lambda it, taken: replace_head(it, classes, taken))
    message = f"the network tells {told:,} classes apart; {title} has {classes:,}"
    return (Problem("", "classes", message, f"{classes:,}", f"{told:,}", fix),)
