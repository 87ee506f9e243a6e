"""A run's start and plan as events, and the warnings it gives."""

from collections.abc import Mapping

from cnnplay.data.prepared import Prepared
from cnnplay.network.network import Network, task_key
from cnnplay.spec import events
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.failures import overshoot_warning
from cnnplay.training.job import Job
from cnnplay.training.precision import in_bfloat16
from cnnplay.training.setup import TrainingSetup


def started_event(job: Job, ready: TrainingSetup, steps: int, done: int) -> events.Started:
    """The run is set up: `steps` per epoch, `done` of them completed."""
    return events.Started(
        run=job.run,
        network=job.network.name,
        data=job.dataset.key,
        config=job.config,
        device=str(ready.device),
        parameters=ready.parameters,
        train_size=ready.prepared.train_size,
        validation_size=ready.prepared.validation_size,
        steps_per_epoch=steps,
        first_epoch=job.first_epoch,
        done=None if job.resume is None else done,
        within=None if job.resume is None else job.resume.place.epoch,
        task=task_key(job.network.task),
    )


def planned_event(
    ready: TrainingSetup, config: TrainConfig, run: str, step: int, threads: int, reason: str
) -> events.Planned:
    """The chosen plan, from a step on."""
    return events.Planned(
        run=run,
        step=step,
        threads=threads,
        memory_format="channels_last" if ready.plan.channels_last else "contiguous",
        precision="bfloat16" if in_bfloat16(config, ready.device) else "float32",
        fused=ready.fused,
        resident=ready.prepared.resident,
        reason=reason,
    )


class TrainingWarnings:
    """Problems that do not end a run, each reported once: unreadable images, and steps that overshoot."""

    def __init__(self, prepared: Prepared, network: Network) -> None:
        self._prepared = prepared
        self._classes = network.task.classes
        self._reported = len(prepared.problems)
        self._overshoot_reported = False

    def after_epoch(self, epoch: int, metrics: Mapping[str, float], config: TrainConfig) -> tuple[str, ...]:
        """The new warnings of an epoch."""
        new = tuple(self._prepared.problems[self._reported :])
        self._reported += len(new)
        warning = "" if self._overshoot_reported else overshoot_warning(epoch, metrics, self._classes, config)
        self._overshoot_reported = self._overshoot_reported or bool(warning)
        return (*new, warning) if warning else new
