"""All that the workspace Runs needs, wired together: the list, what is done with runs, and opening them."""

from PySide6.QtCore import QObject, Signal

from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.data.data import DataModel
from cnnplay.ui.kit.preferences import Preferences
from cnnplay.ui.runs.run_deeds import RunDeeds
from cnnplay.ui.runs.run_opening import RunOpener
from cnnplay.ui.runs.runs import RunsModel
from cnnplay.ui.train.run import RunModel
from cnnplay.ui.train.settings import SettingsModel


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
