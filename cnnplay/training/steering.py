"""Handles the requests made through `Control`, between two batches."""

import time
from collections.abc import Callable

from cnnplay.spec import events
from cnnplay.spec.events import Event, Value
from cnnplay.training.control import Control
from cnnplay.training.stopwatch import Stopwatch


class Steering:
    """The loop's side of a Control: reports its actions as events and excludes pauses from the times."""

    def __init__(
        self,
        control: Control,
        run: str,
        emit: Callable[[Event], None],
        watch: Stopwatch,
    ) -> None:
        self._control = control
        self._run = run
        self._emit = emit
        self._watch = watch
        self._paused = False

    def apply(self, step: int, observe: Callable[[], None], change: Callable[[str, Value], None]) -> bool:
        """Blocks while paused, calling `observe` when a view requests it and `change` for each changed
        setting. Returns False if the run must stop.
        """
        announced = False
        start = time.perf_counter()
        try:
            while True:
                requests = self._control.take()
                for name, value in requests.changes.items():
                    change(name, value)
                    # `step` steps are done, so the next one is the first with the new setting.
                    self._emit(events.SettingChanged(run=self._run, step=step + 1, name=name, value=value))
                if requests.stop:
                    return False
                if requests.proceed:
                    self._resume(step)
                    return True
                if not announced:
                    # After a single step too, so that its end is known.
                    self._emit(events.Paused(run=self._run, step=step))
                    self._paused = announced = True
                if requests.observe:
                    observe()
                self._control.wait()
        finally:
            self._watch.paused(time.perf_counter() - start)

    def _resume(self, step: int) -> None:
        if self._paused and self._control.state == "running":
            self._paused = False
            self._emit(events.Resumed(run=self._run, step=step))
