"""The schedules against torch's own, step by step."""

from collections.abc import Callable

import pytest
import torch
from torch.optim import lr_scheduler
from torch.optim.lr_scheduler import LRScheduler

from cnnplay.spec.schedules import rate_factor, rate_varies
from cnnplay.spec.settings import TrainConfig

STEPS_PER_EPOCH = 10
Make = Callable[[torch.optim.Optimizer], LRScheduler]


def _torch_rates(make: Make, steps: int) -> list[float]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule, rates = make(optimizer), []
    for _ in range(steps):
        rates.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        schedule.step()
    return rates


@pytest.mark.parametrize(
    ("config", "make"),
    [
        (TrainConfig(epochs=4), lambda o: lr_scheduler.ConstantLR(o, 1.0)),
        (TrainConfig(epochs=4, schedule="cosine"), lambda o: lr_scheduler.CosineAnnealingLR(o, 40)),
        (TrainConfig(epochs=4, schedule="step", step_every=2), lambda o: lr_scheduler.StepLR(o, 20, 0.1)),
        (
            TrainConfig(epochs=4, schedule="one-cycle"),
            lambda o: lr_scheduler.OneCycleLR(o, 1.0, total_steps=40, cycle_momentum=False),
        ),
        (TrainConfig(epochs=4, warmup=1), lambda o: lr_scheduler.LinearLR(o, 0.1, 1.0, 9)),
    ],
    ids=["constant", "cosine", "step", "one-cycle", "warm-up"],
)
def test_a_schedule_equals_torchs(config: TrainConfig, make: Make) -> None:
    own = [rate_factor(config, step, STEPS_PER_EPOCH) for step in range(39)]
    assert own == pytest.approx(_torch_rates(make, 39), abs=1e-12)


@pytest.mark.parametrize("schedule", ["constant", "step", "cosine", "one-cycle"])
@pytest.mark.parametrize("warmup", [0.0, 0.5, 3.0, 900.0])
def test_a_factor_stays_between_nothing_and_one_even_past_the_end(schedule: str, warmup: float) -> None:
    config = TrainConfig(epochs=3, schedule=schedule, warmup=warmup)  # type: ignore[arg-type]
    assert all(0.0 <= rate_factor(config, step, STEPS_PER_EPOCH) <= 1.0 for step in range(100))


def test_a_run_of_one_step_has_a_rate() -> None:
    for schedule in ("constant", "step", "cosine", "one-cycle"):
        assert rate_factor(TrainConfig(epochs=1, schedule=schedule), 0, 1) == 1.0  # type: ignore[arg-type]


def test_only_a_constant_rate_without_warm_up_stays() -> None:
    assert not rate_varies(TrainConfig())
    assert rate_varies(TrainConfig(warmup=1.0))
    assert rate_varies(TrainConfig(schedule="step"))
