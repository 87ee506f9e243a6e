"""What surrounds the loop: steering, events, and keeping good weights."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress

import msgspec
import torch
from torch import Tensor, nn, optim

from cnnplay.data.prepared import Batch
from cnnplay.modules.build import NetworkModule
from cnnplay.modules.weights import Weights, weights_of
from cnnplay.spec import events
from cnnplay.spec.events import Event, Value
from cnnplay.spec.schedules import moves, rate_factor
from cnnplay.training.control import Control
from cnnplay.training.devices import IdleCores, most_threads
from cnnplay.training.failures import NonFinite, explain
from cnnplay.training.feed import Feed
from cnnplay.training.graphs import Model
from cnnplay.training.interruption import Interruption
from cnnplay.training.job import Checkpoint, Job, Observation, Reason, Result, Validation
from cnnplay.training.judge import Judge
from cnnplay.training.keeper import Keeper
from cnnplay.training.meter import Meter, Reading, Sums
from cnnplay.training.optimizers import follow_settings, set_learning_rate, state_of
from cnnplay.training.pace import Change, Pace
from cnnplay.training.precision import arithmetic
from cnnplay.training.reports import Troubles, planned, started
from cnnplay.training.setup import Ready, model_of, set_up
from cnnplay.training.state import Place, RunState
from cnnplay.training.steering import Steering
from cnnplay.training.stepper import Stepper
from cnnplay.training.stopwatch import Stopwatch
from cnnplay.training.surroundings import seed_step, uses_chance
from cnnplay.training.tasks import Aim, rules_of
from cnnplay.training.team import Team


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
        self.model: Model
        """What is computed with: the module, in a team wrapped to average the gradients, or a graph of it."""
        self.optimizer: optim.Optimizer
        self.stepper: Stepper
        self.arithmetic: AbstractContextManager[object]
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
        self._failure: events.Failed | None = None
        self._chance = uses_chance(job.network)
        self._sums = Sums(self._place.loss, self._place.right, self._place.images)
        self._pace: Pace | None = None
        self._interruption: Interruption | None = None
        self._steering = Steering(control, job.run, sink, self._watch)
        self._begun = 0.0
        self._images = 0
        self._all_stop = False
        self._learned_wrongly = False

    def prepare(self) -> None:
        """Sets everything up and says so."""
        ready = set_up(self.job, self._control, self._say)
        config = self.job.config
        self.module, self.optimizer = ready.module, ready.optimizer
        self.stepper = Stepper(ready.optimizer)
        self.model, graph = model_of(self.job, ready)
        self.arithmetic = arithmetic(config, ready.device)
        self._keeper = Keeper(ready.module, self.job.best)
        # In a team all must find at the same step that a loss is no number.
        self._meter = Meter(ready.device, at_once=self.team is not None)
        self._weights = list(ready.module.parameters())
        self._steps = steps = ready.prepared.steps(config.batch_size)
        self._feed = Feed(ready, config, self.team)
        # Nothing of these may hold the run: it would live on, with all weights, until garbage is collected.
        control, alone, resume = self._control, self.team is None, self.job.resume
        # In a team all judge to the end, or some would wait for the others.
        averaged = None if resume is None else resume.averaged
        self._judge = Judge(ready, averaged, lambda: alone and control.stopping)
        self._ready = ready  # what `finish` needs is there: what follows may fail
        if self.team is not None:
            self.model = self.team.wrap(ready.module, config.sync_batch_norm)
        self._origin = (self.job.first_epoch - 1) * steps
        self._step = self._first_step = self._origin if resume is None else self._place.step
        self._aim = Aim.learning(config, ready.class_weights)
        self._set_rate()
        self._sink(started(self.job, ready, steps, self._step))
        self._troubles = Troubles(ready.prepared, self.job.network)
        self._announce_plan(ready.plan.threads, ready.plan.reason + graph)
        if alone and ready.slow:
            self._interruption = Interruption(ready.module, lambda: control.stopping)
        if alone and ready.device.type == "cpu" and config.threads is None and most_threads() > 1:
            self._pace = Pace(most_threads(), ready.plan.threads, ready.plan.step_seconds, IdleCores())

    def epochs(self) -> Iterator[int]:
        """The epochs that are left; how many were asked for may change meanwhile."""
        while self._last_epoch < self.job.first_epoch - 1 + self.config.epochs:
            yield self._last_epoch + 1

    def batches(self, epoch: int) -> Iterator[Batch]:
        """What is left of the epoch's batches, in the order that seed and epoch decide."""
        if epoch != self._place.epoch:
            self._place = Place(self._step, epoch)
        begun, self._epoch, self._batches = self._place, epoch, self._place.batches
        self._sums = Sums(begun.loss, begun.right, begun.images)
        self._watch.new_epoch()
        return self._feed.batches(epoch, begun.batches, lambda: (self.config, self._step))

    def steer(self) -> bool:
        """Does what was asked for since the last batch; False when the run is to stop."""
        if self.team is not None:
            if self._all_stop:  # a step later than asked: all must hear of it
                return False
        elif self._control.pending and not self._obey():
            return False
        if self._chance:
            seed_step(self._set_up().device, self._feed.seed, self._step)
        if self._rate_moves:
            self._set_rate()
        if self._interruption is not None:
            self._interruption.begin_step(self._sums)
        self._begun = time.perf_counter()
        return True

    def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """What is made small, as the settings have it. In a team: this process's part of the batch's mean."""
        loss = self.rules.loss(logits, labels, self._aim)
        return loss if self.team is None else loss * self.team.weight(self._feed.sizes[self._batches])

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
        if self._interruption is not None:
            self._interruption.end_step()
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
        ready, judge = self._set_up(), self._judge
        metrics = judge.epoch(self.config, self.job.first_epoch, self._epoch, self._sums)
        validation = judge.validation
        weights = self._keeper.take()
        best = validation is not None and self._keeper.judge(
            self._epoch, validation.accuracy, validation.loss, weights
        )
        self._last_epoch = self._epoch
        self._place = Place(self._step, self._epoch + 1)
        self._metrics = metrics
        self._judged_step = self._step
        self._sink(
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
        for words in self._troubles.after_epoch(self._epoch, metrics, self.config):
            self._say(words)
        checkpoint = Checkpoint(
            self._epoch, self._step, weights, best, metrics, ready.facts, judge.averaged()
        )
        self._look(validation, checkpoint)
        patience, kept = self.config.early_stopping, self._keeper.best
        enough = bool(patience) and kept is not None and self._epoch - kept.epoch >= patience
        return not (enough if self.team is None else self.team.told(enough))

    def break_off(self) -> Reason:
        """Within a step, or within judging: it counts as not begun."""
        if self._interruption is not None:
            self._interruption.undo()
            self.stepper.forget()
        return "stopped"

    def fail(self, error: Exception) -> Reason:
        """Finds words for what went wrong. The weights go back to the last good ones."""
        self._learned_wrongly = isinstance(error, NonFinite)
        largest = None if self._ready is None else self._ready.forecast.largest_batch
        told = explain(error, self.job.network, self.config, self._step - self._first_step, largest)
        self._failure = events.Failed(run=self.job.run, step=self._step, epoch=self._epoch, **told._asdict())
        return "failed"

    def finish(self, reason: Reason) -> Result:
        """Says how the run ended, and hands over what it leaves behind."""
        if self._interruption is not None:
            self._interruption.end()
        if reason == "stopped":
            try:
                self._judge_once_more()
            except Exception as error:  # a device may have no memory left for this too
                reason = self.fail(error)
        elif reason == "failed" and self._ready is not None:
            with suppress(Exception):
                self._tell_rest()
        best = self.job.best if self._ready is None else self._keeper.best
        if self._failure is not None:
            with suppress(Exception):  # a sink that failed may fail again; the result tells it too
                self._sink(self._failure)
        else:
            self._sink(
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
        weights, learned = self.job.initial or {}, False
        if self._ready is not None:
            weights, learned = self._keeper.final(self._learned_wrongly, self._step > self._first_step)
        result = Result(
            reason=reason,
            weights=weights,
            learned=learned,
            last_epoch=self._last_epoch,
            step=self._step,
            metrics=self._metrics,
            best=best,
            state=self._state(weights, copied=False) if goes_on else None,
            facts=None if self._ready is None else self._ready.facts,
            validation=None if self._ready is None else self._judge.validation,
            failure=self._failure,
            images_per_second=self._watch.total_rate,
            seconds=self._watch.seconds,
        )
        self._release()
        return result

    def _judge_once_more(self) -> None:
        """After a stop within an epoch: its numbers so far, and those of validation where that is quick."""
        if self._ready is None or self._step == self._judged_step or not self._watch.images:
            return
        self._watch.close_training()
        self._tell_rest()
        self._metrics = self._judge.part(self.config, self._sums, self._watch.rate)

    def _tell_rest(self) -> None:
        """At the end: what waits and is a number."""
        for reading in self._meter.flush():
            if math.isfinite(reading.loss):
                self._tell(reading)

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
        ready = self._set_up()
        # In the order in which they are declared.
        where = (self.module, self._step, self._epoch, ready.prepared, self._say, self.config, self._copied)
        self._observer(Observation(*where, validation, checkpoint))

    def _copied(self, weights: Weights | None = None) -> RunState:
        """All that is needed to go on from here, between two batches."""
        for reading in self._meter.flush():  # a step that is done counts in its epoch's numbers
            self._tell(reading)
        return self._state(weights, copied=True)

    def _state(self, weights: Weights | None, copied: bool) -> RunState:
        """All that is needed to go on from here; what is not `copied` holds while no step comes."""
        ready, sums, place = self._set_up(), self._sums, self._place
        if self._last_epoch < self._epoch:
            place = Place(self._step, self._epoch, self._batches, sums.loss, sums.right, sums.images)
        return RunState(
            config=self.config,
            first_epoch=self.job.first_epoch,
            place=place,
            weights=weights_of(self.module) if weights is None else weights,
            optimizer=state_of(self.optimizer, self.config, copied),
            threads=torch.get_num_threads(),
            channels_last=ready.plan.channels_last,
            metrics=self._metrics,
            best=self._keeper.best,
            averaged=self._judge.averaged(),
            contents=ready.prepared.images.contents,
        )

    def _set_rate(self) -> None:
        """The learning rate of the next step."""
        factor = rate_factor(self.config, self._step - self._origin, self._steps)
        set_learning_rate(self.optimizer, self.config.learning_rate * factor)
        self._rate_moves = moves(self.config)

    def _change(self, name: str, value: Value) -> None:
        """A setting is another one from the next step on."""
        self.config = msgspec.structs.replace(self.config, **{name: value})
        self._aim = Aim.learning(self.config, self._set_up().class_weights)
        follow_settings(self.optimizer, self.config)
        self._set_rate()

    def _together(self, team: Team, loss: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
        """The whole batch's mean loss and right answers; all also hear whether one was asked to stop."""
        self._images = self._feed.sizes[self._batches]
        mine = right if team.share(self._images) else torch.zeros_like(right)
        total, right, stop = team.total(loss, mine, float(self._control.stopping)).unbind()
        self._all_stop = bool(stop)
        return total / team.size, right

    def _obey(self) -> bool:
        for reading in self._meter.flush():  # who pauses or makes single steps wants to see each of them
            self._tell(reading)
        return self._steering.obey(self._step, self._look, self._change)

    def _follow(self, change: Change) -> None:
        torch.set_num_threads(change.threads)
        self._announce_plan(change.threads, change.reason)

    def _announce_plan(self, threads: int, reason: str) -> None:
        self._sink(planned(self._set_up(), self.config, self.job.run, self._step + 1, threads, reason))

    def _say(self, message: str) -> None:
        self._sink(events.Noted(run=self.job.run, message=message))

    def _set_up(self) -> Ready:
        assert self._ready is not None, "prepare() comes first"
        return self._ready

    def _release(self) -> None:
        """Gives a GPU's memory back: the application goes on."""
        if self._ready is None or self._ready.device.type != "cuda":
            return
        self.stepper.forget()
        del self.model  # a graph holds memory of its own
        torch.cuda.empty_cache()
