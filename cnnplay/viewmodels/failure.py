"""A failed run, and the one setting that would mend it."""

from typing import Any

import msgspec

from cnnplay.spec.events import Failed
from cnnplay.spec.settings import TrainConfig


class SettingMend(msgspec.Struct, frozen=True):
    """What a button offers: ``learning rate 0.001``."""

    label: str
    field: str
    value: Any


def mend_of(failure: Failed, config: TrainConfig, largest_batch: int | None) -> SettingMend | None:
    """The setting to change, by the same rule as the engine's advice; None where none would help.

    `config` is the failed run's; `largest_batch` is what fits into memory, where that is known.
    """
    if failure.cause == "non-finite" and "learning rate" in failure.advice:
        from cnnplay.training.failures import suggested_rate  # torch is there once a run has failed

        rate = suggested_rate(config)
        return SettingMend(f"use learning rate {rate:g}", "learning_rate", rate)
    if failure.cause == "memory" and "batch" in failure.advice and config.batch_size > 1:
        fits = largest_batch is not None and 0 < largest_batch < config.batch_size
        batch = largest_batch if fits and largest_batch is not None else config.batch_size // 2
        return SettingMend(f"use batch {batch:,}", "batch_size", batch)
    return None
