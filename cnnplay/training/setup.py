"""Everything that is settled before the first step: device, memory, module, pictures, optimizer, plan."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, optim

from cnnplay.data.images import DataError, ImageSet
from cnnplay.data.prepared import Batch, Prepared, prepare
from cnnplay.modules.build import BuildError, NetworkModule
from cnnplay.modules.weights import build_with
from cnnplay.network.network import Network
from cnnplay.shapes.infer import infer
from cnnplay.shapes.pictures import class_faults
from cnnplay.shapes.report import Report
from cnnplay.spec.settings import TrainConfig, faults
from cnnplay.spec.trained import DataFacts
from cnnplay.training.averaging import first_averaged
from cnnplay.training.control import Control, Interrupted
from cnnplay.training.devices import most_threads, resolve
from cnnplay.training.failures import BadSettings, DoesNotFit
from cnnplay.training.forecast import Forecast, forecast, free_for_one
from cnnplay.training.graphs import MOST_OPERATIONS, Model, graphed
from cnnplay.training.job import Job
from cnnplay.training.optimizers import optimizer_for, restore
from cnnplay.training.plan import Plan, first_plan, recorded_plan, step_operations
from cnnplay.training.precision import arithmetic
from cnnplay.training.tasks import rules_of
from cnnplay.training.team import OF_EACH, Team

NO_BEST = (
    "the best epoch's weights so far are missing or damaged: from here on the best of the epochs to come is "
    "kept"
)
WORTH_BREAKING_OFF = 2e10
"""Floating-point operations a step, from a tenth of a second to one. Shorter steps are finished when a run is
to stop: to ask between their layers would cost some per cent of their speed."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What the loop works with."""

    device: torch.device
    module: NetworkModule
    prepared: Prepared
    optimizer: optim.Optimizer
    fused: bool
    plan: Plan
    facts: DataFacts
    parameters: int
    forecast: Forecast
    slow: bool
    """Whether a step takes so long that nobody should have to wait for its end."""
    class_weights: Tensor | None = None
    """By which a class's pictures count in the loss; None: all alike."""


def set_up(job: Job, control: Control, note: Callable[[str], None]) -> Ready:
    """Readies a run. Raises what `failures.explain` has words for; LoadCancelled or Interrupted when
    `control` stops it."""
    check_settings(job.config)
    team = job.team
    _check_batch(job.config, team)
    report = check_network(job.network, job.images)
    if report.why_untrainable:
        raise BuildError(report.why_untrainable)
    device = resolve(job.config.device) if team is None else team.device(job.config.device)
    prepared, expected = _pictures(job, report, device, control)
    for problem in prepared.problems:
        note(problem)
    _note_early_end(job, note)
    _note_schedule(job, note)
    _note_what_changed(job, note)
    if control.stopping:  # what follows takes seconds in large networks
        raise Interrupted
    module = _module(job, device, note)
    plan = _plan(job, report, module, prepared)
    module.to(memory_format=plan.memory_format)  # type: ignore[call-overload]
    optimizer, fused = optimizer_for(module.parameters(), job.config)
    if job.optimizer_state is not None and not restore(optimizer, job.optimizer_state, job.config):
        note("the optimizer begins afresh: its memory of the run before is of another network or optimizer")
    operations = step_operations(report.multiply_adds, job.config.batch_size)
    return Ready(
        device=device,
        module=module,
        prepared=prepared,
        optimizer=optimizer,
        fused=fused,
        plan=plan,
        facts=DataFacts(key=job.images.key, classes=job.images.classes, preprocessing=prepared.preprocessing),
        parameters=report.parameters,
        forecast=expected,
        slow=device.type == "cpu" and operations > WORTH_BREAKING_OFF,
        class_weights=_class_weights(prepared) if job.config.class_balance == "loss" else None,
    )


def _check_batch(config: TrainConfig, team: Team | None) -> None:
    if team is not None and config.batch_size < team.fewest:
        raise BadSettings(
            f"batch size must be at least {team.fewest}, {OF_EACH} pictures a process; "
            f"got {config.batch_size}"
        )


def _pictures(job: Job, report: Report, device: torch.device, control: Control) -> tuple[Prepared, Forecast]:
    """The pictures as the network takes them, once the run is known to fit beside them."""
    team = job.team
    prepared = job.prepared if _usable(job.prepared, job, device) else None
    free = free_for_one(device, team)
    if team is not None:  # all decide alike whether the run fits and how pictures are kept
        free = team.least(free)
    expected = forecast(
        job.network, report, job.config, job.images, prepared=prepared, timed=False, available=free, team=team
    )
    if job.check_memory and not expected.fits:
        raise DoesNotFit(expected.words, expected.advice, expected.largest_batch)
    if prepared is None:
        prepared = prepare(
            job.images,
            job.network.input.shape,
            device,
            reserved=expected.network_bytes,
            cancelled=lambda: control.stopping,
            memory=free,
            fewest=_fewest(team),
        )
    if not prepared.train_size:
        raise DataError(f"{job.images.title}: none of the training pictures can be read")
    if team is not None and prepared.train_size < team.fewest:
        raise DataError(
            f"{job.images.title}: {team.size} processes need {team.fewest} training pictures at least, "
            f"{OF_EACH} each; there are {prepared.train_size}"
        )
    return prepared, expected


def _plan(job: Job, report: Report, module: NetworkModule, prepared: Prepared) -> Plan:
    """That of the run before, or one found with the run's first batch."""
    team, config = job.team, job.config
    share, processes = ((0, 1), 1) if team is None else ((team.rank, team.size), team.local_size)
    if job.resume is not None:
        most = None if processes == 1 else most_threads(processes)
        return recorded_plan(job.resume.threads, job.resume.channels_last, prepared.device, most)
    first = _first_batch(job, prepared, share)
    pair = (first.pictures, first.labels)
    return first_plan(module, rules_of(job.network.task), config, pair, report.multiply_adds, processes)


def _first_batch(job: Job, prepared: Prepared, share: tuple[int, int] = (0, 1)) -> Batch:
    config = job.config
    return next(iter(prepared.train_batches(job.first_epoch, config.batch_size, config.seed, share=share)))


def model_of(job: Job, ready: Ready) -> tuple[Model, str]:
    """What computes a run's batches, and words for its plan: the module, alone on a GPU a graph of it."""
    if ready.device.type != "cuda" or job.team is not None:
        return ready.module, ""
    operations = step_operations(infer(job.network).multiply_adds, job.config.batch_size)
    # A graph keeps what a step needs for itself; batches of another size need as much once more.
    has_room = 2 * ready.forecast.network_bytes < ready.forecast.available_bytes
    if operations > MOST_OPERATIONS or not has_room:
        return ready.module, ""
    pictures = _first_batch(job, ready.prepared).pictures
    model, words = graphed(ready.module, pictures, arithmetic(job.config, ready.device, caching=False))
    return model, f"; {words}"


def check_settings(config: TrainConfig) -> None:
    """BadSettings where a setting breaks its limits."""
    found = faults(config)
    if found:
        raise BadSettings("; ".join(fault.message for fault in found))


def check_network(network: Network, images: ImageSet) -> Report:
    """The network's report. BuildError where it has faults or takes no pictures, DataError where its
    classes differ in number."""
    report = infer(network)
    if not report.valid:
        raise BuildError("the network has faults: " + "; ".join(fault.message for fault in report.faults[:3]))
    for fault in class_faults(network, images.title, len(images.classes)):
        raise DataError(fault.message)
    channels = network.input.channels
    if channels not in (1, 3):
        raise BuildError(
            f"the network's input must have 1 channel (grey) or 3 (colour) for pictures; it has {channels}"
        )
    return report


def _note_early_end(job: Job, note: Callable[[str], None]) -> None:
    """Says that early stopping may leave a run without averaged weights, where it may."""
    config, first = job.config, first_averaged(job.config, job.first_epoch)
    may_end_before = bool(config.early_stopping) and first > job.first_epoch + config.early_stopping
    if config.averaging > 0 and may_end_before and job.resume is None:
        note(f"weights are averaged from epoch {first} on: if the run ends early before it, there are none")


def _note_schedule(job: Job, note: Callable[[str], None]) -> None:
    """Says where the run ends before its schedule has done anything."""
    config = job.config
    if job.resume is not None:
        return
    if config.warmup > config.epochs:
        note(
            f"the warm-up takes {config.warmup:,.4g} epochs and the run has {config.epochs:,}: the learning "
            "rate never comes to what was set"
        )
    if config.schedule == "step" and config.step_every >= config.epochs:
        counted = "epoch" if config.step_every == 1 else f"{config.step_every:,} epochs"
        note(f"the learning rate steps every {counted} and the run has {config.epochs:,}: it never does")


def _note_what_changed(job: Job, note: Callable[[str], None]) -> None:
    """Says where a run that goes on is not as if it had never stopped."""
    state = job.resume
    if state is None:
        return
    if state.contents and state.contents != job.images.contents:
        note(
            f"the pictures of {job.images.title} are not those that the run learned from so far: some were "
            "changed, added or taken away; it goes on with those that are there now"
        )
    judged = state.last_epoch >= state.first_epoch and "validation_loss" in state.metrics
    if judged and state.best is None:
        note(NO_BEST)


def _class_weights(prepared: Prepared) -> Tensor:
    """N / (K · n) for each of K classes with n of the N training pictures: 1 where all have as many."""
    labels = prepared.images.labels[prepared.train]
    counts = np.bincount(labels, minlength=len(prepared.images.classes))
    weights = len(labels) / (len(counts) * np.maximum(counts, 1))
    return torch.tensor(weights, dtype=torch.float32, device=prepared.device)


def _usable(prepared: Prepared | None, job: Job, device: torch.device) -> bool:
    return (
        prepared is not None
        and prepared.images is job.images
        and prepared.device == device
        and prepared.preprocessing.input == job.network.input.shape
        and prepared.fewest == _fewest(job.team)
    )


def _fewest(team: Team | None) -> int:
    return OF_EACH if team is None else team.fewest


def _module(job: Job, device: torch.device, note: Callable[[str], None]) -> NetworkModule:
    config = job.config
    module, result = build_with(
        job.initial, job.network, device=device, seed=config.seed, initialisation=config.initialisation
    )
    if job.initial is not None and not result.complete:
        note("some layers begin afresh: " + "; ".join(result.words[:5]))
    return module.train()
