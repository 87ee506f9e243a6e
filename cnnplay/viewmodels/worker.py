"""The thread that trains: all that it needs is captured when it is made, and it speaks by mail alone."""

from __future__ import annotations

import threading
import traceback
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec

from cnnplay.network.network import Network
from cnnplay.spec.events import EpochDone, Failed, Noted, Value
from cnnplay.spec.settings import TrainConfig
from cnnplay.viewmodels.mailbox import Mailbox
from cnnplay.viewmodels.probes import Probes

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet
    from cnnplay.training.control import Control
    from cnnplay.training.job import Observation, Result
    from cnnplay.training.state import RunState
    from cnnplay.viewmodels.trained import Trained


@dataclass(frozen=True)
class Order:
    """What one run is to do. `going_on` is the training that it continues; None trains afresh."""

    run: str
    network: Network
    config: TrainConfig
    images: ImageSet
    going_on: Trained | None = None
    state: RunState | None = None
    """Where it goes on as if that training had never stopped; None where it begins anew, or with
    new settings."""
    behind: int = 0
    """So many epochs of those asked for were done before: to the engine, `epochs` counts the run's own."""

    @property
    def first_epoch(self) -> int:
        if self.state is not None:
            return self.state.first_epoch
        return self.going_on.last_epoch + 1 if self.going_on is not None else 1


def make_order(
    network: Network, config: TrainConfig, images: ImageSet, going_on: Trained | None = None
) -> Order:
    """A run of these. One that goes on ends at the epoch asked for where it was not reached, else after so
    many more. Where nothing but that was asked for, it goes on just where it was stopped.
    """
    run = uuid.uuid4().hex[:12]
    if going_on is None:
        return Order(run, network, config, images)
    state = _where_it_was_stopped(going_on, network, config)
    if state is not None:
        return Order(run, network, state.config, images, going_on, state, config.epochs - state.config.epochs)
    behind = going_on.last_epoch if config.epochs > going_on.last_epoch else 0
    config = msgspec.structs.replace(config, epochs=config.epochs - behind)
    return Order(run, network, config, images, going_on, behind=behind)


def _where_it_was_stopped(going_on: Trained, network: Network, config: TrainConfig) -> RunState | None:
    """The state to go on from, where nothing was changed but the number of epochs, and some are left."""
    state = going_on.state
    if state is None or network != going_on.network:
        return None
    before = state.first_epoch - 1
    # The epochs asked for count from the first of all, or are so many more: as they did for this run.
    more = config.epochs == state.config.epochs or config.epochs <= before
    own = msgspec.structs.replace(config, epochs=config.epochs if more else config.epochs - before)
    if own != msgspec.structs.replace(state.config, epochs=own.epochs):
        return None
    state = replace(state, config=own)
    return state if state.unfinished else None


@dataclass(frozen=True)
class Ended:
    """The last letter of every run: how it ended, or what went wrong outside the engine's care."""

    result: Result | None = None
    error: str = ""
    details: str = ""

    def failure(self, run: str) -> Failed:
        """For people, where there is no result."""
        return Failed(
            run=run,
            cause="unforeseen",
            step=0,
            epoch=0,
            message=f"training met an unforeseen error: {self.error}",
            advice="The weights of the last epoch are kept. Copy the details and report them.",
            details=self.details,
        )


class Worker:
    """One run in one thread."""

    def __init__(self, order: Order, box: Mailbox, control: Control, probes: Probes[Observation]) -> None:
        self.order = order
        self.control = control
        self._box = box
        self._probes = probes
        self._thread = threading.Thread(target=self._work, name="cnnplay-train")

    def start(self) -> None:
        self._probes.begin()
        self._thread.start()

    def join(self) -> None:
        """Waits for the end, which `control.stop()` brings about after the batch at hand."""
        self._thread.join()

    def change(self, name: str, value: Value) -> None:
        """A setting of the run, from its next batch on."""
        if name == "epochs" and isinstance(value, int):
            value = max(1, value - self.order.behind)
        self.control.change(name, value)

    def look(self) -> None:
        """Has all probes look as soon as can be, in a pause too."""
        self._probes.rush()
        self.control.wake()

    def _work(self) -> None:
        try:
            # torch is imported here, in the thread, and not before somebody trains.
            from cnnplay.training.loop import train

            result = train(_job(self.order), self._box.put, self._observe, self.control)
            self._box.put(Ended(result))
        except BaseException as error:
            # Nothing but the end of the process may keep the window waiting for the last letter.
            self._box.put(Ended(None, f"{type(error).__name__}: {error}", traceback.format_exc()))

    def _observe(self, seen: Observation) -> None:
        if seen.checkpoint is not None:
            self._box.put(seen.checkpoint)
        self._probes.observe(seen, always=seen.validation is not None)

    def dropped(self, message: str, details: str) -> None:
        """A probe was dropped."""
        self._box.put(Noted(run=self.order.run, message=message))


def _job(order: Order) -> Any:
    from cnnplay.training.job import Job, resumed
    from cnnplay.training.state import Best

    trained = order.going_on
    if order.state is not None:
        return resumed(order.run, order.network, order.images, order.state)
    if trained is None:
        return Job(order.run, order.network, order.config, order.images)
    best = None
    if trained.best_weights is not None and trained.best_epoch is not None:
        metrics = _metrics(trained, trained.best_epoch)
        accuracy, loss = metrics.get("validation_accuracy", 0.0), metrics.get("validation_loss", float("inf"))
        best = Best(trained.best_epoch, accuracy, loss, trained.best_weights)
    state = trained.state
    same_rule = state is not None and state.optimizer.optimizer == order.config.optimizer
    return Job(
        order.run,
        order.network,
        order.config,
        order.images,
        initial=trained.weights,
        optimizer_state=state.optimizer if state is not None and same_rule else None,
        first_epoch=order.first_epoch,
        best=best,
    )


def _metrics(trained: Trained, epoch: int) -> dict[str, float]:
    found = (event for event in trained.events if isinstance(event, EpochDone) and event.epoch == epoch)
    return next((event.metrics for event in found), {})
