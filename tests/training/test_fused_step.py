"""The quick step against torch's own, bit for bit."""

import copy

import pytest
import torch
from torch import nn

from cnnplay.spec.settings import TrainConfig
from cnnplay.training.fused_step import FusedStep
from cnnplay.training.optimizers import apply_settings, optimizer_for, set_learning_rate


def _layers() -> nn.Module:
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Conv2d(1, 3, 3), nn.Conv2d(3, 5, 3, bias=False), nn.Linear(7, 2))
    return layers.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def _gradients(module: nn.Module, step: int, without: int | None = None) -> None:
    generator = torch.Generator().manual_seed(step)
    for number, weight in enumerate(module.parameters()):
        gradient = torch.randn(weight.shape, generator=generator)
        weight.grad = None if number == without else gradient


@pytest.mark.parametrize("decay", [0.0, 0.01])
@pytest.mark.parametrize("name", ["sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw"])
def test_weights_and_memory_equal_torchs_while_settings_change(name: str, decay: float) -> None:
    ours, torchs = _layers(), _layers()
    config = TrainConfig(optimizer=name, learning_rate=0.05, weight_decay=decay)  # type: ignore[arg-type]
    quick, own = optimizer_for(ours.parameters(), config)[0], optimizer_for(torchs.parameters(), config)[0]
    fused_step = FusedStep(quick)
    for step in range(12):
        # In one step a weight has no gradient: it stays, and so does what is remembered of it.
        without = 1 if step == 8 else None
        for module in (ours, torchs):
            _gradients(module, step, without)
        if step == 5:
            changed = TrainConfig(optimizer=name, momentum=0.5, weight_decay=0.1)  # type: ignore[arg-type]
            for optimizer in (quick, own):
                set_learning_rate(optimizer, 0.003)
                apply_settings(optimizer, changed)
        fused_step.step()
        fused_step.zero_grad()
        own.step()
        own.zero_grad()
        for one, other in zip(ours.parameters(), torchs.parameters(), strict=True):
            assert torch.equal(one, other)
            assert one.grad is None
    remembered, wanted = quick.state_dict()["state"], own.state_dict()["state"]
    assert remembered.keys() == wanted.keys()
    for number, its in wanted.items():
        for key, value in its.items():
            found = remembered[number][key]
            assert torch.equal(found, value) if isinstance(value, torch.Tensor) else found == value


def test_momentum_that_is_turned_on_during_the_run_begins_as_torchs_does() -> None:
    ours = _layers()
    torchs = copy.deepcopy(ours)
    quick, own = (torch.optim.SGD(module.parameters(), lr=0.1, fused=True) for module in (ours, torchs))
    fused_step = FusedStep(quick)
    for step in range(6):
        for module in (ours, torchs):
            _gradients(module, step)
        for optimizer in (quick, own):
            optimizer.param_groups[0]["momentum"] = 0.9 if step > 2 else 0.0
        fused_step.step()
        own.step()
        for one, other in zip(ours.parameters(), torchs.parameters(), strict=True):
            assert torch.equal(one, other)


@pytest.mark.parametrize("name", ["sgd", "momentum", "nesterov", "adam", "adamw"])
def test_after_the_first_step_torchs_own_is_not_taken(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = _layers()
    optimizer, _ = optimizer_for(module.parameters(), TrainConfig(optimizer=name))  # type: ignore[arg-type]
    fused_step, taken = FusedStep(optimizer), 0
    step = optimizer.step

    def counted(closure: None = None) -> None:
        nonlocal taken
        taken += 1
        step(closure)

    monkeypatch.setattr(optimizer, "step", counted)
    for number in range(4):
        _gradients(module, number)
        fused_step.step()
    assert taken == 1
