"""Presets and other networks adapted to other images and classes."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnnplay.network import nodes
from cnnplay.network.network import Network, find, ids, walk
from cnnplay.network.presets import preset, preset_keys
from cnnplay.shapes.adapt import adapt
from cnnplay.shapes.changes import changes
from cnnplay.shapes.infer import infer
from tests.shapes.helpers import network_of
from tests.strategies import networks

SHAPES = [(1, 28, 28), (3, 32, 32), (1, 32, 32), (3, 64, 48), (4, 5, 9), (1, 1, 1), (3, 250, 300)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("classes", [2, 10, 1000])
@pytest.mark.parametrize("key", preset_keys())
def test_every_preset_is_valid_under_stem(key: str, shape: tuple[int, int, int], classes: int) -> None:
    network = preset(key).network
    adapted = adapt(network, shape, classes, "stem")
    report = infer(adapted.edited.network)
    assert report.problems == ()
    assert report.output == (classes,)
    assert adapted.edited.network.input.shape == shape
    assert ids(adapted.edited.network) <= ids(network)


@pytest.mark.parametrize("key", preset_keys())
def test_resize_keeps_the_input_and_changes_only_the_last_layer(key: str) -> None:
    network = preset(key).network
    adapted = adapt(network, (1, 28, 28), 7, "resize")
    changed = adapted.edited.network
    assert changed.input == network.input
    assert infer(changed).valid
    last = network.stack[-1].id
    assert [node for node, _ in walk(changed)][:-1] == [node for node, _ in walk(network)][:-1]
    assert adapted.edited.touched == (last,)
    assert adapted.changes == (
        f"{last}: units {network.task.classes:,} becomes 7",
        f"classes: {network.task.classes:,} become 7",
    )


@pytest.mark.parametrize("key", preset_keys())
@pytest.mark.parametrize("fit", ["resize", "stem"])
def test_nothing_changes_where_nothing_differs(key: str, fit: str) -> None:
    network = preset(key).network
    adapted = adapt(network, network.input.shape, network.task.classes, fit)  # type: ignore[arg-type]
    assert adapted.edited.network == network
    assert adapted.changes == ()


def test_lenet_on_28_gets_two_pixels_of_padding() -> None:
    adapted = adapt(preset("lenet-5").network, (1, 28, 28), 10, "stem")
    assert adapted.changes == (
        "input: 1 × 32 × 32 becomes 1 × 28 × 28",
        "conv-1: padding valid becomes 2",
    )
    assert infer(adapted.edited.network).parameters == 61_706


@pytest.mark.parametrize("side", [28, 32])
def test_resnet_gets_the_usual_stem_for_small_images(side: int) -> None:
    adapted = adapt(preset("resnet-18").network, (3, side, side), 10, "stem")
    assert adapted.changes == (
        f"input: 3 × 224 × 224 becomes 3 × {side} × {side}",
        "conv-1: kernel size 7 becomes 3, stride 2 becomes 1, padding 3 becomes same",
        "max-pool-1: removed",
        "dense-1: units 1,000 becomes 10",
        "classes: 1,000 become 10",
    )
    assert infer(adapted.edited.network).parameters == 11_173_962  # as published for CIFAR-10


def test_alexnet_keeps_its_pools_on_small_images() -> None:
    adapted = adapt(preset("alexnet").network, (3, 32, 32), 10, "stem")
    assert adapted.changes[1:-2] == (
        "conv-1: kernel size 11 becomes 3, stride 4 becomes 1, padding valid becomes same",
    )


def test_vgg_loses_the_pool_that_has_nothing_left_to_pool() -> None:
    adapted = adapt(preset("vgg-16").network, (1, 28, 28), 10, "stem")
    assert adapted.changes[1:-2] == ("max-pool-5: removed",)


def test_stem_leaves_the_users_own_problems_alone() -> None:
    network = network_of(nodes.Convolution(), nodes.Dropout(p=2.0), nodes.Flatten(), nodes.Dense())
    adapted = adapt(network, (3, 9, 9), 5, "stem")
    assert [problem.node for problem in infer(adapted.edited.network).problems] == ["dropout-1"]


def test_stem_fixes_groups_that_no_longer_divide() -> None:
    network = network_of(
        nodes.Convolution(filters=6, groups=3), nodes.Flatten(), nodes.Dense(), image=(3, 9, 9)
    )
    adapted = adapt(network, (1, 9, 9), 10, "stem")
    assert infer(adapted.edited.network).valid
    assert find(adapted.edited.network, "conv-1").groups == 1  # type: ignore[union-attr]


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks(), st.tuples(st.integers(1, 4), st.integers(1, 40), st.integers(1, 40)), st.integers(2, 9))
def test_stem_leaves_no_problem_that_has_a_fix(
    network: Network, shape: tuple[int, int, int], classes: int
) -> None:
    report = infer(adapt(network, shape, classes, "stem").edited.network)
    assert not [problem for problem in report.problems if problem.fix]
    assert infer(adapt(network, shape, classes, "resize").edited.network).valid


def test_changes_are_listed_as_text() -> None:
    before = network_of(nodes.Convolution(), nodes.ReLU(), nodes.Flatten(), nodes.Dense())
    after = network_of(nodes.Convolution(stride=(2, 1)), nodes.Flatten(), nodes.Dense(), nodes.Tanh())
    assert changes(before, after) == (
        "conv-1: stride 1 becomes 2×1",
        "relu-1: removed",
        "tanh-1: added",
    )
