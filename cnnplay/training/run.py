"""Everything around the training loop: control, events, and keeping good weights."""

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
from cnnplay.spec.schedules import rate_factor, rate_varies
from cnnplay.spec.tasks import task_info
from cnnplay.training.batches import BatchSource
from cnnplay.training.best_weights import BestWeights
from cnnplay.training.control import Control
from cnnplay.training.devices import IdleCores, max_threads
from cnnplay.training.distributed import DistributedContext
from cnnplay.training.epoch_evaluator import EpochEvaluator
from cnnplay.training.failures import NonFiniteLoss, explain
from cnnplay.training.fused_step import FusedStep
from cnnplay.training.graphs import Model
from cnnplay.training.interruption import Interruption
from cnnplay.training.job import Checkpoint, Job, Observation, Reason, Result
from cnnplay.training.meter import EpochMetrics, Meter, StepMetrics
from cnnplay.training.optimizers import apply_settings, set_learning_rate, state_of
from cnnplay.training.patience import Patience
from cnnplay.training.precision import arithmetic
from cnnplay.training.reports import TrainingWarnings, planned_event, started_event
from cnnplay.training.rng import seed_step, uses_randomness
from cnnplay.training.setup import TrainingSetup, model_of, set_up
from cnnplay.training.state import RunPosition, RunState
from cnnplay.training.steering import Steering
from cnnplay.training.stopwatch import Stopwatch
from cnnplay.training.task import LossConfig, Validation
from cnnplay.training.tasks import training_task
from cnnplay.training.thread_tuning import ThreadChange, ThreadTuner


class Run:
    """One training run. Only the loop calls its methods, in order."""

    def __init__(
        self,
        job: Job,
        sink: Callable[[Event], None],
        observer: Callable[[Observation], None] | None,
        control: Control,
    ) -> None:
        self.job = job
        self.config = job.config
        """Includes changes during the run."""
        self.task = training_task(job.network.task)
        self._task_info = task_info(job.network.task)
        self.distributed = job.distributed
        self.module: NetworkModule
        self.model: Model
        """Computes the logits: the module, a CUDA graph of it, or its distributed wrapper, which averages
        gradients.
        """
        self.optimizer: optim.Optimizer
        self.fused_step: FusedStep
        self.arithmetic: AbstractContextManager[object]
        self._sink = sink
        self._observer = observer
        self._control = control
        self._ready: TrainingSetup | None = None
        self._watch = Stopwatch()
        self._step = self._first_step = 0
        self._position = RunPosition(0, job.first_epoch) if job.resume is None else job.resume.place
        self._epoch, self._batches = self._position.epoch, self._position.batches
        self._last_epoch = self._epoch - 1
        self._metrics: dict[str, float] = {} if job.resume is None else job.resume.metrics
        self._evaluated_step = -1
        self._patience = Patience(job)
        self._loss_config = LossConfig.for_training(job.config)
        self._failure: events.Failed | None = None
        self._random = uses_randomness(job.network)
        self._epoch_metrics = self._metrics_from(self._position)
        self._thread_tuner: ThreadTuner | None = None
        self._interruption: Interruption | None = None
        self._steering = Steering(control, job.run, sink, self._watch)
        self._step_start = 0.0
        self._images = 0
        self._stop_all = False
        self._diverged = False

    def prepare(self) -> None:
        """Sets up the run and reports its start."""
        ready = set_up(self.job, self._control, self._note)
        config = self.job.config
        self.module, self.optimizer = ready.module, ready.optimizer
        self.fused_step = FusedStep(ready.optimizer)
        self.model, graph = model_of(self.job, ready)
        self.arithmetic = arithmetic(config, ready.device)
        self._best_weights = BestWeights(ready.module, self.job.best, self._task_info.rank)
        # Distributed processes must all notice a non-finite loss at the same step.
        self._meter = Meter(ready.device, at_once=self.distributed is not None)
        self._weights = list(ready.module.parameters())
        self._steps = steps = ready.prepared.steps(config.batch_size)
        self._batch_source = BatchSource(ready, config, self.distributed)
        # None of these may hold a reference to the run: a cycle would keep it, with all weights, until
        # garbage collection.
        control, alone, resume = self._control, self.distributed is None, self.job.resume
        # Distributed processes must all finish evaluating, or some would wait for the others.
        averaged = None if resume is None else resume.averaged
        self._evaluator = EpochEvaluator(ready, averaged, lambda: alone and control.stopping)
        self._ready = ready  # `finish` has what it needs; from here on errors are allowed
        if self.distributed is not None:
            self.model = self.distributed.wrap(ready.module, config.sync_batch_norm)
        self._origin = (self.job.first_epoch - 1) * steps
        self._step = self._first_step = self._origin if resume is None else self._position.step
        self._loss_config = LossConfig.for_training(config, ready.class_weights)
        self._set_rate()
        self._sink(started_event(self.job, ready, steps, self._step))
        self._warnings = TrainingWarnings(ready.prepared, self.job.network)
        self._announce_plan(ready.plan.threads, ready.plan.reason + graph)
        if alone and ready.slow:
            self._interruption = Interruption(ready.module, lambda: control.stopping)
        if alone and ready.device.type == "cpu" and config.threads is None and max_threads() > 1:
            plan = ready.plan
            self._thread_tuner = ThreadTuner(
                max_threads(), plan.threads, plan.step_seconds, IdleCores(), certain=plan.certain
            )

    def epochs(self) -> Iterator[int]:
        """The remaining epochs; their number may change meanwhile."""
        while self._last_epoch < self.job.first_epoch - 1 + self.config.epochs:
            yield self._last_epoch + 1

    def batches(self, epoch: int) -> Iterator[Batch]:
        """The remaining batches of the epoch, in the order given by seed and epoch."""
        if epoch != self._position.epoch:
            self._position = RunPosition(self._step, epoch)
        start, self._epoch, self._batches = self._position, epoch, self._position.batches
        self._epoch_metrics = self._metrics_from(start)
        self._watch.new_epoch()
        return self._batch_source.batches(epoch, start.batches, lambda: (self.config, self._step))

    def steer(self) -> bool:
        """Handles requests since the last batch. Returns False if the run must stop."""
        if self.distributed is not None:
            if self._stop_all:  # one step late, so that all processes know
                return False
        elif self._control.pending and not self._apply_requests():
            return False
        if self._random:
            seed_step(self._set_up().device, self._batch_source.seed, self._step)
        if self._rate_varies:
            self._set_rate()
        if self._interruption is not None:
            self._interruption.begin_step(self._epoch_metrics)
        self._step_start = time.perf_counter()
        return True

    def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """The loss to minimize. In distributed training: this process's share of the batch's mean."""
        loss = self.task.loss(logits, labels, self._loss_config)
        return (
            loss
            if self.distributed is None
            else loss * self.distributed.weight(self._batch_source.sizes[self._batches])
        )

    def clip(self) -> None:
        """Clips the gradient norm as the settings say."""
        if self.config.gradient_clipping:
            nn.utils.clip_grad_norm_(self._weights, self.config.gradient_clipping)

    def note(self, loss: Tensor, logits: Tensor, labels: Tensor) -> None:
        """Reports the batch's loss before the backward pass. Raises NonFiniteLoss if it is not finite."""
        self._images = len(labels)
        sums = self.task.measure(logits, labels)
        if self.distributed is not None:
            loss, sums = self._reduce(self.distributed, loss, sums)
        for step in self._meter.note(self._step + 1, loss, sums, self._images):
            self._report(step)

    def after_step(self) -> None:
        """Updates times, thread tuning and views after the weights have changed."""
        self._step += 1
        self._batches += 1
        if self._interruption is not None:
            self._interruption.end_step()
        now = time.perf_counter()
        self._watch.lap(now, self._images)
        if self._thread_tuner is not None:
            change = self._thread_tuner.record(now - self._step_start)
            if change is not None:
                self._apply_threads(change)
        if self._observer is not None:
            self._observe()

    def after_epoch(self) -> bool:
        """Evaluates on the validation split and keeps the weights. Returns False if the run must end
        early.
        """
        for step in self._meter.flush():
            self._report(step)
        self._watch.close_training()
        if self.distributed is not None:
            self.distributed.broadcast_buffers(self.module)
        ready, evaluator = self._set_up(), self._evaluator
        metrics = evaluator.evaluate_epoch(
            self.config, self.job.first_epoch, self._epoch, self._epoch_metrics
        )
        validation = evaluator.validation
        weights = self._best_weights.snapshot()
        best = validation is not None and self._best_weights.update(self._epoch, validation.metrics, weights)
        self._last_epoch = self._epoch
        self._position = RunPosition(self._step, self._epoch + 1)
        self._metrics = metrics
        self._evaluated_step = self._step
        self._sink(
            events.EpochDone(
                run=self.job.run,
                epoch=self._epoch,
                step=self._step,
                metrics=metrics,
                seconds=self._watch.epoch_seconds,
                images_per_second=self._watch.rate,
                best=best,
                learning_rate=self._rate_at(self._step - 1),
            )
        )
        for message in self._warnings.after_epoch(self._epoch, metrics, self.config):
            self._note(message)
        checkpoint = Checkpoint(
            self._epoch, self._step, weights, best, metrics, ready.facts, evaluator.averaged()
        )
        self._observe(validation, checkpoint)
        patience, best_epoch = self.config.early_stopping, self._best_weights.best
        enough = self._patience.is_exhausted(patience, self._epoch, best_epoch)
        return not (enough if self.distributed is None else self.distributed.broadcast(enough))

    def interrupt(self) -> Reason:
        """Discards a step or an evaluation that was interrupted."""
        if self._interruption is not None:
            self._interruption.undo()
            self.fused_step.zero_grad()
        return "stopped"

    def fail(self, error: Exception) -> Reason:
        """Describes the error. The weights return to the last good ones."""
        self._diverged = isinstance(error, NonFiniteLoss)
        largest = None if self._ready is None else self._ready.estimate.largest_batch
        explanation = explain(error, self.job.network, self.config, self._step - self._first_step, largest)
        self._failure = events.Failed(
            run=self.job.run, step=self._step, epoch=self._epoch, **explanation._asdict()
        )
        return "failed"

    def finish(self, reason: Reason) -> Result:
        """Reports how the run ended and returns its result."""
        if self._interruption is not None:
            self._interruption.end()
        if reason == "stopped":
            try:
                self._evaluate_stopped()
            except Exception as error:  # the device may be out of memory for this too
                reason = self.fail(error)
        elif reason == "failed" and self._ready is not None:
            with suppress(Exception):
                self._report_pending()
        best = self.job.best if self._ready is None else self._best_weights.best
        if self._failure is not None:
            with suppress(Exception):  # a failed sink may fail again; the result has it too
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
        can_resume = self._ready is not None and not self._diverged
        weights, learned = self.job.initial or {}, False
        if self._ready is not None:
            weights, learned = self._best_weights.final(self._diverged, self._step > self._first_step)
        result = Result(
            reason=reason,
            weights=weights,
            learned=learned,
            last_epoch=self._last_epoch,
            step=self._step,
            metrics=self._metrics,
            best=best,
            state=self._state(weights, copied=False) if can_resume else None,
            facts=None if self._ready is None else self._ready.facts,
            validation=None if self._ready is None else self._evaluator.validation,
            failure=self._failure,
            images_per_second=self._watch.total_rate,
            seconds=self._watch.seconds,
        )
        self._release()
        return result

    def _evaluate_stopped(self) -> None:
        """After a stop within an epoch: its metrics so far, with validation if that is quick."""
        if self._ready is None or self._step == self._evaluated_step or not self._watch.images:
            return
        self._watch.close_training()
        self._report_pending()
        self._metrics = self._evaluator.evaluate_partial_epoch(
            self.config, self._epoch_metrics, self._watch.rate
        )

    def _report_pending(self) -> None:
        """Reports the waiting steps that have a finite loss, at the end of the run."""
        for step in self._meter.flush():
            if math.isfinite(step.loss):
                self._report(step)

    def _report(self, step: StepMetrics) -> None:
        if not math.isfinite(step.loss):
            raise NonFiniteLoss(step.loss)
        self._best_weights.maybe_copy(self._step_start, self._step > self._first_step)
        self._epoch_metrics.add(step)
        names = self._task_info.step_metrics
        metrics = {name: total / step.images for name, total in zip(names, step.sums, strict=True)}
        self._sink(events.Stepped.make(self.job.run, step.step, self._epoch, step.loss, metrics, step.images))

    def _observe(self, validation: Validation | None = None, checkpoint: Checkpoint | None = None) -> None:
        if self._observer is None:
            return
        ready = self._set_up()
        # In the fields' order.
        fields = (
            self.module,
            self._step,
            self._epoch,
            ready.prepared,
            self._note,
            self.config,
            self._state_copy,
        )
        self._observer(Observation(*fields, validation, checkpoint))

    def _state_copy(self, weights: Weights | None = None) -> RunState:
        """A copy of everything needed to resume from here, between two batches."""
        for step in self._meter.flush():  # completed steps count in the epoch's metrics
            self._report(step)
        return self._state(weights, copied=True)

    def _state(self, weights: Weights | None, copied: bool) -> RunState:
        """Everything needed to resume from here. Without `copied`, it is only valid until the next step."""
        ready, totals, position = self._set_up(), self._epoch_metrics, self._position
        if self._last_epoch < self._epoch:
            position = RunPosition(
                self._step, self._epoch, self._batches, totals.loss, totals.sums, totals.images
            )
        return RunState(
            config=self.config,
            first_epoch=self.job.first_epoch,
            place=position,
            weights=weights_of(self.module) if weights is None else weights,
            optimizer=state_of(self.optimizer, self.config, copied),
            threads=torch.get_num_threads(),
            channels_last=ready.plan.channels_last,
            metrics=self._metrics,
            best=self._best_weights.best,
            averaged=self._evaluator.averaged(),
            contents=ready.prepared.dataset.contents,
            patience_from=self._patience.counts_from,
        )

    def _set_rate(self) -> None:
        """Sets the learning rate of the next step."""
        set_learning_rate(self.optimizer, self._rate_at(self._step))
        self._rate_varies = rate_varies(self.config)

    def _rate_at(self, step: int) -> float:
        return self.config.learning_rate * rate_factor(self.config, step - self._origin, self._steps)

    def _change(self, name: str, value: Value) -> None:
        """Changes a setting from the next step on."""
        self.config = msgspec.structs.replace(self.config, **{name: value})
        self._loss_config = LossConfig.for_training(self.config, self._set_up().class_weights)
        apply_settings(self.optimizer, self.config)
        self._set_rate()

    def _metrics_from(self, position: RunPosition) -> EpochMetrics:
        """The sums of the position's epoch so far."""
        sums = {name: position.sums.get(name, 0.0) for name in self._task_info.step_metrics}
        return EpochMetrics(position.loss, sums, position.images)

    def _reduce(
        self, distributed: DistributedContext, loss: Tensor, sums: tuple[Tensor, ...]
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """The whole batch's mean loss and the sums of its metrics. Also shares whether a process was asked to
        stop.
        """
        self._images = self._batch_source.sizes[self._batches]
        mine = sums if distributed.share(self._images) else tuple(map(torch.zeros_like, sums))
        total, *measured, stop = distributed.sum(loss, *mine, float(self._control.stopping))
        self._stop_all = bool(stop)
        return total / distributed.size, tuple(measured)

    def _apply_requests(self) -> bool:
        for step in self._meter.flush():  # a user who pauses or steps wants to see every step
            self._report(step)
        return self._steering.apply(self._step, self._observe, self._change)

    def _apply_threads(self, change: ThreadChange) -> None:
        torch.set_num_threads(change.threads)
        self._announce_plan(change.threads, change.reason)

    def _announce_plan(self, threads: int, reason: str) -> None:
        self._sink(planned_event(self._set_up(), self.config, self.job.run, self._step + 1, threads, reason))

    def _note(self, message: str) -> None:
        self._sink(events.Noted(run=self.job.run, message=message))

    def _set_up(self) -> TrainingSetup:
        assert self._ready is not None, "prepare() comes first"
        return self._ready

    def _release(self) -> None:
        """Frees a GPU's memory, because the application continues."""
        if self._ready is None or self._ready.device.type != "cuda":
            return
        self.fused_step.zero_grad()
        del self.model  # a CUDA graph holds memory of its own
        torch.cuda.empty_cache()
