"""The batches that a run trains on: in order, distributed over processes, augmented as the settings say."""

from collections.abc import Callable, Iterator

from cnnplay.data.prepared import Batch
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.augmentation import augment, augments
from cnnplay.training.distributed import DistributedContext
from cnnplay.training.setup import TrainingSetup

SEED_OFFSET_PER_RANK = 7_777_777
"""Seeds of distributed processes differ by this much."""


class BatchSource:
    """`sizes` has the number of images in each of an epoch's batches; in distributed training, over all
    processes.
    """

    def __init__(
        self, ready: TrainingSetup, config: TrainConfig, distributed: DistributedContext | None
    ) -> None:
        self._ready = ready
        self._share = (0, 1) if distributed is None else (distributed.rank, distributed.size)
        self.sizes = ready.prepared.sizes(config.batch_size)
        self.seed = config.seed + SEED_OFFSET_PER_RANK * self._share[0]
        """The seed of a step's random numbers: augmentation, dropout."""

    def batches(self, epoch: int, skip: int, now: Callable[[], tuple[TrainConfig, int]]) -> Iterator[Batch]:
        """The epoch's batches after the first `skip`, in the order given by seed and epoch. `now` returns the
        current settings and the number of completed steps.
        """
        config, _ = now()
        batches = self._ready.prepared.train_batches(
            epoch,
            config.batch_size,
            config.seed,
            balanced=config.class_balance == "sampling",
            skip=skip,
            share=self._share,
        )
        for batch in batches:
            augmented_batch = self._augmented(batch, *now())
            if not self._ready.plan.channels_last:
                augmented_batch = augmented_batch._replace(images=augmented_batch.images.contiguous())
            yield augmented_batch

    def _augmented(self, batch: Batch, config: TrainConfig, step: int) -> Batch:
        if not augments(config):
            return batch
        prepared = self._ready.prepared
        images, labels = augment(
            batch.images,
            batch.labels,
            config,
            len(prepared.dataset.classes),
            prepared.preprocessing,
            self.seed,
            step,
        )
        return batch._replace(images=images, labels=labels)
