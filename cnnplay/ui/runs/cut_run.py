"""The newest run of the store, where it was cut off: offered once when the program starts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from cnnplay.runs.cut import CutRun, clear_leftovers, newest_cut
from cnnplay.runs.place import store_folder
from cnnplay.ui.kit.preferences import Preferences
from cnnplay.ui.kit.tasks import Tasks
from cnnplay.ui.runs.going_on import GoingOn
from cnnplay.ui.train.run import RunModel

DISMISSED = "cut_runs"
MOST = 50
"""So many runs that nobody wanted back are remembered, the last."""


class CutRunModel(QObject):
    """`changed`: there is something to offer, or no more. `asked(Path)`: somebody wants to see that run."""

    changed = Signal()
    asked = Signal(object)

    def __init__(
        self, preferences: Preferences, going_on: GoingOn, run: RunModel, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._preferences, self._going_on, self._run = preferences, going_on, run
        self._tasks = Tasks("cut-run", self)
        self.found: CutRun | None = None
        self.offered = False
        """Whether it is on offer: a question about unsaved work comes first."""
        run.state_changed.connect(self._run_changed)

    @property
    def words(self) -> str:
        """``A run of lenet-5 was cut off in epoch 7 of 20.``; "" without one."""
        found = self.found
        if found is None:
            return ""
        return f"A run of {found.name} was cut off in epoch {found.epoch:,} of {found.epochs:,}."

    def look(self, then: Callable[[], None] = lambda: None) -> None:
        """Looks for one in the background, and takes away what kills left behind; `then` is called after."""

        def done(found: CutRun | None) -> None:
            if found is not None and found.mark not in self._preferences.several(DISMISSED):
                self.found = found
            then()

        def failed(error: Exception) -> None:
            then()  # nothing is offered, and nothing is lost by that

        self._tasks.run(lambda: _look(store_folder()), done, failed)

    def offer(self) -> None:
        """From now on it is on offer, where there is one."""
        self.offered = True
        self.changed.emit()

    @Slot()
    def go_on(self) -> None:
        """The run goes on in this window."""
        if self.found is not None:
            self._going_on.go_on(self.found.folder)
            self._take_back()

    @Slot()
    def show(self) -> None:
        """Somebody wants to see it among the other runs; it stays on offer."""
        if self.found is not None:
            self.asked.emit(self.found.folder)

    @Slot()
    def dismiss(self) -> None:
        """It is not offered again, unless it goes on and is cut off once more."""
        if self.found is not None:
            kept = (*self._preferences.several(DISMISSED), self.found.mark)
            self._preferences.set_several(DISMISSED, kept[-MOST:])
            self._take_back()

    def wait(self) -> None:
        self._tasks.finish()

    def shutdown(self) -> None:
        self._tasks.finish()

    @Slot()
    def _run_changed(self) -> None:
        if self._run.active and self.found is not None:
            self._take_back()  # this window is busy, and the run stays in Runs

    def _take_back(self) -> None:
        self.found = None
        self.changed.emit()


def _look(store: Path) -> CutRun | None:
    found = newest_cut(store)
    clear_leftovers(store)
    return found
