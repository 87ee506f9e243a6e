"""What fits: blocks with sensible fields for a place, skips with the projection they need, a classifier's
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
    """The shape that runs through a gap between nodes; None where it is not known."""
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
    """A new block of that kind (KeyError for an unknown one), with fields that suit the place; ids are given
    on insertion.

    A dense layer brings the flatten that it needs on maps, a skip a body that keeps the shape.
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
    """Wraps neighbouring nodes in a skip, with a projection in the shortcut where they change the shape.

    Where no projection reaches the shape, the shortcut stays empty and the fault says so.
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
    """Ends the stack in one number for each class: what is missing is put under it, a last dense layer is
    adjusted.

    EditError, with the reason, where the head is there already or the stack's output is not known.
    """
    classes = network.task.classes
    output = infer(network).output
    if output is None:
        raise EditError("mend the faults first: what the stack ends in is not known")
    if network.stack and matches_classes(output, classes):
        raise EditError(f"the stack already ends in one number for each of the {classes:,} classes")
    last = last_dense(network)
    if last is not None:
        return edits.replace_node(
            network, last.id, with_outputs(last, classes), f"{classes:,} units of {last.id}"
        )
    head = head_for(output, classes)
    if head is None:
        raise EditError(
            f"the stack ends in {shape_text(output)} numbers: a dense layer on them would need more weights "
            "than any machine holds; make them fewer first, with a stride or a pooling"
        )
    end = Place("", 0, len(network.stack))
    return edits.insert(network, end, head, reserved, "add a classifier head")


def replace_head(network: Network, classes: int, reserved: Iterable[str] = ()) -> Edited:
    """Gives the task another number of classes and the last layer as many outputs."""
    task = edits.set_task(network, type(network.task)(classes))
    output, before = infer(network).output, network.task.classes
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
