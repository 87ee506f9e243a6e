"""Records a run of the window as a folder in the run store.

Everything here is called in the run's thread; files are written in another one.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cnnplay.spec.events import Event, Noted
from cnnplay.ui.train.order import Order

if TYPE_CHECKING:
    from cnnplay.runs.recorder import RunRecorder
    from cnnplay.training.job import Observation, Result


class Recording:
    """If the disk fails, that is noted once and training continues.

    `before` is the previous recording, which may still be writing the folder that this one reopens.
    """

    def __init__(self, order: Order, note: Callable[[Event], None], before: Recording | None) -> None:
        self._order: Order | None = order
        self._note = note
        self._before = before
        self._folder: RunRecorder | None = None
        self.path: Path | None = None
        """The run's folder; None if there is none."""

    def begin(self) -> None:
        """Creates the folder, or reopens the one of the run that is resumed."""
        from cnnplay.runs.record import RunError
        from cnnplay.runs.recorder import RunRecorder

        if self._before is not None:
            self._before.wait()
            self._before = None
        order, self._order = self._order, None  # it holds the weights that the run started from
        assert order is not None, "begin is called once"
        going_on = order.going_on
        try:
            if order.state is not None and going_on is not None and going_on.folder is not None:
                self._folder = RunRecorder.reopen(going_on.folder)
            else:
                self._folder = RunRecorder.create(
                    None,
                    network=order.network,
                    config=order.config,
                    data=order.images.key,
                    mark=order.images.mark,
                    run=order.run,
                )
        except RunError as error:
            self._note(Noted(run=order.run, message=f"this run is not saved: {error}"))
            return
        self.path = self._folder.path

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
