"""Learning-rate schedules: the factor on the learning rate at each step.

Plain arithmetic, used by the loop and drawn in the window. Steps count from 0 within the run (the first epoch
of a run that continues another counts as its first). Warm-up grows linearly and reaches 1 at its last step.
One cycle follows a cosine up from 1/25 to 1 in its first three tenths, or during the warm-up if there is one,
and a cosine down to 1/250,000 (Smith and Topin 2018, with torch's proportions).
"""

from math import cos, pi

from cnnplay.spec.settings import TrainConfig

RISE_SHARE = 0.3
"""One cycle rises during this share of the run."""
FIRST_PART, LAST_PART = 1 / 25, 1 / 250_000
"""One cycle's factor at its first and at its last step."""


def rate_factor(config: TrainConfig, step: int, steps_per_epoch: int) -> float:
    """The learning rate's factor at the run's step `step`, which counts from 0."""
    total = max(config.epochs * steps_per_epoch, 1)
    rise = round(config.warmup * steps_per_epoch)
    if config.schedule == "one-cycle":
        top = float(rise) if rise else max(RISE_SHARE * total - 1, 0.0)
        if step < top:
            return _cosine(FIRST_PART, 1.0, step / top)
        return _cosine(1.0, LAST_PART, _part(step - top, total - 1 - top))
    if step < rise:
        return (step + 1) / rise
    if config.schedule == "cosine":
        return _cosine(1.0, 0.0, _part(step - rise, total - rise))
    if config.schedule == "step":
        lowered = step // max(steps_per_epoch * config.step_every, 1)
        return float(config.step_factor**lowered)
    return 1.0


def rate_varies(config: TrainConfig) -> bool:
    """Whether the schedule changes the learning rate during the run."""
    return config.schedule != "constant" or config.warmup > 0


def _cosine(start: float, end: float, part: float) -> float:
    return end + (start - end) * (1 + cos(pi * part)) / 2


def _part(done: float, whole: float) -> float:
    return min(done / whole, 1.0) if whole > 0 else 0.0
