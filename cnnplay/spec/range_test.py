"""What a learning-rate range test is asked to do."""

import math
from typing import Annotated

import msgspec

from cnnplay.network.fields import complaint, declare, fields_of
from cnnplay.spec.settings import SettingFault

EPOCHS = 5
"""More would show how the network learns by heart, not what the rate does."""
FEWEST, MOST = 20, 2_000
"""Steps: with fewer the curve is all noise."""


class RangeTest(msgspec.Struct, frozen=True):
    """Rates from `low` to `high` in `steps` steps, each the same number of times the one before."""

    low: Annotated[
        float,
        declare(
            "The rate to begin with: so small that nothing happens yet.",
            minimum=0,
            maximum=1000,
            exclusive=True,
            label="lowest rate",
        ),
    ] = 1e-6
    high: Annotated[
        float,
        declare(
            "The rate to end with: larger than any that could be right. The test ends before it where the "
            "loss shoots up.",
            minimum=0,
            maximum=1000,
            exclusive=True,
            label="highest rate",
        ),
    ] = 10.0
    steps: Annotated[
        int,
        declare(
            f"How many batches are learned from. More make a finer curve; more than {EPOCHS} epochs have are "
            "not done.",
            minimum=FEWEST,
            maximum=MOST,
        ),
    ] = 100

    def rate(self, step: int) -> float:
        """The rate of a step, counted from 0."""
        return self.low * math.pow(self.high / self.low, step / (self.steps - 1))

    def within(self, steps_per_epoch: int) -> "RangeTest":
        """The same in no more steps than a few epochs have."""
        return RangeTest(self.low, self.high, min(self.steps, max(FEWEST, EPOCHS * steps_per_epoch)))


def range_faults(test: RangeTest) -> tuple[SettingFault, ...]:
    """What breaks its limits, ``highest rate must be more than the lowest, 0.1; got 0.01``."""
    found = []
    for field in fields_of(RangeTest):
        value = getattr(test, field.name)
        expected = complaint(field, value)
        if expected is not None:
            message = f"{field.label} must be {expected}; got {value:,.10g}"
            found.append(SettingFault(field.name, message))
    if not found and test.high <= test.low:
        message = f"highest rate must be more than the lowest, {test.low:g}; got {test.high:g}"
        found.append(SettingFault("high", message))
    return tuple(found)
