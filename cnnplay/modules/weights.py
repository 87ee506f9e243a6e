"""Weights outside a module: read from it, compared with a network, and loaded into another module."""

from collections.abc import Mapping
from functools import lru_cache
from typing import TypeAlias

import msgspec
import torch
from torch import nn

from cnnplay.modules.build import BuildError, build
from cnnplay.modules.layers import Device
from cnnplay.modules.module import NetworkModule
from cnnplay.modules.weight_names import COUNTER, Layout, Shape, by_order, recognized
from cnnplay.network.network import Network
from cnnplay.spec.settings import Initialization

Weights: TypeAlias = dict[str, torch.Tensor]
"""State-dict keys and contiguous CPU tensors that share no memory."""


class Mismatch(msgspec.Struct, frozen=True):
    """A tensor with the right name and the wrong shape."""

    key: str
    expected: Shape
    found: Shape


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """Which weights fit: `missing` are the module's that were not given, `unexpected` the reverse."""

    loaded: tuple[str, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    mismatched: tuple[Mismatch, ...]

    @property
    def complete(self) -> bool:
        """Whether every weight of the module was given, and no others."""
        return not (self.missing or self.unexpected or self.mismatched)

    @property
    def messages(self) -> tuple[str, ...]:
        """One line for each weight that does not fit, for the user."""
        lines = [
            f"{mismatch.key}: expected {_by(mismatch.expected)}; found {_by(mismatch.found)}"
            for mismatch in self.mismatched
        ]
        lines += [f"{key}: missing from the weights" for key in self.missing]
        lines += [f"{key}: unexpected: the network has no such parameter" for key in self.unexpected]
        return tuple(lines)


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
    return {key: tuple(tensor.shape) for key, tensor in build(network, device="meta").state_dict().items()}


def transfer(
    weights: Mapping[str, torch.Tensor], module: NetworkModule, layout: Layout | None = None
) -> Transfer:
    """Copies every weight that fits by name and shape into `module`; the others keep their values.

    `layout` says what the names mean; by default they are recognized.
    """
    targets = module.state_dict()
    shapes = {key: tuple(tensor.shape) for key, tensor in targets.items()}
    result, sources = _match(weights, module.network, shapes, layout)
    with torch.no_grad():
        for key in result.loaded:
            targets[key].copy_(weights[sources[key]])
    return result


def build_with_weights(
    weights: Mapping[str, torch.Tensor] | None,
    network: Network,
    *,
    device: Device = "cpu",
    seed: int | None = None,
    initialisation: Initialization = "default",
    layout: Layout | None = None,
) -> tuple[NetworkModule, Transfer]:
    """The network's module with the weights that fit, the others initialized by `build`; and what fits.
    BuildError for a network with problems."""
    given, drawn = weights or {}, True
    if given:  # drawing 138 million numbers that these replace would take a second
        fit = compare(given, network, layout)
        drawn = bool(fit.missing or fit.mismatched)
    module = build(network, device=device, seed=seed, initialisation=initialisation, drawn=drawn)
    return module, transfer(given, module, layout)


def compare(weights: Mapping[str, torch.Tensor], network: Network, layout: Layout | None = None) -> Transfer:
    """What `transfer` would do, without building a module. BuildError for a network with problems."""
    return _match(weights, network, parameter_shapes(network), layout)[0]


def fitting_layout(weights: Mapping[str, torch.Tensor], network: Network) -> Layout:
    """How the names of these weights are to be read for a network: by name or, where no name fits and all
    shapes do, in order. BuildError for a network with problems.
    """
    expected = parameter_shapes(network)
    layout = recognized(weights, network, expected)
    if compare(weights, network, layout).loaded:
        return layout
    return by_order({name: tuple(tensor.shape) for name, tensor in weights.items()}, expected) or layout


def weights_match(weights: Mapping[str, torch.Tensor], network: Network) -> bool:
    """Whether the weights match the network exactly: every parameter by name and shape, and no others."""
    try:
        return compare(weights, network).complete
    except BuildError:
        return False


def _match(
    weights: Mapping[str, torch.Tensor],
    network: Network,
    expected: Mapping[str, Shape],
    layout: Layout | None,
) -> tuple[Transfer, dict[str, str]]:
    """The comparison, and the key in `weights` for each key of the network."""
    names = (layout or recognized(weights, network, expected)).names
    sources: dict[str, str] = {}
    for key in weights:
        sources.setdefault(names.get(key, key), key)
    fits = {key for key in expected if key in sources and tuple(weights[sources[key]].shape) == expected[key]}
    wrong = [key for key in expected if key in sources and key not in fits]
    used = {sources[key] for key in (*fits, *wrong)}
    result = Transfer(
        loaded=tuple(key for key in expected if key in fits),
        missing=tuple(key for key in expected if key not in sources and not key.endswith(COUNTER)),
        unexpected=tuple(key for key in weights if key not in used),
        mismatched=tuple(Mismatch(key, expected[key], tuple(weights[sources[key]].shape)) for key in wrong),
    )
    return result, sources


def _by(shape: Shape) -> str:
    return " × ".join(f"{size:,}" for size in shape) if shape else "a scalar"
