"""All that the search window needs, wired together: the search, and taking a trial into the editor."""

from PySide6.QtCore import QObject, Signal, Slot

from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.data.data import DataModel
from cnnplay.ui.search.search import SearchModel
from cnnplay.ui.search.search_promotion import Promoter
from cnnplay.ui.train.estimate import EstimateModel
from cnnplay.ui.train.run import RunModel
from cnnplay.ui.train.settings import SettingsModel

BUSY = "a search is on: both would be slow. Stop it first, in its window"


class SearchDesk(QObject):
    """`message(str)` is for the status line, `failed(str)` must be read."""

    message = Signal(str)
    failed = Signal(str)

    def __init__(
        self,
        editor: EditorModel,
        settings: SettingsModel,
        data: DataModel,
        run: RunModel,
        estimate: EstimateModel,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.model = SearchModel(editor, settings, data, run, estimate, self)
        self.promoter = Promoter(self.model, editor, settings, data, run, self)
        self.model.failed.connect(self.failed)
        self.promoter.failed.connect(self.failed)
        self.promoter.done.connect(self.message)
        self._run, self._told = run, False
        run.elsewhere = self._why_no_run
        self.model.state_changed.connect(self._tell_run)

    def shutdown(self) -> None:
        """Ends the search and joins every thread."""
        self.model.shutdown()
        self.promoter.shutdown()

    def _why_no_run(self) -> str:
        return BUSY if self.model.active else ""

    @Slot()
    def _tell_run(self) -> None:
        """Whether a run may begin has another answer now."""
        if self.model.active != self._told:
            self._told = self.model.active
            self._run.state_changed.emit()
