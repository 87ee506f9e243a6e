"""Shapes, parameters and multiply-adds against torch itself, for random networks of every kind."""

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from torch.utils.flop_counter import FlopCounterMode

from cnnplay.modules.build import build
from cnnplay.network.network import Network, walk
from cnnplay.network.nodes import stacks_of
from cnnplay.shapes.infer import infer
from tests.strategies import any_networks, networks


@pytest.mark.slow
@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks())
def test_shapes_and_counts_equal_torchs_for_500_random_networks(network: Network) -> None:
    report = infer(network)
    assert report.valid
    assert report.complete
    module = build(network, seed=0).eval()
    images = torch.zeros(1, *network.input.shape)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        logits, seen = module.trace(images, report.nodes.keys())
    assert logits.shape == (1, *(report.output or ()))
    assert {name: tuple(value.shape[1:]) for name, value in seen.items()} == {
        name: node.output for name, node in report.nodes.items()
    }
    assert report.parameters == sum(p.numel() for p in module.parameters())
    assert 2 * report.multiply_adds == counter.get_total_flops()
    bytes_of_leaves = 0
    for node, _ in walk(network):
        if stacks_of(node):
            continue
        own = [p.numel() for name, p in module.named_parameters() if name.rpartition(".")[0] == node.id]
        assert report.nodes[node.id].parameters == sum(own)
        bytes_of_leaves += seen[node.id].element_size() * seen[node.id].numel()
    assert report.activation_bytes == bytes_of_leaves


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(any_networks())
def test_a_network_whose_problems_are_fixed_can_be_computed(network: Network) -> None:
    for _ in range(150):
        fix = next((problem.fix for problem in infer(network).problems if problem.fix), None)
        if fix is None:
            break
        network = fix.apply(network).network
    report = infer(network)
    assume(report.valid and report.activation_bytes < 4_000_000 and report.parameters < 1_000_000)
    with torch.no_grad():
        logits = build(network, seed=0).eval()(torch.zeros(2, *network.input.shape))
    classes = network.task.classes
    assert logits.shape == (2, classes) or (classes == 2 and logits.shape == (2, 1))
