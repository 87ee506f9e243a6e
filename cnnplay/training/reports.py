"""What a run tells of itself: when it begins, and which troubles it met."""

from collections.abc import Mapping

from cnnplay.data.prepared import Prepared
from cnnplay.network.network import Network
from cnnplay.spec import events
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.failures import overshot
from cnnplay.training.job import Job
from cnnplay.training.precision import in_bfloat16
from cnnplay.training.setup import Ready


def started(job: Job, ready: Ready, steps: int, done: int) -> events.Started:
    """The run is set up, of so many steps an epoch; so many are done."""
    return events.Started(
        run=job.run,
        network=job.network.name,
        data=job.images.key,
        config=job.config,
        device=str(ready.device),
        parameters=ready.parameters,
        train_size=ready.prepared.train_size,
        validation_size=ready.prepared.validation_size,
        steps_per_epoch=steps,
        first_epoch=job.first_epoch,
        done=None if job.resume is None else done,
        within=None if job.resume is None else job.resume.place.epoch,
    )


def planned(
    ready: Ready, config: TrainConfig, run: str, step: int, threads: int, reason: str
) -> events.Planned:
    """What was chosen, from a step on."""
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


class Troubles:
    """What goes wrong and does not end a run, each told once: pictures that cannot be read, and steps that
    overshoot."""

    def __init__(self, prepared: Prepared, network: Network) -> None:
        self._prepared = prepared
        self._classes = network.task.classes
        self._told = len(prepared.problems)
        self._overshot = False

    def after_epoch(self, epoch: int, metrics: Mapping[str, float], config: TrainConfig) -> tuple[str, ...]:
        """In words, what the epoch brought to light."""
        fresh = tuple(self._prepared.problems[self._told :])
        self._told += len(fresh)
        words = "" if self._overshot else overshot(epoch, metrics, self._classes, config)
        self._overshot = self._overshot or bool(words)
        return (*fresh, words) if words else fresh
