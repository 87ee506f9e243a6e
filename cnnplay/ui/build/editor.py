"""Everything the user can do to the network: each action makes one `Edited` and passes it to `apply`."""

from collections.abc import Callable
from itertools import islice
from typing import Any

import msgspec

from cnnplay.network import edits
from cnnplay.network.edits import Edited, EditError
from cnnplay.network.kinds import kind_named
from cnnplay.network.network import Network, Place, find, leaves, locate
from cnnplay.network.nodes import Branches, Convolution, Stack
from cnnplay.network.presets import preset
from cnnplay.shapes import suggest
from cnnplay.shapes.infer import infer
from cnnplay.shapes.problems import Problem
from cnnplay.ui.build import clipboard, disabled_reasons, placement
from cnnplay.ui.build.edited_network import EditedNetwork


class Preview(msgspec.Struct, frozen=True):
    """The effect of an edit: the output shape of the placed layer, and how many problems it would add."""

    shape: tuple[int, ...] | None
    new_problems: int


class EditorModel(EditedNetwork):
    """The network being edited, with all its edits. Its signals are in `EditedNetwork`.

    Editing methods return whether anything changed; if not, the signal `message` says why.
    """

    def disabled_reason(self, action: str) -> str:
        """Why the action is unavailable; "" when it is available. Names: `disabled_reasons.ACTIONS`."""
        return disabled_reasons.disabled_reason(self, action)

    # Layers

    def insert(self, tag: str, place: Place | None = None) -> bool:
        """Inserts a new layer with suitable fields, by default after the selection, and selects it, so that
        the next one goes after it.
        """
        try:
            edited = self._inserted(tag, place or self.insertion_place())
        except EditError as error:
            self.message.emit(str(error))
            return False
        return self.apply(edited, select=edited.touched)

    def insertion_place(self, before: bool = False) -> Place:
        """Where a new layer goes: into the selected empty stack, else after the current card, else last."""
        if self.place is not None:
            return self.place
        if self.current in self.node_ids:
            if before:
                return locate(self.network, self.current)[1]
            return placement.after(self.network, self.current)
        return Place("", 0, 0 if self.current == "input" else len(self.network.stack))

    def remove_selected(self) -> bool:
        if not self._is_available("delete"):
            return False
        return self._try(lambda: edits.remove(self.network, self.selected))

    def move(self, node_ids: tuple[str, ...], place: Place) -> bool:
        """Moves layers to a place and selects them."""
        return self._try(lambda: edits.move(self.network, node_ids, place), node_ids)

    def copy_to(self, node_ids: tuple[str, ...], place: Place) -> bool:
        """Inserts copies of layers at a place."""
        return self._try(lambda: self._copied_to(node_ids, place))

    def step_selected(self, down: bool) -> bool:
        """Moves the selected layers by one place, or out of their container at its end."""
        if not self._is_available("move_down" if down else "move_up"):
            return False
        place = placement.move_target(self.network, self.selected, down)
        assert place is not None
        return self.move(self.selected, place)

    def duplicate(self) -> bool:
        if not self._is_available("duplicate"):
            return False
        return self._try(lambda: edits.duplicate(self.network, self.selected, self.reserved_ids()))

    # The clipboard

    def copy(self) -> bool:
        """Copies the selected layers to the system clipboard as JSON."""
        if not self._is_available("copy"):
            return False
        clipboard.put(self._selected_nodes())
        return True

    def cut(self) -> bool:
        if not self._is_available("cut"):
            return False
        clipboard.put(self._selected_nodes())
        label = f"cut {_names(edits.outermost(self.network, self.selected))}"
        edited = edits.remove(self.network, self.selected)
        return self.apply(msgspec.structs.replace(edited, label=label))

    def paste(self) -> bool:
        """Inserts the layers on the clipboard after the selection."""
        try:
            nodes = clipboard.take()
        except clipboard.ClipboardError as error:
            self.message.emit(str(error))
            return False
        label = f"paste {_names(tuple(node.id for node in nodes))}"
        where = self.insertion_place()
        return self._try(lambda: edits.insert(self.network, where, nodes, self.reserved_ids(), label))

    # Structure

    def wrap_selected(self) -> bool:
        """Wraps the selected adjacent layers in a skip, with a projection where the shapes differ."""
        if not self._is_available("wrap"):
            return False
        return self._try(lambda: suggest.wrap_in_skip(self.network, self.selected, self.reserved_ids()))

    def unwrap(self) -> bool:
        """Replaces the selected skip by its body, or the selected branches by the first branch."""
        if not self._is_available("unwrap"):
            return False
        edited = edits.unwrap(self.network, self.selected[0])
        return self.apply(edited, edited.touched or None)

    def add_branch(self) -> bool:
        """Adds an empty branch and selects it."""
        if not self._is_available("add_branch"):
            return False
        holder = self.branches_of_current()
        branches = self._branches(holder)
        done = self.apply(
            edits.set_branches(self.network, holder, (*branches, ()), f"add a branch to {holder}"), (holder,)
        )
        if done:
            self.select_place(Place(holder, len(branches), 0))
        return done

    def remove_branch(self) -> bool:
        """Removes the branch that contains the current layer, with everything in it."""
        if not self._is_available("remove_branch"):
            return False
        holder = self.branches_of_current()
        slot = self.place.slot if self.place else locate(self.network, self.current)[1].slot
        branches = self._branches(holder)
        rest = (*branches[:slot], *branches[slot + 1 :])
        return self.apply(
            edits.set_branches(self.network, holder, rest, f"remove a branch of {holder}"), (holder,)
        )

    # Fields

    def set_fields(self, node_ids: tuple[str, ...], field: str, value: Any) -> bool:
        """Sets the same field of nodes of one kind; quick changes of the same field are one undo step."""
        key = ("field", field, *node_ids)
        return self._try(lambda: self._with_fields(node_ids, field, value), None, key)

    def set_input(self, **sizes: int) -> bool:
        """Sets the input's channels, height or width."""
        new = msgspec.structs.replace(self.network.input, **sizes)
        return self._try(lambda: edits.set_input(self.network, new), None, ("input", *sorted(sizes)))

    def set_classes(self, classes: int) -> bool:
        """Sets the number of classes; the last layer then has a problem with a fix for its size."""
        task = msgspec.structs.replace(self.network.task, classes=classes)
        return self._try(lambda: edits.set_task(self.network, task), None, ("classes",))

    # Whole networks

    @property
    def at_least(self) -> str:
        """``at least ``, before totals that are incomplete because of a problem; else ""."""
        return "" if self.report.complete else "at least "

    @property
    def parameter_text(self) -> str:
        """``61,706 parameters``."""
        return f"{self.at_least}{self.report.parameters:,} parameters"

    def fix(self, problem: Problem) -> bool:
        """Applies the fix of a problem."""
        fix = problem.fix
        if fix is None:
            return False
        return self._try(lambda: fix.apply(self.network, self.reserved_ids()))

    def add_head(self) -> bool:
        """Appends a suitable classifier head to the stack."""
        if not self._is_available("add_head"):
            return False
        return self._try(lambda: suggest.classifier_head(self.network, self.reserved_ids()))

    def load_preset(self, key: str) -> bool:
        """Replaces the network by a preset; can be undone."""
        return self.open_network(preset(key).network)

    def open_network(self, network: Network) -> bool:
        """Replaces the network; can be undone. Selects its first convolution, so that no view is empty."""
        return self.apply(edits.replace_network(self.network, network), first_convolution(network))

    # Previews

    def preview_insert(self, tag: str, place: Place) -> Preview | None:
        """The effect of inserting this layer at a place; None where that is not possible."""
        return self._preview(lambda: self._inserted(tag, place))

    def preview_move(self, node_ids: tuple[str, ...], place: Place, copy: bool) -> Preview | None:
        """The effect of moving or copying these layers to a place; None where that is not possible."""
        if copy:
            return self._preview(lambda: self._copied_to(node_ids, place))
        return self._preview(lambda: edits.move(self.network, node_ids, place))

    # Internals

    def _try(
        self,
        make: Callable[[], Edited],
        select: tuple[str, ...] | None = None,
        merge_key: tuple[str, ...] = (),
    ) -> bool:
        try:
            edited = make()
        except EditError as error:
            self.message.emit(str(error))
            return False
        return self.apply(edited, select, merge_key)

    def _is_available(self, action: str) -> bool:
        reason = self.disabled_reason(action)
        if reason:
            self.message.emit(reason)
        return not reason

    def _preview(self, make: Callable[[], Edited]) -> Preview | None:
        try:
            edited = make()
        except EditError:
            return None
        report = infer(edited.network)
        placed = edited.touched[-1] if edited.touched else ""
        shape = report.nodes[placed].output if placed in report.nodes else report.output
        return Preview(shape, len(report.problems) - len(self.report.problems))

    def _inserted(self, tag: str, place: Place) -> Edited:
        nodes = suggest.new_nodes(tag, self.network, place)
        label = f"insert {kind_named(tag).name}"
        return edits.insert(self.network, place, nodes, self.reserved_ids(), label)

    def _copied_to(self, node_ids: tuple[str, ...], place: Place) -> Edited:
        outermost = edits.outermost(self.network, node_ids)
        nodes = tuple(find(self.network, node_id) for node_id in outermost)
        return edits.insert(self.network, place, nodes, self.reserved_ids(), f"copy {_names(outermost)}")

    def _with_fields(self, node_ids: tuple[str, ...], field: str, value: Any) -> Edited:
        network = self.network
        for node_id in node_ids:
            edited = edits.replace_field(network, node_id, field, value)
            network = edited.network
        label = edited.label if len(node_ids) == 1 else f"{field.replace('_', ' ')} of {len(node_ids)} layers"
        return Edited(network, node_ids, label)

    def _selected_nodes(self) -> Stack:
        return tuple(find(self.network, node_id) for node_id in edits.outermost(self.network, self.selected))

    def _branches(self, holder: str) -> tuple[Stack, ...]:
        node = find(self.network, holder)
        assert isinstance(node, Branches)
        return node.branches


def _names(node_ids: tuple[str, ...]) -> str:
    return node_ids[0] if len(node_ids) == 1 else f"{len(node_ids)} layers"


def first_convolution(network: Network) -> tuple[str, ...]:
    """The id of the first convolution, to select when a network is opened; empty where there is none."""
    found = (node.id for node in leaves(network) if isinstance(node, Convolution))
    return tuple(islice(found, 1))
