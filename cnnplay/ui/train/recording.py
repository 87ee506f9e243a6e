"""Records a run of the window as a folder in the run store.

Everything here is called in the run's thread; files are written in another one.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cnnplay.spec.events import Event, Noted
from cnnplay.ui.train.run_request import RunRequest

if TYPE_CHECKING:
    from cnnplay.runs.recorder import RunRecorder
    from cnnplay.training.job import Observation, Result


class Recording:
    """If the disk fails, that is noted once and training continues.

    `before` is the previous recording, which may still be writing the folder that this one reopens.
    """

    def __init__(self, request: RunRequest, note: Callable[[Event], None], before: Recording | None) -> None:
        self._request: RunRequest | None = request
        self._note = note
        self._before = before
        self._folder: RunRecorder | None = None
        self.path: Path | None = None
        """The run's folder; None if there is none."""

    def begin(self) -> None:
        """Creates the folder, or reopens the one of the run that is resumed."""
        from cnnplay.runs.record import RunError

        if self._before is not None:
            self._before.wait()
            self._before = None
        request, self._request = self._request, None  # it holds the weights that the run started from
        assert request is not None, "begin is called once"
        try:
            self._folder = self._reopened(request) or self._created(request)
        except RunError as error:
            self._note(Noted(run=request.run, message=f"this run is not saved: {error}"))
            return
        self.path = self._folder.path

    def _reopened(self, request: RunRequest) -> RunRecorder | None:
        """The folder of the run that is resumed exactly; None for a new run, and if it cannot be used."""
        from cnnplay.runs.record import RunError
        from cnnplay.runs.recorder import RunRecorder

        if request.reopened_folder is None:
            return None
        try:
            return RunRecorder.reopen(request.reopened_folder)
        except RunError as error:  # deleted, moved, read-only, or written by another program
            note = f"training continues as a new run, because the folder of this one cannot be used: {error}"
            self._note(Noted(run=request.run, message=note))
            return None

    def _created(self, request: RunRequest) -> RunRecorder:
        """A new folder, with what the run continues."""
        from cnnplay.runs.recorder import RunRecorder

        folder = RunRecorder.create(
            request.folder if request.reopened_folder is None else None,
            network=request.network,
            config=request.config,
            data=request.images.key,
            mark=request.images.mark,
            run=request.run,
        )
        earlier = request.resume_from
        if earlier is not None:
            its = earlier.weights
            folder.continue_from(earlier.events, its.last, its.last_epoch, earlier.best())
        return folder

    def sink(self, event: Event) -> None:
        if self._folder is not None:
            self._folder.sink(event)

    def observe(self, seen: Observation) -> None:
        if self._folder is not None:
            self._folder.observe(seen)

    def end(self, result: Result | None) -> None:
        """Writes the rest in the background. A run that learned nothing leaves no folder."""
        folder = self._folder
        if folder is None:
            return
        if result is not None and result.learned:
            folder.close(result, wait=False)
            return
        folder.close()
        folder.discard()
        if not folder.path.exists():
            self.path = None

    def wait(self) -> None:
        """Returns once everything is written."""
        if self._folder is not None:
            self._folder.finish_writing()
