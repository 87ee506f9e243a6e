"""What a run will take, before it starts: memory, and time per epoch.

The sums are for learners to follow; FACTORS are calibrated against measured runs (tests/benchmarks).
"""

from dataclasses import dataclass

import torch

from cnnplay.data.images import ImageSet
from cnnplay.data.memory import available_bytes
from cnnplay.data.prepared import BYTES_SHARE, FLOATS_SHARE, Prepared
from cnnplay.network.network import Network
from cnnplay.shapes.report import Report
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.devices import resolve
from cnnplay.training.optimizers import STATE_PER_WEIGHT

BYTES_PER_NUMBER = 4
"""Everything is computed in 32-bit floating point."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a run will take. `words` says it; `advice` is empty where it fits."""

    bytes: int
    network_bytes: int
    data_bytes: int
    available_bytes: int
    seconds_per_epoch: float
    fits: bool
    largest_batch: int | None
    words: str
    advice: str


def forecast(
    network: Network,
    report: Report,
    config: TrainConfig,
    images: ImageSet,
    *,
    prepared: Prepared | None = None,
    measure: bool = False,
) -> Forecast:
    return Forecast(0, 0, 0, 0, 0.0, True, None, "", "")
