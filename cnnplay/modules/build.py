"""From a network to the torch module that computes it."""

import torch
from torch import nn

from cnnplay.modules.initial import initialise
from cnnplay.modules.layers import Device, layer
from cnnplay.modules.module import NetworkModule
from cnnplay.network import nodes
from cnnplay.network.network import Network
from cnnplay.network.nodes import Stack

__all__ = ["BuildError", "NetworkModule", "build"]


class BuildError(ValueError):
    """A network that cannot be computed; the message says why, for people."""


def build(network: Network, *, device: Device = "cpu", seed: int | None = None) -> NetworkModule:
    """The network's module with fresh weights: torch's defaults, the same for the same seed on every device.

    The global random generators are left alone. On the device "meta" nothing is allocated. BuildError
    for a network with faults. A new module is in training mode, as torch has it.
    """
    layers: dict[str, nn.Module] = {}
    _walk(network.stack, torch.empty((2, *network.input.shape), device="meta"), layers)
    module = NetworkModule(network, layers)
    if torch.device(device).type == "meta":
        return module
    module.to_empty(device="cpu")
    initialise(module, seed)
    return module.to(device)


def _walk(stack: Stack, x: torch.Tensor, layers: dict[str, nn.Module]) -> torch.Tensor:
    for node in stack:
        match node:
            case nodes.Skip(body=body, shortcut=shortcut):
                parts = [_walk(inner, x, layers) for inner in (body, shortcut)]
                x = parts[0] if node.merge == "add" else torch.cat(parts, 1)
            case nodes.Branches(branches=branches):
                parts = [_walk(inner, x, layers) for inner in branches]
                x = parts[0] if node.merge == "add" else torch.cat(parts, 1)
            case _:
                made = layer(node, tuple(x.shape[1:]), "meta")
                layers[node.id] = made
                try:
                    x = made(x)
                except RuntimeError as error:
                    raise BuildError(f"{network_words(node.id)}: {error}") from None
    return x


def network_words(node_id: str) -> str:
    return f"the network cannot be built at {node_id}"
