"""The fault of a network that does not end in one number for each class."""

from cnnplay.network.describe import shape_words
from cnnplay.network.fields import complaint, fields_of
from cnnplay.network.network import Network
from cnnplay.network.nodes import Flatten
from cnnplay.shapes import mends
from cnnplay.shapes.arithmetic import Shape
from cnnplay.shapes.faults import Fault, Mend
from cnnplay.shapes.head import head_for, last_dense


def output_faults(network: Network, output: Shape | None) -> tuple[Fault, ...]:
    """The output's fault, or none. An unknown output has its reason elsewhere and is none here."""
    classes = network.task.classes
    (field,) = fields_of(type(network.task))
    if complaint(field, classes) is not None:
        return ()
    expected = f"one number for each of the {classes:,} classes"
    if not network.stack:
        message = f"the network must end in {expected}; it is empty"
        mend = None if output is None else _add_head(output, classes)
        return (Fault("", "output", message, expected, "an empty network", mend),)
    if output is None or tells_apart(output, classes):
        return ()
    found = f"{shape_words(output)} numbers"
    message = f"the network must end in {expected}; got {found}"
    return (Fault("", "output", message, expected, found, _mend(network, output, classes)),)


def tells_apart(output: Shape | None, classes: int) -> bool:
    """Whether an output is enough for so many classes: a number for each, or a single one for two."""
    return output == (classes,) or (output == (1,) and classes == 2)


def _mend(network: Network, output: Shape, classes: int) -> Mend | None:
    last = last_dense(network)
    if last is not None:
        return mends.change_field(last.id, "units", classes)
    return _add_head(output, classes)


def _add_head(output: Shape, classes: int) -> Mend | None:
    missing = head_for(output, classes)
    if missing is None:
        return None
    flatten_alone = bool(missing) and isinstance(missing[-1], Flatten)
    return mends.append(missing, "Add flatten" if flatten_alone else "Add a classifier head")
