"""Suggestions fit the place where they are inserted."""

from math import prod

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnnplay.network import edits, nodes
from cnnplay.network.edits import EditError
from cnnplay.network.kinds import KINDS
from cnnplay.network.network import Classification, Input, Network, Place, find, ids, walk
from cnnplay.network.nodes import Convolution
from cnnplay.shapes import receptive
from cnnplay.shapes.arithmetic import Shape
from cnnplay.shapes.infer import Flow, infer, visit_stack
from cnnplay.shapes.suggest import (
    classifier_head,
    new_nodes,
    replace_head,
    shape_at,
    wrap_in_skip,
)
from tests.shapes.helpers import network_of, problem_of
from tests.strategies import any_networks, networks

_SETTINGS = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
TAGS = [kind.tag for kind in KINDS]
NEEDS_MAPS = (
    "conv",
    "transposed-conv",
    "upsample",
    "max-pool",
    "avg-pool",
    "global-avg-pool",
    "local-response-norm",
)


def output_after(network: Network, place: Place, tag: str) -> Shape | None:
    """The output shape of new nodes of this kind, if inserted there."""
    shape = shape_at(network, place)
    assert shape is not None
    return visit_stack(new_nodes(tag, network, place), Flow(shape, receptive.pixels(), (1, 1))).flow.shape


def _places(network: Network) -> list[Place]:
    """Every place in a network."""
    gaps = {Place("", 0, len(network.stack))}
    for node, place in walk(network):
        gaps |= {place, Place(place.parent, place.slot, place.index + 1)}
        for slot, inner in enumerate(nodes.stacks_of(node)):
            gaps.add(Place(node.id, slot, len(inner)))
    return sorted(gaps, key=str)


@_SETTINGS
@given(networks(), st.sampled_from(TAGS), st.randoms(use_true_random=False))
def test_new_nodes_have_no_problems_of_their_own(network: Network, tag: str, random: object) -> None:
    place = random.choice(_places(network))  # type: ignore[attr-defined]
    shape = shape_at(network, place)
    assert shape is not None
    edited = edits.insert(network, place, new_nodes(tag, network, place))
    if len(shape) == 1 and tag in NEEDS_MAPS:
        assert output_after(network, place, tag) is None
        return
    if prod(shape) == 1 and tag == "group-norm":
        return  # a single value is its own mean, in whatever groups
    report = infer(edited.network)
    inside = {
        inner.id for name in edited.touched for inner, _ in edits._walk_node(find(edited.network, name))
    }
    assert not [problem for problem in report.problems if problem.node in inside]
    assert report.nodes[edited.touched[-1]].output == output_after(network, place, tag)


@_SETTINGS
@given(any_networks(), st.sampled_from(TAGS))
def test_suggestions_are_made_for_networks_with_problems_too(network: Network, tag: str) -> None:
    for place in _places(network):
        assert new_nodes(tag, network, place)


def test_the_first_convolution_gets_16_filters_and_one_after_a_pool_twice_as_many_as_the_last() -> None:
    network = network_of(nodes.Convolution(filters=24), nodes.MaxPooling())
    assert new_nodes("conv", network, Place("", 0, 0)) == (Convolution(filters=16),)
    assert new_nodes("conv", network, Place("", 0, 1)) == (Convolution(filters=24),)
    assert new_nodes("conv", network, Place("", 0, 2)) == (Convolution(filters=48),)


def test_a_dense_layer_on_maps_comes_with_flatten_and_at_the_end_has_a_unit_per_class() -> None:
    network = network_of(nodes.ReLU(), nodes.Flatten(), nodes.Dense(units=7), classes=7)
    assert new_nodes("dense", network, Place("", 0, 1)) == (nodes.Flatten(), nodes.Dense(units=128))
    assert new_nodes("dense", network, Place("", 0, 3)) == (nodes.Dense(units=7),)


def test_a_pool_is_no_larger_than_the_map() -> None:
    network = network_of(image=(1, 1, 9))
    assert new_nodes("max-pool", network, Place("", 0, 0)) == (
        nodes.MaxPooling(kernel_size=(1, 2), stride=(1, 2)),
    )


def test_a_skip_comes_with_batch_norm_where_the_network_uses_it() -> None:
    plain = new_nodes("skip", network_of(), Place("", 0, 0))
    normed = new_nodes("skip", network_of(nodes.BatchNormalisation()), Place("", 0, 1))
    assert [type(node).__name__ for node in plain[0].body] == ["Convolution", "ReLU", "Convolution"]  # type: ignore[union-attr]
    assert nodes.BatchNormalisation() in normed[0].body  # type: ignore[union-attr]


def test_an_unknown_kind_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        new_nodes("lstm", network_of(), Place("", 0, 0))


def test_the_shape_at_a_place_is_known_inside_containers_and_unknown_after_a_problem() -> None:
    inner = nodes.Skip(body=(nodes.Convolution(filters=1, stride=(1, 1)),))
    network = network_of(nodes.MaxPooling(), inner, nodes.Convolution(stride=(0, 0)))
    assert shape_at(network, Place("", 0, 0)) == (1, 28, 28)
    assert shape_at(network, Place("skip-1", 1, 0)) == (1, 14, 14)
    assert shape_at(network, Place("", 0, 3)) is None


def test_wrapping_layers_that_keep_the_shape_needs_no_projection() -> None:
    network = network_of(nodes.Convolution(filters=1), nodes.ReLU(), nodes.Flatten(), nodes.Dense())
    edited = wrap_in_skip(network, ["conv-1", "relu-1"])
    assert find(edited.network, "skip-1").shortcut == ()  # type: ignore[union-attr]
    assert infer(edited.network).valid


def test_wrapping_layers_that_change_the_shape_inserts_a_projection_at_the_right_stride() -> None:
    network = network_of(
        nodes.Convolution(filters=32, stride=(2, 2)),
        nodes.BatchNormalisation(),
        nodes.ReLU(),
        nodes.Flatten(),
        nodes.Dense(),
    )
    edited = wrap_in_skip(network, ["relu-1", "conv-1", "batch-norm-1"], reserved=["conv-8"])
    shortcut = find(edited.network, "skip-1").shortcut  # type: ignore[union-attr]
    assert shortcut == (
        Convolution(id="conv-9", filters=32, kernel_size=(1, 1), stride=(2, 2), padding="valid", bias=False),
        nodes.BatchNormalisation(id="batch-norm-2"),
    )
    assert infer(edited.network).valid


def test_wrapping_without_batch_norm_projects_by_only_a_convolution() -> None:
    network = network_of(nodes.Convolution(filters=5), nodes.Flatten(), nodes.Dense())
    (conv,) = find(wrap_in_skip(network, ["conv-1"]).network, "skip-1").shortcut  # type: ignore[union-attr]
    assert conv.filters == 5
    assert conv.bias


def test_wrapping_works_without_a_possible_projection_and_leaves_a_problem() -> None:
    conv = nodes.Convolution(filters=4, kernel_size=(5, 5), padding="valid")
    network = network_of(conv, nodes.Flatten(), nodes.Dense(), image=(1, 32, 32))
    edited = wrap_in_skip(network, ["conv-1"])
    assert [problem.node for problem in infer(edited.network).problems] == ["skip-1"]


@_SETTINGS
@given(networks())
def test_wrapping_any_node_of_a_valid_network_leaves_at_most_a_problem_of_the_skip(network: Network) -> None:
    for node, _ in list(walk(network)):
        edited = wrap_in_skip(network, [node.id])
        assert {problem.node for problem in infer(edited.network).problems} <= set(edited.touched) | {
            ""
        } | ids(network)
        if infer(edited.network).nodes[node.id].output == infer(network).nodes[node.id].input:
            assert infer(edited.network).valid


@pytest.mark.parametrize(
    ("stack", "kinds"),
    [
        ((), ["Flatten", "Dense"]),
        ((nodes.Convolution(filters=32),), ["GlobalAveragePooling", "Flatten", "Dense"]),
        ((nodes.Convolution(filters=32, stride=(4, 4)),), ["Flatten", "Dense"]),
        ((nodes.GlobalAveragePooling(),), ["Flatten", "Dense"]),
        ((nodes.Convolution(filters=10), nodes.GlobalAveragePooling()), ["Flatten"]),
        ((nodes.Flatten(), nodes.Dense(units=84), nodes.Tanh()), ["Dense"]),
    ],
)
def test_a_head_adds_what_is_missing(stack: tuple[nodes.Node, ...], kinds: list[str]) -> None:
    network = network_of(*stack)
    edited = classifier_head(network)
    assert [type(find(edited.network, name)).__name__ for name in edited.touched] == kinds
    assert infer(edited.network).valid


def test_a_head_sets_the_units_of_a_last_dense_layer() -> None:
    edited = classifier_head(network_of(nodes.Flatten(), nodes.Dense(units=1000)))
    assert edited.touched == ("dense-1",)
    assert infer(edited.network).valid


def test_an_existing_head_is_not_added_again() -> None:
    with pytest.raises(EditError, match=r"already ends in .*10"):
        classifier_head(network_of(nodes.Flatten(), nodes.Dense(units=10)))


def test_a_head_cannot_be_added_to_an_unknown_output() -> None:
    with pytest.raises(EditError, match="fix the problems first"):
        classifier_head(network_of(nodes.Convolution(stride=(0, 0))))


@pytest.mark.parametrize(
    "stack",
    [
        (nodes.Flatten(), nodes.Dense(units=10)),
        (nodes.Flatten(), nodes.Dense(units=10), nodes.Dropout(), nodes.Sigmoid()),
        (
            nodes.Convolution(filters=10),
            nodes.BatchNormalisation(),
            nodes.GlobalAveragePooling(),
            nodes.Flatten(),
        ),
        (nodes.Flatten(), nodes.Skip(body=(nodes.Dense(units=10),), shortcut=(nodes.Dense(units=10),))),
    ],
)
def test_another_number_of_classes_changes_only_the_last_layer(stack: tuple[nodes.Node, ...]) -> None:
    network = network_of(*stack)
    assert infer(network).valid
    edited = replace_head(network, 7)
    assert infer(edited.network).valid
    assert edited.network.task.classes == 7
    assert len(edited.touched) == 1


def test_an_unfinished_network_keeps_its_end_when_the_classes_change() -> None:
    network = network_of(nodes.Flatten(), nodes.Dense(units=84), nodes.Tanh())
    edited = replace_head(network, 7)
    assert edited.network.stack == network.stack
    assert edited.network.task.classes == 7


def test_a_head_for_implausibly_many_values_averages_them_or_is_refused() -> None:
    huge = nodes.Upsampling(scale=(64, 64))
    maps = network_of(huge, huge, huge, image=(1, 4, 4))
    edited = classifier_head(maps)
    kinds = [type(find(edited.network, name)).__name__ for name in edited.touched]
    assert kinds == ["GlobalAveragePooling", "Flatten", "Dense"]
    row = network_of(huge, huge, huge, nodes.Flatten(), image=(1, 4, 4))
    with pytest.raises(EditError, match="too many weights"):
        classifier_head(row)
    assert problem_of(row, "", "output").fix is None


def test_one_unit_is_a_head_only_for_two_classes() -> None:
    def ending(classes: int) -> Network:
        stack = (nodes.Flatten(id="flatten-1"), nodes.Dense(id="dense-1", units=1))
        return Network(name="one", input=Input(1, 8, 8), task=Classification(classes), stack=stack)

    with pytest.raises(EditError, match="already ends"):
        classifier_head(ending(2))
    assert infer(classifier_head(ending(3)).network).output == (3,)
