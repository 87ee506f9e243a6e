"""What surrounds the loop: steering, events, and keeping good weights."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import msgspec
import torch
from torch import Tensor, nn, optim

from cnnplay.data.order import batch_sizes
from cnnplay.data.prepared import Batch
from cnnplay.modules.build import NetworkModule
from cnnplay.modules.weights import Weights, weights_of
from cnnplay.spec import events
from cnnplay.spec.events import Event, Value
from cnnplay.spec.schedules import moves, rate_factor
from cnnplay.training.augmentation import augment, augmented
from cnnplay.training.averaging import Averaging, averages
from cnnplay.training.control import Control
from cnnplay.training.devices import IdleCores, most_threads
from cnnplay.training.failures import NonFinite, explain
from cnnplay.training.job import Checkpoint, Job, Observation, Reason, Result, Validation
from cnnplay.training.keeper import Keeper, finite
from cnnplay.training.meter import Meter, Reading, Sums
from cnnplay.training.optimizers import follow_settings, set_learning_rate, state_of
from cnnplay.training.pace import Change, Pace
from cnnplay.training.setup import Ready, set_up
from cnnplay.training.state import Place, RunState
from cnnplay.training.steering import Steering
from cnnplay.training.stopwatch import Stopwatch
from cnnplay.training.surroundings import seed_step, uses_chance
from cnnplay.training.tasks import Aim, rules_of
from cnnplay.training.team import Team
from cnnplay.training.validation import validate

OF_A_RANK = 7_777_777
"""In a team the processes' dice differ by this in their seeds."""
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
        self.config = job.config
        """With what is changed during the run."""
        self.rules = rules_of(job.network.task)
        self.team = job.team
        self.module: NetworkModule
        self.model: nn.Module
        """What is computed with: the module, in a team wrapped to average the gradients."""
        self.optimizer: optim.Optimizer
        self._sink = sink
        self._observer = observer
        self._control = control
        self._ready: Ready | None = None
        self._watch = Stopwatch()
        self._step = self._first_step = 0
        self._place = Place(0, job.first_epoch) if job.resume is None else job.resume.place
        self._epoch, self._batches = self._place.epoch, self._place.batches
        self._last_epoch = self._epoch - 1
        self._metrics: dict[str, float] = {} if job.resume is None else job.resume.metrics
        self._judged_step = -1
        self._aim = Aim.learning(job.config)
        self._averaging: Averaging | None = None
        self._validation: Validation | None = None
        self._failure: events.Failed | None = None
        self._chance = uses_chance(job.network)
        self._sums = Sums(self._place.loss, self._place.right, self._place.images)
        self._pace: Pace | None = None
        self._steering = Steering(control, job.run, self._emit, self._watch, self._change)
        self._begun = 0.0
        self._images = 0
        self._problems_told = 0
        self._all_stop = False
        self._learned_wrongly = False

    def prepare(self) -> None:
        """Sets everything up and says so."""
        self._ready = ready = set_up(self.job, self._control, self._say)
        config = self.job.config
        self.module, self.optimizer = ready.module, ready.optimizer
        self.model = ready.module
        if self.team is not None:
            self.model = self.team.wrap(ready.module, config.sync_batch_norm)
        self._keeper = Keeper(ready.module, self.job.best)
        self._meter = Meter(ready.device)
        self._weights = list(ready.module.parameters())
        self._steps = steps = ready.prepared.steps(config.batch_size)
        self._sizes = batch_sizes(ready.prepared.train_size, config.batch_size)
        self._seed = config.seed + (0 if self.team is None else OF_A_RANK * self.team.rank)
        self._origin = (self.job.first_epoch - 1) * steps
        self._step = self._first_step = self._origin if self.job.resume is None else self._place.step
        if self.job.resume is not None and self.job.resume.averaged is not None:
            self._averaging = Averaging(ready.module, self.job.resume.averaged)
        self._aim = Aim.learning(config, ready.class_weights)
        self._set_rate()
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
                done=None if self.job.resume is None else self._step,
            )
        )
        self._problems_told = len(ready.prepared.problems)
        self._announce_plan(ready.plan.threads, ready.plan.reason)
        alone = self.team is None and ready.device.type == "cpu"
        if alone and config.threads is None and most_threads() > 1:
            self._pace = Pace(most_threads(), ready.plan.threads, ready.plan.step_seconds, IdleCores())

    def epochs(self) -> Iterator[int]:
        """The epochs that are left; how many were asked for may change meanwhile."""
        while self._last_epoch < self.job.first_epoch - 1 + self.config.epochs:
            yield self._last_epoch + 1

    def batches(self, epoch: int) -> Iterator[Batch]:
        """What is left of the epoch's batches, in the order that seed and epoch decide."""
        ready, config = self._set_up(), self.config
        if epoch != self._place.epoch:
            self._place = Place(self._step, epoch)
        begun, self._epoch, self._batches = self._place, epoch, self._place.batches
        self._sums = Sums(begun.loss, begun.right, begun.images)
        self._watch.new_epoch()
        batches = ready.prepared.train_batches(
            epoch,
            config.batch_size,
            config.seed,
            evenly=config.class_balance == "sampling",
            skip=begun.batches,
            share=(0, 1) if self.team is None else (self.team.rank, self.team.size),
        )
        for batch in batches:
            varied = self._varied(batch)
            yield (
                varied if ready.plan.channels_last else varied._replace(pictures=varied.pictures.contiguous())
            )

    def steer(self) -> bool:
        """Does what was asked for since the last batch; False when the run is to stop."""
        if self.team is not None:
            if self._all_stop:  # a step later than asked: all must hear of it
                return False
        elif self._control.pending and not self._obey():
            return False
        if self._chance:
            seed_step(self._set_up().device, self._seed, self._step)
        if self._rate_moves:
            self._set_rate()
        self._begun = time.perf_counter()
        return True

    def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """What is made small, as the settings have it. In a team: this process's part of the batch's mean."""
        loss = self.rules.loss(logits, labels, self._aim)
        return loss if self.team is None else loss * self.team.weight(self._sizes[self._batches])

    def clip(self) -> None:
        """Shortens a gradient that is longer than the settings allow."""
        if self.config.gradient_clipping:
            nn.utils.clip_grad_norm_(self._weights, self.config.gradient_clipping)

    def note(self, loss: Tensor, logits: Tensor, labels: Tensor) -> None:
        """Tells the batch's loss, before anything is learned from it. NonFinite where it is no number."""
        self._images = len(labels)
        right = self.rules.score(logits, labels)
        if self.team is not None:
            loss, right = self._together(self.team, loss, right)
        for reading in self._meter.note(self._step + 1, loss, right, self._images):
            self._tell(reading)

    def after_step(self) -> None:
        """The weights have moved: time is taken, the machine is watched, views may look."""
        self._step += 1
        self._batches += 1
        now = time.perf_counter()
        self._watch.lap(now, self._images)
        if self._pace is not None:
            change = self._pace.note(now - self._begun)
            if change is not None:
                self._follow(change)
        if self._observer is not None:
            self._look()

    def after_epoch(self) -> bool:
        """Judges the validation part, and keeps the weights. False when the run is to end early."""
        for reading in self._meter.flush():
            self._tell(reading)
        self._watch.close_training()
        if self.team is not None:
            self.team.same_buffers(self.module)
        validation = self._validate()
        metrics = self._epoch_metrics(validation) | self._average()
        weights = self._keeper.take()
        best = validation is not None and self._keeper.judge(
            self._epoch, validation.accuracy, validation.loss, weights
        )
        self._last_epoch = self._epoch
        self._place = Place(self._step, self._epoch + 1)
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
        averaged = None if self._averaging is None else self._averaging.taken()
        checkpoint = Checkpoint(
            self._epoch, self._step, weights, best, metrics, self._set_up().facts, averaged
        )
        self._look(validation, checkpoint)
        patience, kept = self.config.early_stopping, self._keeper.best
        enough = bool(patience) and kept is not None and self._epoch - kept.epoch >= patience
        return not (enough if self.team is None else self.team.told(enough))

    def fail(self, error: Exception) -> Reason:
        """Finds words for what went wrong. The weights go back to the last good ones."""
        self._learned_wrongly = isinstance(error, NonFinite)
        largest = None if self._ready is None else self._ready.forecast.largest_batch
        told = explain(error, self.job.network, self.config, self._step - self._first_step, largest)
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
                    reason="stopped" if reason == "failed" else reason,
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
            state=self._state(weights) if goes_on else None,
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
            validation = validate(
                self.module, self._ready.prepared, self._ready.prepared.validation, Aim.judging(self.config)
            )
        self._validation = validation
        self._metrics = self._epoch_metrics(validation)

    def _validate(self) -> Validation | None:
        found = self._judged(self.module)
        if found is not None and not math.isfinite(found.loss):
            raise NonFinite(found.loss)
        self._validation = found
        return found

    def _epoch_metrics(self, validation: Validation | None) -> dict[str, float]:
        name = self.rules.score_name
        metrics = {"train_loss": self._sums.mean_loss, f"train_{name}": self._sums.share_right}
        if validation is not None:
            metrics |= {"validation_loss": validation.loss, f"validation_{name}": validation.accuracy}
        if self.config.weight_decay:
            metrics["decay_loss"] = self._decay_loss()
        return metrics

    def _decay_loss(self) -> float:
        """What weight decay adds to the loss: λ/2 · Σw², whose gradient is λw. (AdamW applies it apart.)"""
        norms = torch._foreach_norm([weight.detach() for weight in self._weights])
        return 0.5 * self.config.weight_decay * float(torch.stack(norms).square().sum())

    def _average(self) -> dict[str, float]:
        """Takes the weights into their mean in the last part of the run, and judges it."""
        if not averages(self.config, self.job.first_epoch, self._epoch):
            return {}
        if self._averaging is None:
            self._averaging = Averaging(self.module)
        self._averaging.add(self.module, self._set_up().prepared, self._epoch, self.config)
        found = self._judged(self._averaging.module)
        if found is None:
            return {}
        return {"averaged_loss": found.loss, f"averaged_{self.rules.score_name}": found.accuracy}

    def _judged(self, module: NetworkModule) -> Validation | None:
        prepared = self._set_up().prepared
        aim = Aim.judging(self.config)
        alone = self.team is None  # else all judge to the end, or some would wait for the others
        return validate(module, prepared, prepared.validation, aim, lambda: alone and self._control.stopping)

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
            Observation(
                self.module,
                self._step,
                self._epoch,
                prepared,
                self._say,
                self.config,
                self._state,
                validation,
                checkpoint,
            )
        )

    def _state(self, weights: Weights | None = None) -> RunState:
        """A copy of all that is needed to go on from here."""
        ready, sums, place = self._set_up(), self._sums, self._place
        if self._last_epoch < self._epoch:
            place = Place(self._step, self._epoch, self._batches, sums.loss, sums.right, sums.images)
        return RunState(
            config=self.config,
            first_epoch=self.job.first_epoch,
            place=place,
            weights=weights_of(self.module) if weights is None else weights,
            optimizer=state_of(self.optimizer, self.config),
            threads=torch.get_num_threads(),
            channels_last=ready.plan.channels_last,
            metrics=self._metrics,
            best=self._keeper.best,
            averaged=None if self._averaging is None else self._averaging.taken(),
        )

    def _varied(self, batch: Batch) -> Batch:
        """The batch as the settings have pictures varied."""
        config = self.config
        if not augmented(config):
            return batch
        prepared = self._set_up().prepared
        pictures, labels = augment(
            batch.pictures,
            batch.labels,
            config,
            len(prepared.images.classes),
            prepared.preprocessing,
            self._seed,
            self._step,
        )
        return batch._replace(pictures=pictures, labels=labels)

    def _set_rate(self) -> None:
        """The learning rate of the next step."""
        factor = rate_factor(self.config, self._step - self._origin, self._steps)
        set_learning_rate(self.optimizer, self.config.learning_rate * factor)
        self._rate_moves = moves(self.config)

    def _change(self, name: str, value: Value) -> None:
        """A setting is another one from the next step on."""
        config = msgspec.structs.replace(self.config, **{name: value})
        self.config = config
        self._aim = Aim.learning(config, self._set_up().class_weights)
        follow_settings(self.optimizer, config)
        self._set_rate()

    def _together(self, team: Team, loss: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
        """The whole batch's mean loss and right answers; all also hear whether one was asked to stop."""
        self._images = self._sizes[self._batches]
        mine = right if team.share(self._images) else torch.zeros_like(right)
        total, right, stop = team.total(loss, mine, float(self._control.stopping)).unbind()
        self._all_stop = bool(stop)
        return total / team.size, right

    def _obey(self) -> bool:
        for reading in self._meter.flush():  # who pauses or makes single steps wants to see each of them
            self._tell(reading)
        return self._steering.obey(self._step, self._look)

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
