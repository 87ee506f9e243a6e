"""Whether a network tells as many classes apart as pictures have: all else about pictures can be fitted."""

from cnnplay.network.network import Network
from cnnplay.shapes.faults import Fault, Mend
from cnnplay.shapes.suggest import replace_head


def class_faults(network: Network, title: str, classes: int) -> tuple[Fault, ...]:
    """The fault of a network beside a data set called `title` of so many classes, or none."""
    told = network.task.classes
    if told == classes:
        return ()
    mend = Mend(f"Set the classes to {classes:,}", lambda it, taken: replace_head(it, classes, taken))
    message = f"the network tells {told:,} classes apart; {title} has {classes:,}"
    return (Fault("", "classes", message, f"{classes:,}", f"{told:,}", mend),)
