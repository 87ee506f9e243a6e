"""The optimizers by name, each in torch's fused form where torch has one for the device."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn, optim

from cnnplay.spec.settings import MOMENTUM_USERS, TrainConfig

SAFE_RATES = {"sgd": 0.01, "momentum": 0.01, "nesterov": 0.01, "rmsprop": 1e-3, "adam": 1e-3, "adamw": 1e-3}
"""Learning rates with which most networks learn: what is advised after one that was too high."""

STATE_PER_WEIGHT = {"sgd": 0, "momentum": 1, "nesterov": 1, "rmsprop": 1, "adam": 2, "adamw": 2}
"""How many numbers the optimizer keeps for every weight."""


def optimizer_for(parameters: Iterable[nn.Parameter], config: TrainConfig) -> tuple[optim.Optimizer, bool]:
    """The optimizer that the settings ask for, and whether it is fused (one pass over all weights a step)."""
    weights = list(parameters)
    make = _maker(config)
    if config.optimizer != "rmsprop" and weights:  # torch has no fused RMSProp
        try:
            return make(weights, fused=True), True
        except (RuntimeError, TypeError, NotImplementedError):
            pass  # not on this device, or not in this version of torch
    return make(weights), False


def set_learning_rate(optimizer: optim.Optimizer, value: float) -> None:
    """From the next step on."""
    for group in optimizer.param_groups:
        group["lr"] = value


def follow_settings(optimizer: optim.Optimizer, config: TrainConfig) -> None:
    """Takes weight decay and momentum over from settings that were changed."""
    for group in optimizer.param_groups:
        group["weight_decay"] = config.weight_decay
        if "alpha" in group:
            group["alpha"] = config.momentum
        elif config.optimizer in MOMENTUM_USERS:
            group["momentum"] = config.momentum
            group["nesterov"] = config.optimizer == "nesterov" and config.momentum > 0


@dataclass(frozen=True, slots=True)
class OptimizerState:
    """What an optimizer remembers of the steps before (moments, step counts), to go on with."""

    optimizer: str
    state: dict[str, Any]


def state_of(optimizer: optim.Optimizer, config: TrainConfig, copied: bool = True) -> OptimizerState:
    """The optimizer's memory, on the CPU and contiguous; without `copied` it may share its tensors, so that
    the optimizer should not step any more.
    """
    memory = optimizer.state_dict()
    remembered = {
        number: {
            name: value.detach().to("cpu", copy=copied).contiguous() if isinstance(value, Tensor) else value
            for name, value in its.items()
        }
        for number, its in memory["state"].items()
    }
    return OptimizerState(config.optimizer, {"state": remembered, "param_groups": memory["param_groups"]})


def restore(optimizer: optim.Optimizer, state: OptimizerState, config: TrainConfig) -> bool:
    """Goes on with an earlier run's memory under the settings of this one. False where it does not fit."""
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    if state.optimizer != config.optimizer or not _fits(state.state, weights):
        return False
    # Under this optimizer's own groups: by them torch decides whether step counts go to the weights' device.
    (own,), (known,) = optimizer.state_dict()["param_groups"], state.state["param_groups"]
    group = {**own, "params": known["params"]}
    optimizer.load_state_dict({"state": state.state["state"], "param_groups": [group]})
    for weight in weights:
        remembered = optimizer.state[weight]
        for name, value in remembered.items():
            # A copy: loading may share what it is given. Fused steps walk weights and moments side by side:
            # both must lie in the same memory format.
            if isinstance(value, Tensor):
                place = torch.empty_like(weight) if value.ndim else torch.empty_like(value)
                remembered[name] = place.copy_(value).detach()
    return True


def _fits(state: dict[str, Any], weights: Sequence[nn.Parameter]) -> bool:
    """Whether the state remembers something of each weight, in its shape; a count of steps has none."""
    if len(state.get("param_groups", ())) != 1:
        return False
    known = state["param_groups"][0]["params"]
    if len(known) != len(weights):
        return False
    return all(
        tuple(value.shape) in ((), tuple(weight.shape))
        for number, weight in zip(known, weights, strict=True)
        for value in state["state"].get(number, {}).values()
        if isinstance(value, Tensor)
    )


def _maker(config: TrainConfig) -> Callable[..., optim.Optimizer]:
    rate, decay = config.learning_rate, config.weight_decay
    match config.optimizer:
        case "sgd":
            return lambda w, **more: optim.SGD(w, lr=rate, weight_decay=decay, **more)
        case "momentum" | "nesterov":
            # Nesterov needs some momentum to look ahead along.
            ahead = config.optimizer == "nesterov" and config.momentum > 0
            return lambda w, **more: optim.SGD(
                w, lr=rate, momentum=config.momentum, nesterov=ahead, weight_decay=decay, **more
            )
        case "rmsprop":
            # The moving average of squared gradients forgets at this rate: the lecture's ρ, torch's alpha.
            return lambda w, **more: optim.RMSprop(
                w, lr=rate, alpha=config.momentum, weight_decay=decay, **more
            )
        case "adam":
            return lambda w, **more: optim.Adam(w, lr=rate, weight_decay=decay, **more)
        case "adamw":
            return lambda w, **more: optim.AdamW(w, lr=rate, weight_decay=decay, **more)
