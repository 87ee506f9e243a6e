"""The network being edited: a value, its report, the selection, and unlimited undo.

Every edit takes the same path: a pure function returns an `Edited`, `apply` pushes it on the undo stack, and
the undo stack makes it current. Views show this state and call methods to change it. The edits themselves are
in `editor.py`.
"""

from collections.abc import Callable
from time import monotonic

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from cnnplay.network.codec import NetworkFormatError, checked
from cnnplay.network.edits import Edited
from cnnplay.network.network import Network, Place, find, locate, walk
from cnnplay.network.nodes import Branches
from cnnplay.network.presets import preset
from cnnplay.shapes.infer import infer
from cnnplay.shapes.report import Report
from cnnplay.ui.build import placement
from cnnplay.ui.build.undo import EditCommand, Selection

INPUT = "input"
"""The value of `current` when the input card is selected."""
MERGE_WITHIN_S = 1.5
"""Changes of the same field within this time are merged into one undo step."""


class EditedNetwork(QObject):
    """The state of the `EditorModel`. `changed`: network and report are new. `message(str)`: for the user."""

    changed = Signal()
    selection_changed = Signal()
    reset_done = Signal()
    undo_changed = Signal()
    message = Signal(str)

    def __init__(self, network: Network | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.undo_stack = QUndoStack(self)
        self.undo_stack.indexChanged.connect(self._undo_moved)
        self.reserved_ids: Callable[[], frozenset[str]] = frozenset
        """Ids whose trained weights are kept: no new layer gets one of them. Set by the session."""
        self.clock: Callable[[], float] = monotonic
        self._busy = False
        self._restoring = False
        self._before_change: tuple[Selection, Place | None] | None = None
        """The selection before a change that has not been announced yet."""
        self._last_key: tuple[str, ...] = ()
        self._last_time = 0.0
        self._merge_number = 0
        self._selection = Selection()
        self._place: Place | None = None
        self._network: Network
        self._report: Report
        self._set_network(network or preset("lenet-5").network)

    # State

    @property
    def network(self) -> Network:
        return self._network

    @property
    def report(self) -> Report:
        return self._report

    @property
    def node_ids(self) -> frozenset[str]:
        return self._ids

    @property
    def containers(self) -> frozenset[str]:
        """The ids of skips and branches."""
        return self._containers

    @property
    def selected(self) -> tuple[str, ...]:
        """The selected nodes in the network's order, without the input."""
        return self._selection.ids

    @property
    def current(self) -> str:
        """The card with the keyboard focus: a node's id, "input", or "" for none."""
        return self._selection.current

    @property
    def place(self) -> Place | None:
        """The empty stack (a branch, body or shortcut) that is selected instead of a node."""
        return self._place

    def branches_of_current(self) -> str:
        """The id of the selected branches, or of those directly around the current layer; else ""."""
        holder = self._place.parent if self._place else self.current
        if holder in self._containers and isinstance(find(self._network, holder), Branches):
            return holder
        if not self._place and self.current in self._ids:
            holder = locate(self._network, self.current)[1].parent
            if holder and isinstance(find(self._network, holder), Branches):
                return holder
        return ""

    def descendants(self, node_id: str) -> frozenset[str]:
        """The ids of everything inside a container."""
        return placement.descendants(find(self._network, node_id))

    def ancestors(self, node_id: str) -> tuple[str, ...]:
        """The containers around a node, innermost first; none for the input and for unknown ids."""
        found: list[str] = []
        inner = node_id
        while inner in self._ids:
            inner = locate(self._network, inner)[1].parent
            found.append(inner)
        return tuple(found[:-1])

    # Selection

    def select(self, node_ids: tuple[str, ...], current: str | None = None) -> None:
        """Selects these nodes; `current` is the last of them by default. Unknown ids are ignored."""
        known = self._ordered(node_ids)
        if current is None:
            current = node_ids[-1] if node_ids else ""
        self._set_selection(
            Selection(known, current if current in self._ids or current == INPUT else ""), None
        )

    def select_input(self) -> None:
        self._set_selection(Selection((), INPUT), None)

    def select_place(self, place: Place) -> None:
        """Selects an empty stack: the next insertion or paste goes there."""
        current = place.parent if place.parent in self._ids else ""
        self._set_selection(Selection((), current), place)

    def select_all(self) -> None:
        self.select(tuple(node.id for node in self._network.stack))

    def toggle(self, node_id: str) -> None:
        """Adds a node to the selection, or removes it."""
        if node_id in self.selected:
            rest = tuple(other for other in self.selected if other != node_id)
            self._set_selection(Selection(rest, rest[-1] if rest else ""), None)
        else:
            self._set_selection(Selection(self._ordered((*self.selected, node_id)), node_id), None)

    # Edits and undo

    def apply(
        self, edited: Edited, select: tuple[str, ...] | None = None, merge_key: tuple[str, ...] = ()
    ) -> bool:
        """Makes an undoable edit and selects `select`; returns whether anything changed."""
        if edited.network == self._network:
            return False
        try:
            checked(edited.network)
        except NetworkFormatError as error:
            self.message.emit(error.reason)
            return False
        before = (self._network, self._selection)
        after = (edited.network, self._selection_after(edited, select))
        command = EditCommand(self._show, before, after, edited.label, self._merge_key(merge_key))
        self._change(lambda: self.undo_stack.push(command))
        return True

    def reset(self, network: Network) -> None:
        """Opens another document and clears the undo history."""
        self.undo_stack.clear()
        self.stop_merging()
        self._selection, self._place = Selection(), None
        self._set_network(network)
        self._restore(self._emit_all)

    def _emit_all(self) -> None:
        self.reset_done.emit()
        self.changed.emit()
        self.selection_changed.emit()

    def stop_merging(self) -> None:
        """Makes the next change an undo step of its own, however quickly it follows."""
        self._last_key = ()

    def undo(self) -> None:
        self.stop_merging()
        self._restore(lambda: self._change(self.undo_stack.undo))

    def redo(self) -> None:
        self.stop_merging()
        self._restore(lambda: self._change(self.undo_stack.redo))

    @property
    def restoring(self) -> bool:
        """Whether the change being announced is an undo, a redo or another document.

        Responding to it with an edit would make undo impossible, or change what was just opened.
        """
        return self._restoring

    def _restore(self, act: Callable[[], object]) -> None:
        self._restoring = True
        try:
            act()
        finally:
            self._restoring = False

    def _undo_moved(self, _index: int) -> None:
        if not self._busy:
            self._announce()
        self.undo_changed.emit()

    def _set_network(self, network: Network) -> None:
        self._network = network
        self._report = infer(network)
        self._order = tuple(node.id for node, _ in walk(network))
        self._ids = frozenset(self._order)
        self._containers = placement.containers(network)

    def _show(self, network: Network, selection: Selection) -> None:
        """Called by the undo stack for new edits, undo and redo."""
        if self._before_change is None:
            self._before_change = (self._selection, self._place)
        self._set_network(network)
        self._selection = selection
        if self._place is not None and not placement.is_empty(network, self._place):
            self._place = None

    def _change(self, act: Callable[[], object]) -> None:
        """Runs the undo stack's operation, then announces the change.

        An edit made in response to another one (classes fitted to new data) thus comes after it.
        """
        self._busy = True
        try:
            act()
        finally:
            self._busy = False
        self._announce()

    def _announce(self) -> None:
        before, self._before_change = self._before_change, None
        if before is None:
            return
        current = (self._selection, self._place)
        self.changed.emit()
        if current != before:
            self.selection_changed.emit()

    def _set_selection(self, selection: Selection, place: Place | None) -> None:
        if (selection, place) == (self._selection, self._place):
            return
        self._selection, self._place = selection, place
        self.stop_merging()
        self.selection_changed.emit()

    def _selection_after(self, edited: Edited, select: tuple[str, ...] | None) -> Selection:
        """New layers are selected; else the selection is kept as far as it exists; else a neighbor."""
        left = {node.id for node, _ in walk(edited.network)}
        if select is None:
            new = tuple(node_id for node_id in edited.touched if node_id not in self._ids and node_id in left)
            select = new if len(new) < len(left) else ()
        if select:
            return Selection(select, select[-1])
        kept = tuple(node_id for node_id in self.selected if node_id in left)
        if self.current in left or self.current in (INPUT, ""):
            return Selection(kept, self.current)
        if kept:
            return Selection(kept, kept[-1])
        first = next((node_id for node_id in self.selected or (self.current,)), "")
        where = locate(self._network, first)[1] if first in self._ids else Place("", 0, 0)
        fallback = placement.fallback_selection(edited.network, where)
        return Selection((fallback,) if fallback else (), fallback or INPUT)

    def _ordered(self, node_ids: tuple[str, ...]) -> tuple[str, ...]:
        wanted = set(node_ids)
        return tuple(node_id for node_id in self._order if node_id in wanted)

    def _merge_key(self, key: tuple[str, ...]) -> tuple[str, ...]:
        """The key under which a change is merged into the step before it; a new key after a pause."""
        now = self.clock()
        if not key or key != self._last_key or now - self._last_time > MERGE_WITHIN_S:
            self._merge_number += 1
        self._last_key, self._last_time = key, now
        return (*key, str(self._merge_number)) if key else ()
