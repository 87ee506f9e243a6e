"""Times of a run, excluding pauses."""

import time


class Stopwatch:
    """`training` and `images` count since the last `new_epoch`; the totals since the start of the run."""

    def __init__(self) -> None:
        self._start = self._mark = self._epoch_start = time.perf_counter()
        self._paused = 0.0
        self.training = 0.0
        self.images = 0
        self.total_training = 0.0
        self.total_images = 0

    def new_epoch(self) -> None:
        """Called before an epoch's first batch."""
        self.training = 0.0
        self.images = 0
        self._mark = self._epoch_start = time.perf_counter()

    def lap(self, now: float, images: int) -> None:
        """Called after each batch; its time includes loading it and showing the previous one."""
        self.training += now - self._mark
        self.images += images
        self._mark = now

    def paused(self, seconds: float) -> None:
        """Excludes a pause of this many seconds."""
        self._mark += seconds
        self._epoch_start += seconds
        self._paused += seconds

    def close_training(self) -> None:
        """Called after the epoch's last batch, before validation."""
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
        """Training images per second, in this epoch."""
        return self.images / self.training if self.training else 0.0

    @property
    def total_rate(self) -> float:
        return self.total_images / self.total_training if self.total_training else 0.0
