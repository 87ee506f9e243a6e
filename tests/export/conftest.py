"""The shipped networks at 1 × 32 × 32 and ten classes, with weights whose logits are worth comparing."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from cnnplay.export.trained import TrainedNetwork
from cnnplay.modules.build import NetworkModule, build
from cnnplay.modules.weights import weights_of
from cnnplay.network.network import Network
from cnnplay.network.presets import preset, preset_keys
from cnnplay.shapes.adapt import adapt
from cnnplay.spec.preprocessing import Preprocessing

PREPROCESSING = Preprocessing(input=(1, 32, 32), mean=(0.1307,), std=(0.3081,))


def images(count: int) -> torch.Tensor:
    return torch.randn(count, 1, 32, 32, generator=torch.Generator().manual_seed(count))


def lively(network: Network) -> NetworkModule:
    """A module whose logits are of the order of 1: torch's own start lets them fade to the last bias."""
    module = build(network, seed=0)
    with torch.no_grad():
        for layer in module.modules():
            if isinstance(layer, (nn.Conv2d, nn.Linear)):
                layer.weight.mul_(math.sqrt(6))  # from torch's 1/(3·fan in) to He's 2/(fan in)
            if isinstance(layer, nn.BatchNorm2d):
                layer.momentum = None  # takes the statistics of the one batch below
        module(images(8))
    return module.eval()


@dataclass(frozen=True)
class Case:
    """A preset to export, some images and the logits that it must give for them."""

    key: str
    network: TrainedNetwork
    images: NDArray[np.float32]
    logits: NDArray[np.float32]


@pytest.fixture(scope="module", params=preset_keys())
def case(request: pytest.FixtureRequest) -> Case:
    """Each of the presets in turn."""
    return case_of(request.param)


def case_of(key: str) -> Case:
    network = adapt(preset(key).network, (1, 32, 32), 10, "stem").edited.network
    module = lively(network)
    x = images(5)
    trained = TrainedNetwork(
        network=network,
        weights=weights_of(module),
        preprocessing=PREPROCESSING,
        classes=tuple(f"class {number}" for number in range(10)),
        trained=True,
    )
    with torch.no_grad():
        return Case(key, trained, x.numpy(), module(x).numpy())
