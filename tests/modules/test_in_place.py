"""Activations and sums in place: the same results, and never over values that are still needed."""

import copy
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from torch import Tensor

from cnnplay.modules.build import NetworkModule, build
from cnnplay.modules.in_place import in_place_ids
from cnnplay.network import nodes
from cnnplay.network.network import Classification, Input, Network
from cnnplay.network.nodes import Node
from tests.strategies import networks

CONV = nodes.Convolution(id="conv", filters=4, kernel_size=(3, 3), padding="same")


def _network(*stack: Node) -> Network:
    last = (nodes.Flatten(id="flatten"), nodes.Dense(id="dense", units=4))
    return Network(name="n", input=Input(1, 6, 6), task=Classification(4), stack=(*stack, *last))


def _step(module: NetworkModule, run: Any, images: Tensor) -> tuple[Tensor, list[Tensor | None]]:
    """Outputs and gradients of a pass forward and backward in training mode."""
    module.zero_grad()
    torch.manual_seed(0)  # dropout
    outputs = run(images)
    outputs.square().sum().backward()
    return outputs.detach(), [weight.grad for weight in module.parameters()]


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks())
def test_outputs_and_gradients_equal_those_without_for_random_networks(network: Network) -> None:
    module = build(network, seed=0).train()
    if not list(module.parameters()):
        return
    images = torch.randn(3, *network.input.shape, generator=torch.Generator().manual_seed(1))
    before = images.clone()
    lean = _step(module, module, images)
    # What is traced is computed layer by layer, each into memory of its own.
    plain = _step(module, lambda x: module.trace(x, ())[0], images)
    assert torch.equal(images, before)
    assert torch.equal(lean[0], plain[0]) or lean[0].isnan().any()
    for one, other in zip(lean[1], plain[1], strict=True):
        assert (one is None) == (other is None)
        if one is not None and other is not None:
            assert torch.equal(one, other) or one.isnan().any()


@pytest.mark.parametrize(
    "kind", [nodes.ReLU, nodes.Tanh, nodes.Sigmoid, nodes.LeakyReLU], ids=lambda kind: kind.__name__
)
def test_after_a_convolution_the_map_is_overwritten_only_in_training(kind: Any) -> None:
    module, seen = build(_network(CONV, kind(id="activation")), seed=0), []
    module.layer("conv").register_forward_hook(lambda layer, given, made: seen.append(made.data_ptr()))
    module.layer("flatten").register_forward_pre_hook(lambda layer, given: seen.append(given[0].data_ptr()))
    images = torch.randn(2, 1, 6, 6)
    learned = module.train()(images)
    evaluated = module.eval()(images)
    assert seen[0] == seen[1]
    assert seen[2] != seen[3]
    assert torch.equal(learned, evaluated)


RELU, TANH = nodes.ReLU(id="relu"), nodes.Tanh(id="tanh")


@pytest.mark.parametrize(
    ("stack", "found"),
    [
        ((RELU, CONV), set()),  # the images themselves
        ((CONV, RELU, TANH), {"relu"}),  # the rectified map is needed to go back through ReLU
        ((CONV, nodes.GELU(id="gelu"), RELU), set()),
        ((CONV, nodes.BatchNormalisation(id="norm"), RELU), {"relu"}),
        ((CONV, nodes.Dropout(id="dropout", p=0.0), RELU), set()),  # hands on what it got
        ((CONV, nodes.Skip(id="skip", body=(RELU, CONV))), {"skip"}),  # the shortcut reads what ReLU gets
        ((CONV, nodes.Skip(id="skip", body=(CONV, TANH)), RELU), {"tanh", "relu"}),  # TANH needs its result
        ((CONV, nodes.Skip(id="skip", body=(CONV,)), RELU), {"skip", "relu"}),
        ((CONV, nodes.Skip(id="skip", body=(), shortcut=(CONV,)), RELU), {"relu"}),
        ((CONV, nodes.Skip(id="skip", body=(CONV,), merge="concatenate"), RELU), {"relu"}),
        ((nodes.Skip(id="out", body=(nodes.Skip(id="in", body=(CONV,)),)),), {"in", "out"}),
        ((CONV, nodes.Branches(id="three", branches=((CONV,), (), (RELU,)), merge="add")), {"three"}),
        ((CONV, nodes.Branches(id="one", branches=((),)), RELU), set()),
        ((CONV, nodes.Branches(id="two", branches=((), (CONV,))), RELU), {"relu"}),
    ],
)
def test_which_activations_and_sums_may_work_in_place(stack: tuple[Node, ...], found: set[str]) -> None:
    assert in_place_ids(stack) == found


def test_copies_train_their_own_weights() -> None:
    module = build(_network(CONV, RELU), seed=0)
    other = copy.deepcopy(module)
    with torch.no_grad():
        for weight in other.parameters():
            weight.zero_()
    images = torch.ones(1, 1, 6, 6)
    assert module.train()(images).abs().sum() > 0
    assert other.train()(images).abs().sum() == 0
