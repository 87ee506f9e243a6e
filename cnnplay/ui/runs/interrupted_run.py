"""The newest run of the store, if it was interrupted: offered once when the program starts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from cnnplay.runs.interrupted_run import InterruptedRun, clear_leftovers, newest_interrupted_run
from cnnplay.runs.run_store import store_folder
from cnnplay.ui.kit.background import Background
from cnnplay.ui.kit.preferences import Preferences
from cnnplay.ui.runs.resume import RunResumer
from cnnplay.ui.train.run import RunModel

DISMISSED = "cut_runs"
"""The preference that lists the dismissed interruptions."""
MOST_REMEMBERED = 50
"""Only this many dismissed interruptions are remembered, the latest."""


class InterruptedRunModel(QObject):
    """`changed`: a run is offered, or no longer. `show_requested(Path)`: show this run among all runs."""

    changed = Signal()
    show_requested = Signal(object)

    def __init__(
        self, preferences: Preferences, resumer: RunResumer, run: RunModel, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._preferences, self._resumer, self._run = preferences, resumer, run
        self._jobs = Background("interrupted-run", self)
        self.found: InterruptedRun | None = None
        self.offered = False
        """Whether the window may offer it: the question about unsaved work comes first."""
        run.state_changed.connect(self._run_changed)

    @property
    def text(self) -> str:
        """``A run of lenet-5 was interrupted in epoch 7 of 20.``; "" without one."""
        found = self.found
        if found is None:
            return ""
        return f"A run of {found.name} was interrupted in epoch {found.epoch:,} of {found.epochs:,}."

    def find(self, then: Callable[[], None] = lambda: None) -> None:
        """Looks for one in the background and deletes leftovers of killed runs; calls `then` afterwards."""

        def done(found: InterruptedRun | None) -> None:
            if found is not None and found.mark not in self._preferences.texts(DISMISSED):
                self.found = found
            then()

        def failed(error: Exception) -> None:
            then()  # the offer is a convenience: the run is still in the store

        self._jobs.queue(lambda: _find(store_folder()), done, failed)

    def offer(self) -> None:
        """Offers it from now on, if there is one."""
        self.offered = True
        self.changed.emit()

    @Slot()
    def resume(self) -> None:
        """Resumes the run in this window."""
        if self.found is not None:
            self._resumer.resume(self.found.folder)
            self._withdraw()

    @Slot()
    def show(self) -> None:
        """Requests to show it among the other runs; it remains offered."""
        if self.found is not None:
            self.show_requested.emit(self.found.folder)

    @Slot()
    def dismiss(self) -> None:
        """Stops offering it, unless it is resumed and interrupted again."""
        if self.found is not None:
            kept = (*self._preferences.texts(DISMISSED), self.found.mark)
            self._preferences.set_texts(DISMISSED, kept[-MOST_REMEMBERED:])
            self._withdraw()

    @Slot()
    def _run_changed(self) -> None:
        if self._run.active and self.found is not None:
            self._withdraw()  # this window is busy, and the run remains in Runs

    def _withdraw(self) -> None:
        self.found = None
        self.changed.emit()


def _find(store: Path) -> InterruptedRun | None:
    found = newest_interrupted_run(store)
    clear_leftovers(store)
    return found
