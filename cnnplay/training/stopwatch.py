"""The times of a run. Pauses count nowhere."""

import time


class Stopwatch:
    """`training` and `images` are since the last `new_epoch`; the totals are of the whole run."""

    def __init__(self) -> None:
        self._start = self._mark = self._epoch_start = time.perf_counter()
        self._paused = 0.0
        self.training = 0.0
        self.images = 0
        self.total_training = 0.0
        self.total_images = 0

    def new_epoch(self) -> None:
        """An epoch's first batch is about to come."""
        self.training = 0.0
        self.images = 0
        self._mark = self._epoch_start = time.perf_counter()

    def lap(self, now: float, images: int) -> None:
        """A batch was learned from; fetching it and showing the one before belong to its time."""
        self.training += now - self._mark
        self.images += images
        self._mark = now

    def paused(self, seconds: float) -> None:
        """Nothing happened for so long."""
        self._mark += seconds
        self._epoch_start += seconds
        self._paused += seconds

    def close_training(self) -> None:
        """The epoch's last batch is learned; its validation follows."""
        self.total_training += self.training
        self.total_images += self.images

    @property
    def epoch_seconds(self) -> float:
        return time.perf_counter() - self._epoch_start

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._start - self._paused

    @property
    def rate(self) -> float:
        """Pictures learned from a second, in this epoch."""
        return self.images / self.training if self.training else 0.0

    @property
    def total_rate(self) -> float:
        return self.total_images / self.total_training if self.total_training else 0.0
