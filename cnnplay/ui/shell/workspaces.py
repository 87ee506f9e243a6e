"""The workspaces: one row for each. This module imports no page, so that the window is shown at once."""

from pkgutil import resolve_name
from typing import Any, NamedTuple


class Workspace(NamedTuple):
    """`page` is a class in `shell.views.pages`; it is made with the session and the stack's actions.

    The number is the digit of the shortcut; it stays when workspaces are added.
    """

    key: str
    number: int
    title: str
    page: str
    hint: str

    @property
    def shortcut(self) -> str:
        """``Ctrl+1``."""
        return f"Ctrl+{self.number}"

    def load(self) -> Any:
        """The class of the page."""
        return resolve_name(f"cnnplay.ui.shell.views.pages:{self.page}")


_LOOK_HINT = "See what each layer computes from an image, and where the network is wrong"
_ROWS = (
    Workspace(
        "build", 1, "Build", "BuildPage", "Put the network together: layers, their fields, their costs"
    ),
    Workspace("train", 2, "Train", "TrainPage", "Watch the network learn: curves, filters and feature maps"),
    Workspace("look", 3, "Look inside", "LookPage", _LOOK_HINT),
    Workspace("runs", 5, "Runs", "RunsPage", "All runs: compare their curves, settings and networks"),
)
WORKSPACES: dict[str, Workspace] = {row.key: row for row in _ROWS}
