"""What people want of the network: each intent makes one `Edited` and hands it to `apply`."""

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
from cnnplay.shapes.faults import Fault
from cnnplay.shapes.infer import infer
from cnnplay.ui.build import clipboard, placement, reasons
from cnnplay.ui.build.edited import EditedNetwork


class Preview(msgspec.Struct, frozen=True):
    """What an edit would give: the output's shape of what is placed, and how many faults it would add."""

    shape: tuple[int, ...] | None
    new_faults: int


class EditorModel(EditedNetwork):
    """The network being edited, and everything that can be done to it. Signals stand in `EditedNetwork`.

    Methods that edit return whether anything changed; why not is said by the signal `message`.
    """

    def why_not(self, action: str) -> str:
        """Why the action cannot be done now; "" when it can. The names stand in `reasons.ACTIONS`."""
        return reasons.why_not(self, action)

    # Blocks

    def insert(self, tag: str, place: Place | None = None) -> bool:
        """Puts a new block with fitting fields into a gap: behind what is chosen, unless the gap is said. It
        is chosen then, so that the next one goes behind it.
        """
        try:
            edited = self._inserted(tag, place or self.insertion_place())
        except EditError as error:
            self.message.emit(str(error))
            return False
        return self.apply(edited, select=edited.touched)

    def insertion_place(self, before: bool = False) -> Place:
        """Where a new block goes: the empty stack that is chosen, else behind the current card, else last."""
        if self.place is not None:
            return self.place
        if self.current in self.node_ids:
            if before:
                return locate(self.network, self.current)[1]
            return placement.behind(self.network, self.current)
        return Place("", 0, 0 if self.current == "input" else len(self.network.stack))

    def remove_selected(self) -> bool:
        if not self._possible("delete"):
            return False
        return self._try(lambda: edits.remove(self.network, self.selected))

    def move(self, node_ids: tuple[str, ...], place: Place) -> bool:
        """Moves blocks into a gap; they are chosen then."""
        return self._try(lambda: edits.move(self.network, node_ids, place), node_ids)

    def copy_to(self, node_ids: tuple[str, ...], place: Place) -> bool:
        """Puts copies of blocks into a gap."""
        return self._try(lambda: self._copied_to(node_ids, place))

    def step_selected(self, down: bool) -> bool:
        """Moves the chosen blocks by one place, out of their container at its end."""
        if not self._possible("move_down" if down else "move_up"):
            return False
        place = placement.step(self.network, self.selected, down)
        assert place is not None
        return self.move(self.selected, place)

    def duplicate(self) -> bool:
        if not self._possible("duplicate"):
            return False
        return self._try(lambda: edits.duplicate(self.network, self.selected, self.reserved_ids()))

    # The clipboard

    def copy(self) -> bool:
        """Lays the chosen blocks on the system's clipboard, as JSON."""
        if not self._possible("copy"):
            return False
        clipboard.put(self._chosen_nodes())
        return True

    def cut(self) -> bool:
        if not self._possible("cut"):
            return False
        clipboard.put(self._chosen_nodes())
        gone = edits.remove(self.network, self.selected)
        return self.apply(msgspec.structs.replace(gone, label=gone.label.replace("remove", "cut", 1)))

    def paste(self, place: Place | None = None) -> bool:
        """Puts the clipboard's blocks behind what is chosen."""
        try:
            blocks = clipboard.take()
        except clipboard.ClipboardError as error:
            self.message.emit(str(error))
            return False
        words = blocks[0].id if len(blocks) == 1 else f"{len(blocks)} blocks"
        where = place or self.insertion_place()
        return self._try(
            lambda: edits.insert(self.network, where, blocks, self.reserved_ids(), label=f"paste {words}")
        )

    # Structure

    def wrap_selected(self) -> bool:
        """Puts the chosen neighbours into a skip, with a projection where the shapes ask for one."""
        if not self._possible("wrap"):
            return False
        return self._try(lambda: suggest.wrap_in_skip(self.network, self.selected, self.reserved_ids()))

    def unwrap(self) -> bool:
        """Puts the body of the chosen skip (the first of the branches) in its place."""
        if not self._possible("unwrap"):
            return False
        edited = edits.unwrap(self.network, self.selected[0])
        return self.apply(edited, edited.touched or None)

    def add_branch(self) -> bool:
        """Adds an empty branch and chooses it."""
        if not self._possible("add_branch"):
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
        """Takes out the branch in which the current block lies, with all that it holds."""
        if not self._possible("remove_branch"):
            return False
        holder = self.branches_of_current()
        slot = self.place.slot if self.place else locate(self.network, self.current)[1].slot
        branches = self._branches(holder)
        rest = (*branches[:slot], *branches[slot + 1 :])
        return self.apply(
            edits.set_branches(self.network, holder, rest, f"remove a branch of {holder}"), (holder,)
        )

    # Fields

    def set_field(self, node_id: str, field: str, value: Any) -> bool:
        """Gives a field of one node another value; quick changes of one field are one step of undo."""
        return self.set_fields((node_id,), field, value)

    def set_fields(self, node_ids: tuple[str, ...], field: str, value: Any) -> bool:
        """Gives the same field of several nodes of one kind the same value."""
        key = ("field", field, *node_ids)
        return self._try(lambda: self._with_fields(node_ids, field, value), None, key)

    def set_input(self, **sizes: int) -> bool:
        """Changes the input's channels, height or width."""
        new = msgspec.structs.replace(self.network.input, **sizes)
        return self._try(lambda: edits.set_input(self.network, new), None, ("input", *sorted(sizes)))

    def set_classes(self, classes: int) -> bool:
        """Changes how many classes are told apart; the last layer is mended by its fault."""
        task = msgspec.structs.replace(self.network.task, classes=classes)
        return self._try(lambda: edits.set_task(self.network, task), None, ("classes",))

    # Whole networks

    @property
    def at_least(self) -> str:
        """``at least ``, before totals that lack what a fault hides; "" where nothing is hidden."""
        return "" if self.report.complete else "at least "

    @property
    def parameter_words(self) -> str:
        """``61,706 parameters``."""
        return f"{self.at_least}{self.report.parameters:,} parameters"

    def mend(self, fault: Fault) -> bool:
        """Makes the edit that mends a fault."""
        mend = fault.mend
        if mend is None:
            return False
        return self._try(lambda: mend.apply(self.network, self.reserved_ids()))

    def add_head(self) -> bool:
        """Puts a fitting classifier head under the stack."""
        if not self._possible("add_head"):
            return False
        return self._try(lambda: suggest.classifier_head(self.network, self.reserved_ids()))

    def load_preset(self, key: str) -> bool:
        """Puts a preset in the network's place: an edit like any other."""
        return self.open_network(preset(key).network)

    def open_network(self, network: Network) -> bool:
        """Puts another network in this one's place, as an edit that can be undone. Its first convolution is
        chosen, so that no view stands empty.
        """
        return self.apply(edits.replace_network(self.network, network), first_convolution(network))

    # What an edit would give

    def preview_insert(self, tag: str, place: Place) -> Preview | None:
        """What comes out when this block is put there; None where it cannot be."""
        return self._preview(lambda: self._inserted(tag, place))

    def preview_move(self, node_ids: tuple[str, ...], place: Place, copy: bool) -> Preview | None:
        """What comes out when these blocks are moved or copied there; None where they cannot be."""
        if copy:
            return self._preview(lambda: self._copied_to(node_ids, place))
        return self._preview(lambda: edits.move(self.network, node_ids, place))

    # The parts

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

    def _possible(self, action: str) -> bool:
        reason = self.why_not(action)
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
        return Preview(shape, len(report.faults) - len(self.report.faults))

    def _inserted(self, tag: str, place: Place) -> Edited:
        blocks = suggest.new_block(tag, self.network, place)
        label = f"insert {kind_named(tag).word}"
        return edits.insert(self.network, place, blocks, self.reserved_ids(), label)

    def _copied_to(self, node_ids: tuple[str, ...], place: Place) -> Edited:
        chosen = edits.outermost(self.network, node_ids)
        blocks = tuple(find(self.network, node_id) for node_id in chosen)
        words = chosen[0] if len(chosen) == 1 else f"{len(chosen)} blocks"
        return edits.insert(self.network, place, blocks, self.reserved_ids(), f"copy {words}")

    def _with_fields(self, node_ids: tuple[str, ...], field: str, value: Any) -> Edited:
        network = self.network
        for node_id in node_ids:
            edited = edits.replace_field(network, node_id, field, value)
            network = edited.network
        label = edited.label if len(node_ids) == 1 else f"{field.replace('_', ' ')} of {len(node_ids)} blocks"
        return Edited(network, node_ids, label)

    def _chosen_nodes(self) -> Stack:
        return tuple(find(self.network, node_id) for node_id in edits.outermost(self.network, self.selected))

    def _branches(self, holder: str) -> tuple[Stack, ...]:
        node = find(self.network, holder)
        assert isinstance(node, Branches)
        return node.branches


def first_convolution(network: Network) -> tuple[str, ...]:
    """The id of the first convolution, to be chosen when a network is opened; none where it has none."""
    found = (node.id for node in leaves(network) if isinstance(node, Convolution))
    return tuple(islice(found, 1))
