"""The button that opens the search; shows the progress of a running one."""

from collections.abc import Callable

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QPushButton, QWidget

from cnnplay.search.rows import counted
from cnnplay.ui.kit.views.theme import role
from cnnplay.ui.kit.views.tooltip import tip
from cnnplay.ui.search.search import SearchModel

TEXT = "Search…"
HINT = "Search settings and layer fields for better results (Ctrl+Shift+F)"


class SearchButton(QPushButton):
    """Opens the search window."""

    def __init__(self, open_search: Callable[[], object], parent: QWidget | None = None) -> None:
        super().__init__(TEXT, parent)
        role(self, "link")
        self.setAccessibleName("Search hyperparameters")
        self.setToolTip(tip(HINT))
        self.clicked.connect(lambda: open_search())
        self._model: SearchModel | None = None

    def follow(self, model: SearchModel) -> None:
        """Shows the progress of this model, which is created with the first search."""
        if self._model is None:
            self._model = model
            model.state_changed.connect(self.refresh)
            model.trials_changed.connect(self.refresh)
            self.refresh()

    @Slot()
    def refresh(self) -> None:
        """``Search: 7 of 20``."""
        model = self._model
        if model is not None:
            progress = f"Search: {counted(model.rows):,} of {model.trials:,}"
            self.setText(progress if model.active else TEXT)
