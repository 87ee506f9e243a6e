"""The optimizers by name, each in torch's fused implementation if there is one for the device."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn, optim

from cnnplay.spec.settings import MOMENTUM_USERS, TrainConfig

SAFE_LEARNING_RATES = {
    "sgd": 0.01,
    "momentum": 0.01,
    "nesterov": 0.01,
    "rmsprop": 1e-3,
    "adam": 1e-3,
    "adamw": 1e-3,
}
"""Learning rates with which most networks learn: the advice after one that was too high."""

STATE_PER_WEIGHT = {"sgd": 0, "momentum": 1, "nesterov": 1, "rmsprop": 1, "adam": 2, "adamw": 2}
"""How many values the optimizer keeps per weight."""


def optimizer_for(parameters: Iterable[nn.Parameter], config: TrainConfig) -> tuple[optim.Optimizer, bool]:
    """The optimizer of the settings, and whether it is fused (one pass over all weights per step)."""
    weights = list(parameters)
    make = _maker(config)
    if config.optimizer != "rmsprop" and weights:  # torch has no fused RMSProp
        try:
            return make(weights, fused=True), True
        except (RuntimeError, TypeError, NotImplementedError):
            pass  # unsupported on this device or in this version of torch
    return make(weights), False


def set_learning_rate(optimizer: optim.Optimizer, value: float) -> None:
    """Sets the learning rate from the next step on."""
    for group in optimizer.param_groups:
        group["lr"] = value


def apply_settings(optimizer: optim.Optimizer, config: TrainConfig) -> None:
    """Applies changed weight decay and momentum settings."""
    for group in optimizer.param_groups:
        group["weight_decay"] = config.weight_decay
        if "alpha" in group:
            group["alpha"] = config.momentum
        elif config.optimizer in MOMENTUM_USERS:
            group["momentum"] = config.momentum
            group["nesterov"] = config.optimizer == "nesterov" and config.momentum > 0


@dataclass(frozen=True, slots=True)
class OptimizerState:
    """An optimizer's state (moments, step counts), needed to continue."""

    optimizer: str
    state: dict[str, Any]


def state_of(optimizer: optim.Optimizer, config: TrainConfig, copied: bool = True) -> OptimizerState:
    """The optimizer's state, on the CPU and contiguous. Without `copied`, it may share the optimizer's
    tensors, so the optimizer must not step any more.
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


def restore_state(optimizer: optim.Optimizer, state: OptimizerState, config: TrainConfig) -> bool:
    """Restores an earlier run's optimizer state under this run's settings. Returns False if it does not
    fit.
    """
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    if state.optimizer != config.optimizer or not _fits(state.state, weights):
        return False
    # Keep this optimizer's own groups: torch decides by them whether step counts go to the weights' device.
    (own,), (known,) = optimizer.state_dict()["param_groups"], state.state["param_groups"]
    group = {**own, "params": known["params"]}
    optimizer.load_state_dict({"state": state.state["state"], "param_groups": [group]})
    for weight in weights:
        remembered = optimizer.state[weight]
        for name, value in remembered.items():
            # A copy, because loading may share the given tensors. Fused steps iterate over weights and
            # moments in parallel: both must have the same memory format.
            if isinstance(value, Tensor):
                place = torch.empty_like(weight) if value.ndim else torch.empty_like(value)
                remembered[name] = place.copy_(value).detach()
    return True


def _fits(state: dict[str, Any], weights: Sequence[nn.Parameter]) -> bool:
    """Whether each weight's state has that weight's shape; step counts are scalars."""
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
            # Nesterov requires momentum > 0.
            ahead = config.optimizer == "nesterov" and config.momentum > 0
            return lambda w, **more: optim.SGD(
                w, lr=rate, momentum=config.momentum, nesterov=ahead, weight_decay=decay, **more
            )
        case "rmsprop":
            # The decay rate of the moving average of squared gradients: the lecture's ρ, torch's alpha.
            return lambda w, **more: optim.RMSprop(
                w, lr=rate, alpha=config.momentum, weight_decay=decay, **more
            )
        case "adam":
            return lambda w, **more: optim.Adam(w, lr=rate, weight_decay=decay, **more)
        case "adamw":
            return lambda w, **more: optim.AdamW(w, lr=rate, weight_decay=decay, **more)
