"""Carries out what `Control` was asked for, between two batches."""

import time
from collections.abc import Callable

from cnnplay.spec import events
from cnnplay.spec.events import Event, Value
from cnnplay.training.control import Control
from cnnplay.training.stopwatch import Stopwatch


class Steering:
    """The loop's side of a Control: tells what it does by events, and keeps pauses out of the times."""

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

    def obey(self, step: int, look: Callable[[], None], change: Callable[[str, Value], None]) -> bool:
        """Waits while paused, calling `look` when a view asks for it, and `change` for a setting that becomes
        another one. False when the run is to stop.
        """
        told = False
        start = time.perf_counter()
        try:
            while True:
                order = self._control.take()
                for name, value in order.changes.items():
                    change(name, value)
                    # `step` are done, so the one behind them is the first under the new setting.
                    self._emit(events.SettingChanged(run=self._run, step=step + 1, name=name, value=value))
                if order.stop:
                    return False
                if order.go:
                    self._go_on(step)
                    return True
                if not told:
                    # After a single step too: those who wait for it learn that it is done.
                    self._emit(events.Paused(run=self._run, step=step))
                    self._paused = told = True
                if order.look:
                    look()
                self._control.wait()
        finally:
            self._watch.paused(time.perf_counter() - start)

    def _go_on(self, step: int) -> None:
        if self._paused and self._control.state == "running":
            self._paused = False
            self._emit(events.Resumed(run=self._run, step=step))
