"""One undo step: the networks before and after. There is no inverse operation to get wrong."""

from collections.abc import Callable
from typing import TypeAlias

import msgspec
from PySide6.QtGui import QUndoCommand

from cnnplay.network.network import Network

_MERGEABLE = 1
_ALONE = -1


class Selection(msgspec.Struct, frozen=True):
    """Selected node ids in the network's order, and the card with the keyboard focus."""

    ids: tuple[str, ...] = ()
    current: str = ""


ShowNetwork: TypeAlias = Callable[[Network, Selection], None]


class EditCommand(QUndoCommand):
    """(before, after, label). Two quick changes of the same field are merged into one step."""

    def __init__(
        self,
        show: ShowNetwork,
        before: tuple[Network, Selection],
        after: tuple[Network, Selection],
        label: str,
        merge_key: tuple[str, ...] = (),
    ) -> None:
        super().__init__(label)
        self._show = show
        self._before = before
        self._after = after
        self._key = merge_key

    def undo(self) -> None:
        self._show(*self._before)

    def redo(self) -> None:
        self._show(*self._after)

    def id(self) -> int:
        return _MERGEABLE if self._key else _ALONE

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, EditCommand) or other._key != self._key:
            return False
        self._after = other._after
        # A field that is back at its old value leaves nothing to undo.
        self.setObsolete(self._after[0] == self._before[0])
        return True
