"""A run of the window, kept as a folder in the store of runs while it goes on.

Everything here happens in the run's own thread, and what is written is written in another.
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
    """What the disk does not take is said once as a note, and training goes on.

    `before` is the last run's, which may still be writing the folder that this one goes on in.
    """

    def __init__(self, order: Order, note: Callable[[Event], None], before: Recording | None) -> None:
        self._order: Order | None = order
        self._note = note
        self._before = before
        self._folder: RunRecorder | None = None
        self.path: Path | None = None
        """The run's folder; None where there is none."""

    def begin(self) -> None:
        """Makes the folder, or opens the one that is gone on with."""
        from cnnplay.runs.record import RunError
        from cnnplay.runs.recorder import RunRecorder

        if self._before is not None:
            self._before.wait()
            self._before = None
        order, self._order = self._order, None  # it holds the weights that the run began with
        assert order is not None, "it begins once"
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
            self._note(Noted(run=order.run, message=f"this run is not kept: {error}"))
            return
        self.path = self._folder.path

    def sink(self, event: Event) -> None:
        if self._folder is not None:
            self._folder.sink(event)

    def observe(self, seen: Observation) -> None:
        if self._folder is not None:
            self._folder.observe(seen)

    def end(self, result: Result | None) -> None:
        """Has the rest written in the background. A run of which nothing came leaves no folder."""
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
        """Returns once all is written."""
        if self._folder is not None:
            self._folder.finish_writing()
