import numpy as np
import pytest
import torch
import torch.nn.functional as F

from cnnplay.modules.build import build
from cnnplay.modules.weights import weights_of
from cnnplay.network import nodes
from cnnplay.network.network import Classification, Input, Network
from cnnplay.probing.filters import ProbeError, filters

NETWORK = Network(
    name="n",
    input=Input(4, 8, 8),
    task=Classification(10),
    stack=(
        nodes.Convolution(id="conv-1", filters=6, kernel_size=(3, 5), groups=2),
        nodes.TransposedConvolution(id="transposed-conv-1", filters=4, kernel_size=(2, 3), groups=2),
        nodes.ReLU(id="relu-1"),
        nodes.Flatten(id="flatten-1"),
        nodes.Dense(id="dense-1", units=10),
    ),
)


def test_filters_are_copies_of_the_weights_from_module_and_store_alike() -> None:
    module = build(NETWORK, seed=0)
    found = filters(module, NETWORK, "conv-1")
    assert found.shape == (6, 2, 3, 5)
    np.testing.assert_array_equal(found, filters(weights_of(module), NETWORK, "conv-1"))
    with torch.no_grad():
        module.layer("conv-1").weight.zero_()
    assert np.abs(found).sum() > 0


def test_a_transposed_convolutions_filters_are_what_one_pixel_stamps() -> None:
    module = build(NETWORK, seed=0)
    found = filters(module, NETWORK, "transposed-conv-1")
    assert found.shape == (4, 3, 2, 3)
    layer = module.layer("transposed-conv-1")
    for group in range(2):
        for channel in range(3):
            x = torch.zeros(1, 6, 1, 1)
            x[0, group * 3 + channel] = 1
            stamped = F.conv_transpose2d(x, layer.weight, groups=2)[0, group * 2 : group * 2 + 2]
            np.testing.assert_array_equal(found[group * 2 : group * 2 + 2, channel], stamped.detach().numpy())


def test_a_node_without_filters_is_an_error() -> None:
    module = build(NETWORK)
    with pytest.raises(ProbeError, match="relu-1 has no filters"):
        filters(module, NETWORK, "relu-1")
    with pytest.raises(ProbeError, match="conv-1 has no weights yet"):
        filters({}, NETWORK, "conv-1")
    with pytest.raises(KeyError):
        filters(module, NETWORK, "conv-9")
