"""Early stopping: ends a run whose validation has not improved for too many epochs."""

from cnnplay.training.job import Job
from cnnplay.training.state import BestEpoch


class Patience:
    """Counts the epochs since the best one.

    A run that was stopped early and is resumed counts anew from there: otherwise it would stop again after
    each epoch.
    """

    def __init__(self, job: Job) -> None:
        state = job.resume
        self.counts_from = 0 if state is None else state.patience_from
        """The epoch from which to count, if that is later than the best one."""
        last_epoch = job.first_epoch - 1 if state is None else state.last_epoch
        between_epochs = state is None or not state.place.batches
        if between_epochs and self.is_exhausted(job.config.early_stopping, last_epoch, job.best):
            self.counts_from = last_epoch

    def is_exhausted(self, patience: int, epoch: int, best: BestEpoch | None) -> bool:
        """Whether `epoch` is this many epochs after the best one; never with a patience of 0."""
        return bool(patience) and best is not None and epoch - max(best.epoch, self.counts_from) >= patience
