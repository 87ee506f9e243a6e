"""What surrounds the loop: steering, events, and keeping good weights."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import msgspec
import torch
from torch import Tensor, optim

from cnnplay.data.prepared import Batch
from cnnplay.modules.build import NetworkModule
from cnnplay.modules.weights import Weights, weights_of
from cnnplay.spec import events
from cnnplay.spec.events import Event
from cnnplay.training.control import Control
from cnnplay.training.devices import IdleCores, most_threads
from cnnplay.training.failures import NonFinite, explain
from cnnplay.training.job import Checkpoint, Job, Observation, Reason, Result, Validation
from cnnplay.training.keeper import Keeper, finite
from cnnplay.training.meter import Meter, Reading, Sums
from cnnplay.training.optimizers import state_of
from cnnplay.training.pace import Change, Pace
from cnnplay.training.setup import Ready, set_up
from cnnplay.training.steering import Steering
from cnnplay.training.stopwatch import Stopwatch
from cnnplay.training.surroundings import seed_step, uses_chance
from cnnplay.training.tasks import rules_of
from cnnplay.training.validation import validate

QUICK = 0.5
"""Seconds that a stopped run may take to judge its weights once more."""


class Run:
    """One run. The loop calls its methods in turn; nobody else does."""

    def __init__(
        self,
        job: Job,
        sink: Callable[[Event], None],
        observer: Callable[[Observation], None] | None,
        control: Control,
    ) -> None:
        self.job = job
        self.rules = rules_of(job.network.task)
        self.epochs = range(job.first_epoch, job.first_epoch + job.config.epochs)
        self.module: NetworkModule
        self.optimizer: optim.Optimizer
        self._sink = sink
        self._observer = observer
        self._control = control
        self._ready: Ready | None = None
        self._watch = Stopwatch()
        self._step = self._first_step = 0
        self._epoch = job.first_epoch
        self._last_epoch = job.first_epoch - 1
        self._metrics: dict[str, float] = {}
        self._judged_step = -1
        self._validation: Validation | None = None
        self._failure: events.Failed | None = None
        self._chance = uses_chance(job.network)
        self._sums = Sums()
        self._pace: Pace | None = None
        self._steering = Steering(control, job.run, self._emit, self._watch)
        self._begun = 0.0
        self._images = 0
        self._problems_told = 0
        self._learned_wrongly = False

    def prepare(self) -> None:
        """Sets everything up and says so."""
        self._ready = ready = set_up(self.job, self._control, self._say)
        config = self.job.config
        self.module, self.optimizer = ready.module, ready.optimizer
        self._keeper = Keeper(ready.module, self.job.best)
        self._meter = Meter(ready.device)
        steps = ready.prepared.steps(config.batch_size)
        self._step = self._first_step = (self.job.first_epoch - 1) * steps
        self._emit(
            events.Started(
                run=self.job.run,
                network=self.job.network.name,
                data=self.job.images.key,
                config=config,
                device=str(ready.device),
                parameters=ready.parameters,
                train_size=ready.prepared.train_size,
                validation_size=ready.prepared.validation_size,
                steps_per_epoch=steps,
                first_epoch=self.job.first_epoch,
            )
        )
        self._problems_told = len(ready.prepared.problems)
        self._announce_plan(ready.plan.threads, ready.plan.reason)
        if ready.device.type == "cpu" and config.threads is None and most_threads() > 1:
            self._pace = Pace(most_threads(), ready.plan.threads, ready.plan.step_seconds, IdleCores())

    def batches(self, epoch: int) -> Iterator[Batch]:
        """The epoch's batches, in the order that seed and epoch decide."""
        ready = self._set_up()
        self._epoch = epoch
        self._sums = Sums()
        self._watch.new_epoch()
        batches = ready.prepared.train_batches(epoch, self.job.config.batch_size, self.job.config.seed)
        if ready.plan.channels_last:
            return batches
        return (Batch(x.contiguous(), y, which) for x, y, which in batches)

    def steer(self) -> bool:
        """Does what was asked for since the last batch; False when the run is to stop."""
        if self._control.pending and not self._obey():
            return False
        if self._chance:
            seed_step(self._set_up().device, self.job.config.seed, self._step)
        self._begun = time.perf_counter()
        return True

    def note(self, loss: Tensor, logits: Tensor, labels: Tensor) -> None:
        """Tells the batch's loss, before anything is learned from it. NonFinite where it is no number."""
        self._images = len(labels)
        right = self.rules.score(logits, labels)
        for reading in self._meter.note(self._step + 1, loss, right, self._images):
            self._tell(reading)

    def after_step(self) -> None:
        """The weights have moved: time is taken, the machine is watched, views may look."""
        self._step += 1
        now = time.perf_counter()
        self._watch.lap(now, self._images)
        if self._pace is not None:
            change = self._pace.note(now - self._begun)
            if change is not None:
                self._follow(change)
        if self._observer is not None:
            self._look()

    def after_epoch(self) -> None:
        """Judges the validation part, and keeps the weights."""
        for reading in self._meter.flush():
            self._tell(reading)
        self._watch.close_training()
        validation = self._validate()
        metrics = self._epoch_metrics(validation)
        weights = self._keeper.take()
        best = validation is not None and self._keeper.judge(
            self._epoch, validation.accuracy, validation.loss, weights
        )
        self._last_epoch = self._epoch
        self._metrics = metrics
        self._judged_step = self._step
        self._emit(
            events.EpochDone(
                run=self.job.run,
                epoch=self._epoch,
                step=self._step,
                metrics=metrics,
                seconds=self._watch.epoch_seconds,
                images_per_second=self._watch.rate,
                best=best,
            )
        )
        for problem in self._set_up().prepared.problems[self._problems_told :]:
            self._say(problem)
        self._problems_told = len(self._set_up().prepared.problems)
        checkpoint = Checkpoint(self._epoch, self._step, weights, best, metrics, self._set_up().facts)
        self._look(validation, checkpoint)

    def fail(self, error: Exception) -> Reason:
        """Finds words for what went wrong. The weights go back to the last good ones."""
        self._learned_wrongly = isinstance(error, NonFinite)
        largest = None if self._ready is None else self._ready.forecast.largest_batch
        config, rate = self.job.config, self._steering.learning_rate
        if rate is not None:
            config = msgspec.structs.replace(config, learning_rate=rate)
        told = explain(error, self.job.network, config, self._step - self._first_step, largest)
        self._failure = events.Failed(
            run=self.job.run,
            step=self._step,
            epoch=self._epoch,
            cause=told.cause,
            message=told.message,
            advice=told.advice,
            setting=told.setting,
            value=told.value,
            details=told.details,
        )
        return "failed"

    def finish(self, reason: Reason) -> Result:
        """Says how the run ended, and hands over what it leaves behind."""
        if reason == "stopped":
            try:
                self._judge_once_more()
            except Exception as error:  # a device may have no memory left for this too
                reason = self.fail(error)
        best = self.job.best if self._ready is None else self._keeper.best
        if self._failure is not None:
            with suppress(Exception):  # a sink that failed may fail again; the result tells it too
                self._emit(self._failure)
        else:
            self._emit(
                events.Finished(
                    run=self.job.run,
                    epochs=self._last_epoch,
                    reason="done" if reason == "done" else "stopped",
                    metrics=self._metrics,
                    images_per_second=self._watch.total_rate,
                    seconds=self._watch.seconds,
                    best_epoch=None if best is None else best.epoch,
                )
            )
        goes_on = self._ready is not None and not self._learned_wrongly
        weights = self._last_weights()
        result = Result(
            reason=reason,
            weights=weights,
            learned=self._learned(weights),
            last_epoch=self._last_epoch,
            step=self._step,
            metrics=self._metrics,
            best=best,
            optimizer_state=state_of(self.optimizer, self.job.config) if goes_on else None,
            facts=None if self._ready is None else self._ready.facts,
            validation=self._validation,
            failure=self._failure,
            images_per_second=self._watch.total_rate,
            seconds=self._watch.seconds,
        )
        self._release()
        return result

    def _last_weights(self) -> Weights:
        if self._ready is None:
            return self.job.initial or {}
        if self._learned_wrongly:
            return self._keeper.good
        weights = weights_of(self.module)
        return weights if finite(weights) else self._keeper.good

    def _learned(self, weights: Weights) -> bool:
        if self._ready is None:
            return False
        return self._keeper.moved if weights is self._keeper.good else self._step > self._first_step

    def _judge_once_more(self) -> None:
        """After a stop within an epoch: its numbers so far, and those of validation where that is quick."""
        if self._ready is None or self._step == self._judged_step or not self._watch.images:
            return
        self._watch.close_training()
        for reading in self._meter.flush():
            if math.isfinite(reading.loss):
                self._tell(reading)
        validation = None
        # Judging takes less than learning from as many pictures.
        if self._ready.prepared.validation_size / max(self._watch.rate, 1e-9) < QUICK:
            validation = validate(self.module, self._ready.prepared, self._ready.prepared.validation)
        self._validation = validation
        self._metrics = self._epoch_metrics(validation)

    def _validate(self) -> Validation | None:
        prepared = self._set_up().prepared
        found = validate(self.module, prepared, prepared.validation, lambda: self._control.stopping)
        if found is not None and not math.isfinite(found.loss):
            raise NonFinite(found.loss)
        self._validation = found
        return found

    def _epoch_metrics(self, validation: Validation | None) -> dict[str, float]:
        name = self.rules.score_name
        metrics = {"train_loss": self._sums.mean_loss, f"train_{name}": self._sums.share_right}
        if validation is not None:
            metrics |= {"validation_loss": validation.loss, f"validation_{name}": validation.accuracy}
        return metrics

    def _tell(self, reading: Reading) -> None:
        if not math.isfinite(reading.loss):
            raise NonFinite(reading.loss)
        self._keeper.refresh(self._begun, self._step > self._first_step)
        self._sums.add(reading)
        self._sink(
            events.Stepped(
                run=self.job.run,
                step=reading.step,
                epoch=self._epoch,
                loss=reading.loss,
                accuracy=reading.right / reading.images,
                images=reading.images,
            )
        )

    def _look(self, validation: Validation | None = None, checkpoint: Checkpoint | None = None) -> None:
        if self._observer is None:
            return
        prepared = self._set_up().prepared
        self._observer(
            Observation(self.module, self._step, self._epoch, prepared, self._say, validation, checkpoint)
        )

    def _obey(self) -> bool:
        for reading in self._meter.flush():  # who pauses or makes single steps wants to see each of them
            self._tell(reading)
        return self._steering.obey(self._step, self.optimizer, self._look)

    def _follow(self, change: Change) -> None:
        torch.set_num_threads(change.threads)
        self._announce_plan(change.threads, change.reason)

    def _announce_plan(self, threads: int, reason: str) -> None:
        ready = self._set_up()
        self._emit(
            events.Planned(
                run=self.job.run,
                step=self._step + 1,
                threads=threads,
                memory_format="channels_last" if ready.plan.channels_last else "contiguous",
                fused=ready.fused,
                resident=ready.prepared.resident,
                reason=reason,
            )
        )

    def _say(self, message: str) -> None:
        self._emit(events.Noted(run=self.job.run, message=message))

    def _emit(self, event: Event) -> None:
        self._sink(event)

    def _set_up(self) -> Ready:
        assert self._ready is not None, "prepare() comes first"
        return self._ready

    def _release(self) -> None:
        """Gives a GPU's memory back: the application goes on."""
        if self._ready is None or self._ready.device.type != "cuda":
            return
        self.optimizer.zero_grad()
        torch.cuda.empty_cache()
