"""Weights outside a module: read from it, compared with a network, and loaded into another module."""

from collections.abc import Mapping
from functools import lru_cache
from typing import TypeAlias

import torch
from torch import nn

from cnnplay.modules.build import BuildError, build
from cnnplay.modules.layers import Device
from cnnplay.modules.module import NetworkModule
from cnnplay.modules.pairing import Match, Pairing, by_name, pairings
from cnnplay.modules.weight_names import Shape
from cnnplay.network.network import Network
from cnnplay.spec.settings import Initialization

Weights: TypeAlias = dict[str, torch.Tensor]
"""State-dict keys and contiguous CPU tensors that share no memory."""


def weights_of(module: nn.Module, copied: bool = True) -> Weights:
    """All parameters and buffers, contiguous and on the CPU. Copies; without `copied` only where needed, for
    callers that discard the module.
    """
    state = module.state_dict()
    return {key: tensor.detach().to("cpu", copy=copied).contiguous() for key, tensor in state.items()}


def parameter_shapes(network: Network) -> dict[str, Shape]:
    """The shape of every tensor in the state dict (none is allocated). BuildError if it has problems."""
    return dict(_shapes(network))


@lru_cache(maxsize=64)
def _shapes(network: Network) -> dict[str, Shape]:
    return shapes_of(build(network, device="meta").state_dict())


def shapes_of(weights: Mapping[str, torch.Tensor]) -> dict[str, Shape]:
    """The shapes of tensors, by name."""
    return {key: tuple(tensor.shape) for key, tensor in weights.items()}


def transfer(
    weights: Mapping[str, torch.Tensor], module: NetworkModule, pairing: Pairing | None = None
) -> Pairing:
    """Copies every weight that fits by name and shape into `module`; the others keep their values.

    `pairing` says which tensor is which parameter; by default that is recognized by the names.
    """
    targets = module.state_dict()
    if pairing is None:
        pairing = by_name(shapes_of(weights), module.network, shapes_of(targets))
    with torch.no_grad():
        for key in pairing.loaded:
            targets[key].copy_(weights[pairing.sources[key]])
    return pairing


def build_with_weights(
    weights: Mapping[str, torch.Tensor] | None,
    network: Network,
    *,
    device: Device = "cpu",
    seed: int | None = None,
    initialisation: Initialization = "default",
    pairing: Pairing | None = None,
) -> tuple[NetworkModule, Pairing]:
    """The network's module with the weights that fit, the others initialized by `build`; and what fits.
    BuildError for a network with problems."""
    drawn = True
    if weights:  # drawing 138 million numbers that these replace would take a second
        pairing = pairing or compare(weights, network)
        drawn = bool(pairing.missing or pairing.mismatched)
    module = build(network, device=device, seed=seed, initialisation=initialisation, drawn=drawn)
    return module, transfer(weights or {}, module, pairing)


def compare(weights: Mapping[str, torch.Tensor], network: Network) -> Pairing:
    """What `transfer` would do, without building a module. BuildError for a network with problems."""
    return by_name(shapes_of(weights), network, parameter_shapes(network))


def possible_pairings(weights: Mapping[str, torch.Tensor], network: Network) -> dict[Match, Pairing]:
    """The ways in which weights can be paired with a network's parameters, the better one first.
    BuildError for a network with problems."""
    return pairings(shapes_of(weights), network, parameter_shapes(network))


def weights_match(weights: Mapping[str, torch.Tensor], network: Network) -> bool:
    """Whether the weights match the network exactly: every parameter by name and shape, and no others."""
    try:
        return compare(weights, network).complete
    except BuildError:
        return False


def type_name(tensor: torch.Tensor) -> str:
    """``float32``."""
    return str(tensor.dtype).removeprefix("torch.")
