"""The way from the curves to the search, which says how far a search is while one is on."""

from collections.abc import Callable

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QPushButton, QWidget

from cnnplay.search.rows import counted
from cnnplay.ui.kit.views.theme import role
from cnnplay.ui.search.search import SearchModel

TEXT = "Search…"
HINT = "Have settings and blocks' fields searched for a better accuracy, trial after trial (Ctrl+Shift+F)"


class SearchButton(QPushButton):
    """Opens the window of the search."""

    def __init__(self, deed: Callable[[], object], parent: QWidget | None = None) -> None:
        super().__init__(TEXT, parent)
        role(self, "link")
        self.setAccessibleName("Search hyper-parameters")
        self.setToolTip(HINT)
        self.clicked.connect(lambda: deed())
        self._model: SearchModel | None = None

    def follow(self, model: SearchModel) -> None:
        """Says from now on how far the search is; before somebody searched there is no model."""
        if self._model is None:
            self._model = model
            model.state_changed.connect(self.refresh)
            self.refresh()

    @Slot()
    def refresh(self) -> None:
        """``Search: 7 of 20``."""
        model = self._model
        if model is not None:
            on = f"Search: {counted(model.rows):,} of {model.trials:,}"
            self.setText(on if model.active else TEXT)
