"""Suggestions that fit: new nodes with sensible fields, skips with the projection they need, a classifier
head."""

from collections.abc import Iterable

from cnnplay.network import edits
from cnnplay.network.describe import shape_text
from cnnplay.network.edits import Edited, EditError
from cnnplay.network.network import Network, Place, locate, stack_at
from cnnplay.network.nodes import Node, Stack
from cnnplay.shapes import node_defaults
from cnnplay.shapes.arithmetic import Shape
from cnnplay.shapes.head import head_for, last_dense, output_layer, with_outputs
from cnnplay.shapes.infer import infer
from cnnplay.shapes.output import matches_classes
from cnnplay.shapes.projection import projection, uses_batch_norm


def shape_at(network: Network, place: Place) -> Shape | None:
    """The shape at a place between nodes; None if unknown."""
    report = infer(network)
    if place.index > 0:
        stack = stack_at(network, place.parent, place.slot)
        if stack:
            return report.nodes[stack[min(place.index, len(stack)) - 1].id].output
    if place.parent:
        return report.nodes[place.parent].input
    invalid = any(problem.field == "input" for problem in report.problems_of(""))
    return None if invalid else network.input.shape


def new_nodes(tag: str, network: Network, place: Place) -> tuple[Node, ...]:
    """New nodes of a kind (KeyError for an unknown one), with fields that suit the place; ids are assigned on
    insertion.

    After feature maps a dense layer comes with the flatten that it needs; a skip has a body that keeps the
    shape.
    """
    last = not place.parent and place.index >= len(network.stack)
    situation = node_defaults.InsertionContext(
        shape=shape_at(network, place),
        channels_before=node_defaults.filters_before(network, place),
        batch_norm=uses_batch_norm(network.stack),
        classes=network.task.classes if last else None,
    )
    return node_defaults.default_nodes(tag, situation)


def wrap_in_skip(network: Network, node_ids: Iterable[str], reserved: Iterable[str] = ()) -> Edited:
    """Wraps adjacent nodes in a skip, with a projection in the shortcut if they change the shape.

    If no projection can produce the shape, the shortcut stays empty and the network has a problem.
    """
    selected = edits.outermost(network, node_ids)
    shortcut: Stack = ()
    if selected:
        report = infer(network)
        source, target = report.nodes[selected[0]].input, report.nodes[selected[-1]].output
        if source is not None and target is not None:
            body = tuple(locate(network, node_id)[0] for node_id in selected)
            shortcut = projection(source, target, uses_batch_norm(body)) or ()
    return edits.wrap_in_skip(network, selected, shortcut, reserved=reserved)


def classifier_head(network: Network, reserved: Iterable[str] = ()) -> Edited:
    """Makes the stack end in one score per class: appends the missing layers, or adjusts a last dense layer.

    EditError, with the reason, if there already is a head or the stack's output is unknown.
    """
    classes = network.task.classes
    output = infer(network).output
    if output is None:
        raise EditError("fix the problems first: the output shape is unknown")
    if network.stack and matches_classes(output, classes):
        raise EditError(f"the network already ends in a {classes:,}-class output layer")
    last = last_dense(network)
    if last is not None:
        return edits.replace_node(
            network, last.id, with_outputs(last, classes), f"{classes:,} units of {last.id}"
        )
    head = head_for(output, classes)
    if head is None:
        raise EditError(
            f"the network ends in {shape_text(output)} values: a dense layer on them would need too many "
            "weights; reduce the size first, with strides or pooling"
        )
    end = Place("", 0, len(network.stack))
    return edits.insert(network, end, head, reserved, "add a classifier head")


def replace_head(network: Network, classes: int, reserved: Iterable[str] = ()) -> Edited:
    """Sets the task's number of classes and gives the last layer as many outputs."""
    task = edits.set_task(network, type(network.task)(classes))
    output, before = infer(network).output, network.task.classes
    if output == (1,) and matches_classes(output, classes):
        return task  # one logit tells two classes apart
    last = output_layer(network, before) if output in (None, (before,)) else last_dense(network)
    if last is not None:
        changed = edits.replace_node(task.network, last.id, with_outputs(last, classes))
        return Edited(changed.network, (last.id,), task.label)
    if output != (before,) or before == classes:
        return task
    head = head_for(output, classes)
    if head is None:
        return task
    added = edits.insert(task.network, Place("", 0, len(network.stack)), head, reserved)
    return Edited(added.network, added.touched, task.label)
