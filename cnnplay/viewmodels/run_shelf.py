"""All that the workspace Runs needs, wired together: the list, what is done with runs, and opening them."""

from PySide6.QtCore import QObject, Signal

from cnnplay.viewmodels.data import DataModel
from cnnplay.viewmodels.editor import EditorModel
from cnnplay.viewmodels.preferences import Preferences
from cnnplay.viewmodels.run import RunModel
from cnnplay.viewmodels.run_deeds import RunDeeds
from cnnplay.viewmodels.run_opening import RunOpener
from cnnplay.viewmodels.runs import RunsModel
from cnnplay.viewmodels.settings import SettingsModel


class RunShelf(QObject):
    """`message(str)` is for the status line, `failed(str)` must be read."""

    message = Signal(str)
    failed = Signal(str)

    def __init__(
        self,
        preferences: Preferences,
        editor: EditorModel,
        settings: SettingsModel,
        data: DataModel,
        run: RunModel,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.runs = RunsModel(preferences, parent=self)
        self.deeds = RunDeeds(self.runs, self)
        self.opener = RunOpener(self.runs, editor, settings, data, run, self)
        for source in (self.deeds, self.opener):
            source.failed.connect(self.failed)
            source.done.connect(self.message)
        self.runs.failed.connect(self.failed)

    def shutdown(self) -> None:
        """What was typed is written, and every thread joined."""
        self.deeds.shutdown()
        self.opener.shutdown()
        self.runs.shutdown()
