"""Everything settled before the first step: device, memory, module, images, optimizer, plan."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, optim

from cnnplay.data.images import DataError, ImageSet
from cnnplay.data.prepared import Batch, Prepared, prepare
from cnnplay.modules.build import BuildError, NetworkModule
from cnnplay.modules.weights import build_with_weights
from cnnplay.network.network import Network
from cnnplay.shapes.class_count import class_problems
from cnnplay.shapes.infer import infer
from cnnplay.shapes.report import Report
from cnnplay.spec.settings import TrainConfig, setting_problems
from cnnplay.spec.trained import DataFacts
from cnnplay.training.averaging import first_averaged
from cnnplay.training.control import Control, Interrupted
from cnnplay.training.devices import max_threads, resolve
from cnnplay.training.distributed import MIN_IMAGES_PER_PROCESS, DistributedContext
from cnnplay.training.estimate import Estimate, estimate, free_bytes_per_process
from cnnplay.training.failures import NotEnoughMemory, SettingsError
from cnnplay.training.graphs import MAX_OPERATIONS, Model, capture_graph
from cnnplay.training.job import Job
from cnnplay.training.optimizers import optimizer_for, restore_state
from cnnplay.training.plan import ExecutionPlan, choose_plan, recorded_plan, step_operations
from cnnplay.training.precision import arithmetic
from cnnplay.training.tasks import training_task

BEST_WEIGHTS_MISSING = (
    "the weights of the best epoch so far are missing or damaged; from now on, the best of the remaining "
    "epochs is kept"
)
INTERRUPTIBLE_OPERATIONS = 2e10
"""Floating-point operations per step, a tenth of a second to one second. Shorter steps are finished when a
run must stop: checking between their layers would cost a few percent of their speed.
"""


@dataclass(frozen=True, slots=True)
class TrainingSetup:
    """What the training loop works with."""

    device: torch.device
    module: NetworkModule
    prepared: Prepared
    optimizer: optim.Optimizer
    fused: bool
    plan: ExecutionPlan
    facts: DataFacts
    parameters: int
    estimate: Estimate
    slow: bool
    """Whether a step takes too long to wait for its end when stopping."""
    class_weights: Tensor | None = None
    """Each class's weight in the loss; None: all equal."""


def set_up(job: Job, control: Control, note: Callable[[str], None]) -> TrainingSetup:
    """Sets up a run. Raises the errors that `failures.explain` describes; LoadCancelled or Interrupted if
    `control` stops it.
    """
    check_settings(job.config)
    distributed = job.distributed
    _check_batch(job.config, distributed)
    report = check_network(job.network, job.dataset)
    if report.untrainable_reason:
        raise BuildError(report.untrainable_reason)
    device = resolve(job.config.device) if distributed is None else distributed.device(job.config.device)
    prepared, expected = _prepare_images(job, report, device, control)
    for problem in prepared.problems:
        note(problem)
    _note_early_end(job, note)
    _note_schedule(job, note)
    _note_what_changed(job, note)
    if control.stopping:  # the rest takes seconds in large networks
        raise Interrupted
    module = _module(job, device, note)
    plan = _plan(job, report, module, prepared)
    module.to(memory_format=plan.memory_format)  # type: ignore[call-overload]
    optimizer, fused = optimizer_for(module.parameters(), job.config)
    if job.optimizer_state is not None and not restore_state(optimizer, job.optimizer_state, job.config):
        note("optimizer state was reset: it belongs to another network or optimizer")
    operations = step_operations(report.multiply_adds, job.config.batch_size)
    return TrainingSetup(
        device=device,
        module=module,
        prepared=prepared,
        optimizer=optimizer,
        fused=fused,
        plan=plan,
        facts=DataFacts(
            key=job.dataset.key, classes=job.dataset.classes, preprocessing=prepared.preprocessing
        ),
        parameters=report.parameters,
        estimate=expected,
        slow=device.type == "cpu" and operations > INTERRUPTIBLE_OPERATIONS,
        class_weights=_class_weights(prepared) if job.config.class_balance == "loss" else None,
    )


def _check_batch(config: TrainConfig, distributed: DistributedContext | None) -> None:
    if distributed is not None and config.batch_size < distributed.min_batch:
        raise SettingsError(
            f"batch size must be at least {distributed.min_batch}, {MIN_IMAGES_PER_PROCESS} images per "
            f"process; got {config.batch_size}"
        )


def _prepare_images(
    job: Job, report: Report, device: torch.device, control: Control
) -> tuple[Prepared, Estimate]:
    """The images as the network takes them, once the run is known to fit next to them."""
    distributed = job.distributed
    prepared = job.prepared if _is_usable(job.prepared, job, device) else None
    free = free_bytes_per_process(device, distributed)
    if distributed is not None:  # all must agree whether the run fits and how images are stored
        free = distributed.minimum(free)
    expected = estimate(
        job.network,
        report,
        job.config,
        job.dataset,
        prepared=prepared,
        timed=False,
        available=free,
        distributed=distributed,
    )
    if job.check_memory and not expected.fits:
        raise NotEnoughMemory(expected.summary, expected.advice, expected.largest_batch)
    if prepared is None:
        prepared = prepare(
            job.dataset,
            job.network.input.shape,
            device,
            reserved=expected.network_bytes,
            cancelled=lambda: control.stopping,
            memory=free,
            min_batch=_min_batch(distributed),
        )
    if not prepared.train_size:
        raise DataError(f"{job.dataset.title}: none of the training images can be read")
    if distributed is not None and prepared.train_size < distributed.min_batch:
        raise DataError(
            f"{job.dataset.title}: {distributed.size} processes need at least {distributed.min_batch} "
            f"training images, {MIN_IMAGES_PER_PROCESS} each; there are {prepared.train_size}"
        )
    return prepared, expected


def _plan(job: Job, report: Report, module: NetworkModule, prepared: Prepared) -> ExecutionPlan:
    """The recorded plan of a resumed run, or one chosen with the run's first batch."""
    distributed, config = job.distributed, job.config
    share, processes = (
        ((0, 1), 1) if distributed is None else ((distributed.rank, distributed.size), distributed.local_size)
    )
    if job.resume is not None:
        most = None if processes == 1 else max_threads(processes)
        return recorded_plan(job.resume.threads, job.resume.channels_last, prepared.device, most)
    first = _first_batch(job, prepared, share)
    pair = (first.images, first.labels)
    return choose_plan(module, training_task(job.network.task), config, pair, report.multiply_adds, processes)


def _first_batch(job: Job, prepared: Prepared, share: tuple[int, int] = (0, 1)) -> Batch:
    config = job.config
    return next(iter(prepared.train_batches(job.first_epoch, config.batch_size, config.seed, share=share)))


def model_of(job: Job, ready: TrainingSetup) -> tuple[Model, str]:
    """The model that computes a run's batches, and a note for its plan: the module, or a CUDA graph of it on
    a single GPU.
    """
    if ready.device.type != "cuda" or job.distributed is not None:
        return ready.module, ""
    operations = step_operations(infer(job.network).multiply_adds, job.config.batch_size)
    # A graph keeps its step's memory to itself; batches of another size need as much again.
    fits_twice = 2 * ready.estimate.network_bytes < ready.estimate.available_bytes
    if operations > MAX_OPERATIONS or not fits_twice:
        return ready.module, ""
    images = _first_batch(job, ready.prepared).images
    model, text = capture_graph(ready.module, images, arithmetic(job.config, ready.device, caching=False))
    return model, f"; {text}"


def check_settings(config: TrainConfig) -> None:
    """Raises SettingsError if a setting is out of range."""
    found = setting_problems(config)
    if found:
        raise SettingsError("; ".join(fault.message for fault in found))


def check_network(network: Network, dataset: ImageSet) -> Report:
    """Infers the network's report. Raises BuildError if the network has problems or cannot take images,
    DataError if the number of classes differs.
    """
    report = infer(network)
    if not report.valid:
        raise BuildError(
            "the network has problems: " + "; ".join(fault.message for fault in report.problems[:3])
        )
    for fault in class_problems(network, dataset.title, len(dataset.classes)):
        raise DataError(fault.message)
    channels = network.input.channels
    if channels not in (1, 3):
        raise BuildError(
            f"the network's input must have 1 channel (gray) or 3 (RGB) for images; it has {channels}"
        )
    return report


def _note_early_end(job: Job, note: Callable[[str], None]) -> None:
    """Warns if early stopping could end the run before weights are averaged."""
    config, first = job.config, first_averaged(job.config, job.first_epoch)
    may_end_before = bool(config.early_stopping) and first > job.first_epoch + config.early_stopping
    if config.averaging > 0 and may_end_before and job.resume is None:
        note(f"weights are averaged from epoch {first} on; if the run ends earlier, there is no average")


def _note_schedule(job: Job, note: Callable[[str], None]) -> None:
    """Warns if the run ends before its schedule has any effect."""
    config = job.config
    if job.resume is not None:
        return
    if config.warmup > config.epochs:
        note(
            f"the warm-up takes {config.warmup:,.4g} epochs but the run only has {config.epochs:,}: the "
            "learning rate never reaches its set value"
        )
    if config.schedule == "step" and config.step_every >= config.epochs:
        counted = "epoch" if config.step_every == 1 else f"{config.step_every:,} epochs"
        note(
            f"the learning rate decays every {counted} but the run has only {config.epochs:,}: it never does"
        )


def _note_what_changed(job: Job, note: Callable[[str], None]) -> None:
    """Warns if a resumed run differs from one that never stopped."""
    state = job.resume
    if state is None:
        return
    if state.contents and state.contents != job.dataset.contents:
        note(
            f"images of {job.dataset.title} were changed, added or removed since the run was interrupted; "
            "it resumes with the current ones"
        )
    evaluated = state.last_epoch >= state.first_epoch and "validation_loss" in state.metrics
    if evaluated and state.best is None:
        note(BEST_WEIGHTS_MISSING)


def _class_weights(prepared: Prepared) -> Tensor:
    """N / (K · n) for each of K classes with n of the N training images: 1 if all classes have equally
    many.
    """
    labels = prepared.dataset.labels[prepared.train]
    counts = np.bincount(labels, minlength=len(prepared.dataset.classes))
    weights = len(labels) / (len(counts) * np.maximum(counts, 1))
    return torch.tensor(weights, dtype=torch.float32, device=prepared.device)


def _is_usable(prepared: Prepared | None, job: Job, device: torch.device) -> bool:
    return (
        prepared is not None
        and prepared.dataset is job.dataset
        and prepared.device == device
        and prepared.preprocessing.input == job.network.input.shape
        and prepared.min_batch == _min_batch(job.distributed)
    )


def _min_batch(distributed: DistributedContext | None) -> int:
    return MIN_IMAGES_PER_PROCESS if distributed is None else distributed.min_batch


def _module(job: Job, device: torch.device, note: Callable[[str], None]) -> NetworkModule:
    config = job.config
    module, result = build_with_weights(
        job.initial, job.network, device=device, seed=config.seed, initialisation=config.initialisation
    )
    if job.initial is not None and not result.complete:
        note("some layers are initialized at random: " + "; ".join(result.messages[:5]))
    return module.train()
