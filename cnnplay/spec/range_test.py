"""Settings of a learning-rate range test."""

import math
from typing import Annotated

import msgspec

from cnnplay.network.fields import declare, fields_of, violated_limit
from cnnplay.spec.settings import SettingProblem

MAX_EPOCHS = 5
"""More epochs would show how the network memorizes, not the effect of the learning rate."""
MIN_STEPS, MAX_STEPS = 20, 2_000
"""With fewer than MIN_STEPS, the curve is mostly noise."""


class RangeTest(msgspec.Struct, frozen=True):
    """Learning rates from `low` to `high` in `steps` steps, each the previous one times a constant factor."""

    low: Annotated[
        float,
        declare(
            "The first learning rate: so small that nothing happens yet.",
            minimum=0,
            maximum=1000,
            exclusive=True,
            label="lowest LR",
        ),
    ] = 1e-6
    high: Annotated[
        float,
        declare(
            "The last learning rate: larger than any that could be right. The test ends earlier if the loss "
            "shoots up.",
            minimum=0,
            maximum=1000,
            exclusive=True,
            label="highest LR",
        ),
    ] = 10.0
    steps: Annotated[
        int,
        declare(
            f"Number of training steps. More give a finer curve; the test takes at most {MAX_EPOCHS} epochs.",
            minimum=MIN_STEPS,
            maximum=MAX_STEPS,
        ),
    ] = 100

    def rate(self, step: int) -> float:
        """The learning rate of a step, counted from 0."""
        return self.low * math.pow(self.high / self.low, step / (self.steps - 1))

    def within(self, steps_per_epoch: int) -> "RangeTest":
        """The same test, limited to the steps of a few epochs."""
        return RangeTest(self.low, self.high, min(self.steps, max(MIN_STEPS, MAX_EPOCHS * steps_per_epoch)))


def range_test_problems(test: RangeTest) -> tuple[SettingProblem, ...]:
    """Values out of range, ``highest LR must be more than the lowest, 0.1; got 0.01``."""
    found = []
    for field in fields_of(RangeTest):
        value = getattr(test, field.name)
        expected = violated_limit(field, value)
        if expected is not None:
            message = f"{field.label} must be {expected}; got {value:,.10g}"
            found.append(SettingProblem(field.name, message))
    if not found and test.high <= test.low:
        message = f"highest LR must be more than the lowest, {test.low:g}; got {test.high:g}"
        found.append(SettingProblem("high", message))
    return tuple(found)
