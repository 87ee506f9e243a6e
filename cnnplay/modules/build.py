"""Builds the torch module that computes a network."""

import torch

from cnnplay.modules.initialization import initialize_weights
from cnnplay.modules.layers import Device, layer
from cnnplay.modules.module import NetworkModule
from cnnplay.network.network import Network, leaves
from cnnplay.shapes.infer import infer
from cnnplay.shapes.problems import Problem
from cnnplay.spec.settings import Initialization

__all__ = ["BuildError", "NetworkModule", "build"]


class BuildError(ValueError):
    """The network cannot be built; the message says why, for the user."""


def build(
    network: Network,
    *,
    device: Device = "cpu",
    seed: int | None = None,
    initialisation: Initialization = "default",
    drawn: bool = True,
) -> NetworkModule:
    """The network's module with new random weights, the same for the same seed on every device.

    Without `drawn`, the weights of convolutions and dense layers are uninitialized memory, for callers that
    replace them. The global random generators are not used. On the device "meta" nothing is allocated.
    BuildError for a network with problems. As in torch, a new module is in training mode.
    """
    report = infer(network)
    if report.problems:
        raise BuildError(_text(report.problems))
    layers = {}
    for node in leaves(network):
        shape = report.nodes[node.id].input
        if shape is None:
            raise BuildError(f"{node.id}: its input shape is unknown")
        layers[node.id] = layer(node, shape, "meta")
    module = NetworkModule(network, layers)
    if torch.device(device).type == "meta":
        return module
    module.to_empty(device="cpu")
    initialize_weights(module, seed, initialisation if drawn else None)
    return module.to(device)


def _text(problems: tuple[Problem, ...]) -> str:
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"the network cannot be built yet: {problems[0].message}{more}"
