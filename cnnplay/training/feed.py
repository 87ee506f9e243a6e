"""What a run learns from: its batches in their order, shared among processes, varied as the settings say."""

from collections.abc import Callable, Iterator

from cnnplay.data.prepared import Batch
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.augmentation import augment, augmented
from cnnplay.training.setup import Ready
from cnnplay.training.team import Team

OF_A_RANK = 7_777_777
"""In a team the processes' dice differ by this in their seeds."""


class Feed:
    """`sizes` are the pictures of an epoch's batches; in a team, those of all shares together."""

    def __init__(self, ready: Ready, config: TrainConfig, team: Team | None) -> None:
        self._ready = ready
        self._share = (0, 1) if team is None else (team.rank, team.size)
        self.sizes = ready.prepared.sizes(config.batch_size)
        self.seed = config.seed + OF_A_RANK * self._share[0]
        """Of what a step draws: varied pictures, dropout."""

    def batches(self, epoch: int, skip: int, now: Callable[[], tuple[TrainConfig, int]]) -> Iterator[Batch]:
        """The epoch's batches behind the first `skip`, in the order that seed and epoch decide. `now` gives
        the settings as they are and the steps that are done.
        """
        config, _ = now()
        batches = self._ready.prepared.train_batches(
            epoch,
            config.batch_size,
            config.seed,
            evenly=config.class_balance == "sampling",
            skip=skip,
            share=self._share,
        )
        for batch in batches:
            varied = self._varied(batch, *now())
            if not self._ready.plan.channels_last:
                varied = varied._replace(pictures=varied.pictures.contiguous())
            yield varied

    def _varied(self, batch: Batch, config: TrainConfig, step: int) -> Batch:
        if not augmented(config):
            return batch
        prepared = self._ready.prepared
        pictures, labels = augment(
            batch.pictures,
            batch.labels,
            config,
            len(prepared.images.classes),
            prepared.preprocessing,
            self.seed,
            step,
        )
        return batch._replace(pictures=pictures, labels=labels)
