"""The models of the search window, wired together: the search, and promoting a trial to the editor."""

from PySide6.QtCore import QObject, Signal, Slot

from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.data.data import DataModel
from cnnplay.ui.search.search import SearchModel
from cnnplay.ui.search.search_promotion import Promoter
from cnnplay.ui.train.estimate import EstimateModel
from cnnplay.ui.train.run import RunModel
from cnnplay.ui.train.settings import SettingsModel

BUSY = "a search is running: stop it in the search window first"


class SearchSession(QObject):
    """`message(str)` is for the status bar, `failed(str)` needs attention. A search blocks new runs."""

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
        self._run = run
        self.model.state_changed.connect(self._block_runs)

    @Slot()
    def _block_runs(self) -> None:
        self._run.set_blocked(BUSY if self.model.active else "")
