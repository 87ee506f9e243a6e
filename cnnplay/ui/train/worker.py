"""The training thread: its inputs are captured at creation, and it reports only through a mailbox."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnplay.spec.events import BaseEvent, Event, Failed, Noted, Value
from cnnplay.ui.kit.mailbox import Mailbox
from cnnplay.ui.train.probes import Probes
from cnnplay.ui.train.recording import Recording
from cnnplay.ui.train.run_request import RunRequest

if TYPE_CHECKING:
    from cnnplay.training.control import Control
    from cnnplay.training.job import Observation, Result


@dataclass(frozen=True)
class Ended:
    """The last message of every run: its result, or an error outside the engine."""

    result: Result | None = None
    error: str = ""
    details: str = ""

    def failure(self, run: str) -> Failed:
        """The error as a `Failed` event, if there is no result."""
        return Failed(
            run=run,
            cause="unforeseen",
            step=0,
            epoch=0,
            message=f"unexpected error in training: {self.error}",
            advice="The weights of the last epoch are kept. Copy the details and report the error.",
            details=self.details,
        )


def sort_messages(letters: Iterable[Any]) -> tuple[list[Any], list[Any], Ended | None]:
    """Sorts a worker's messages into events, checkpoints, and the end of the run."""
    events: list[Any] = []
    checkpoints: list[Any] = []
    ended = None
    for letter in letters:
        if isinstance(letter, BaseEvent):
            events.append(letter)
        elif isinstance(letter, Ended):
            ended = letter
        else:
            checkpoints.append(letter)
    return events, checkpoints, ended


class Worker:
    """One run in one thread."""

    def __init__(
        self,
        request: RunRequest,
        box: Mailbox,
        control: Control,
        probes: Probes[Observation],
        before: Recording | None = None,
    ) -> None:
        """`before` is the recording of the previous run."""
        self.request = request
        self.recording = Recording(request, box.put, before)
        self.control = control
        self._box = box
        self._probes = probes
        self._thread = threading.Thread(target=self._work, name="cnnplay-train")

    @property
    def run(self) -> str:
        """The run's id."""
        return self.request.run

    @property
    def folder(self) -> Path | None:
        """The run's folder; while it is being made, the one that was asked for."""
        return self.recording.path or self.request.folder

    def start(self) -> None:
        self._probes.begin()
        self._thread.start()

    def join(self) -> None:
        """Waits for the end; `control.stop()` ends it after the current batch."""
        self._thread.join()

    def change(self, name: str, value: Value) -> None:
        """Changes a setting of the run, from its next batch on."""
        if name == "epochs" and isinstance(value, int):
            value = max(1, value - self.request.epochs_before)
        self.control.change(name, value)

    def look(self) -> None:
        """Calls all probes as soon as possible, even in a pause."""
        self._probes.rush()
        self.control.wake()

    def _work(self) -> None:
        try:
            # torch is imported here, in the thread, and only when training starts.
            from cnnplay.training.loop import train

            self.recording.begin()
            result = train(_job(self.request), self._hear, self._observe, self.control)
            self.recording.end(result)
            self._box.put(Ended(result))
        except BaseException as error:
            # The window waits for the last message, so it must always arrive.
            with suppress(Exception):
                self.recording.end(None)
            self._box.put(Ended(None, f"{type(error).__name__}: {error}", traceback.format_exc()))

    def _hear(self, event: Event) -> None:
        self.recording.sink(event)
        self._box.put(event)

    def _observe(self, seen: Observation) -> None:
        self.recording.observe(seen)
        if seen.checkpoint is not None:
            self._box.put(seen.checkpoint)
        self._probes.observe(seen, always=seen.validation is not None)

    def dropped(self, message: str, details: str) -> None:
        """Reports a probe that was dropped."""
        self._box.put(Noted(run=self.request.run, message=message))


def _job(request: RunRequest) -> Any:
    from cnnplay.training.job import Job, resumed_job

    trained = request.resume_from
    if request.state is not None:
        return resumed_job(request.run, request.network, request.images, request.state)
    if trained is None:
        return Job(request.run, request.network, request.config, request.images)
    state = trained.state
    same_rule = state is not None and state.optimizer.optimizer == request.config.optimizer
    return Job(
        request.run,
        request.network,
        request.config,
        request.images,
        initial=trained.weights.last,
        optimizer_state=state.optimizer if state is not None and same_rule else None,
        first_epoch=request.first_epoch,
        best=trained.best(),
    )
