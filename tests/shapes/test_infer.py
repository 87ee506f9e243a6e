"""Inference continues after problems as far as it can, and changes nothing."""

import msgspec
from hypothesis import HealthCheck, given, settings

from cnnplay.network import nodes
from cnnplay.network.codec import encode
from cnnplay.network.edits import replace_field
from cnnplay.network.network import Network
from cnnplay.shapes.infer import infer
from tests.shapes.helpers import network_of
from tests.strategies import any_networks


def test_dense_on_maps_is_inferred_as_if_they_were_flattened() -> None:
    report = infer(network_of(nodes.Dense(units=10)))
    assert report.output == (10,)
    assert report.parameters == 7_850
    assert report.complete
    assert [problem.node for problem in report.problems] == ["dense-1"]


def test_after_a_kernel_that_does_not_fit_nothing_is_known_until_a_dense_layer() -> None:
    network = network_of(
        nodes.Convolution(kernel_size=(9, 9), padding="valid"),
        nodes.ReLU(),
        nodes.Flatten(),
        nodes.Dense(units=20),
        nodes.Dense(units=10),
        image=(1, 8, 8),
    )
    report = infer(network)
    assert [report.nodes[name].output for name in ("conv-1", "relu-1", "flatten-1")] == [None] * 3
    assert report.nodes["dense-1"].output == (20,)
    assert report.nodes["dense-1"].parameters is None
    assert report.nodes["dense-2"].parameters == 210
    assert report.output == (10,)
    assert report.parameters == 16 * 82 + 210
    assert not report.complete
    assert [problem.node for problem in report.problems] == ["conv-1"]


def test_two_mistakes_are_two_problems() -> None:
    network = network_of(
        nodes.Convolution(stride=(0, 0)), nodes.Dropout(p=1.5), nodes.Flatten(), nodes.Dense(units=10)
    )
    assert [(problem.node, problem.field) for problem in infer(network).problems] == [
        ("conv-1", "stride"),
        ("dropout-1", "p"),
    ]


def test_a_field_that_does_not_shape_the_output_leaves_the_output_known() -> None:
    report = infer(network_of(nodes.Convolution(filters=16, groups=0), nodes.BatchNormalisation(eps=-1.0)))
    assert report.nodes["conv-1"].output == (16, 28, 28)
    assert report.nodes["conv-1"].parameters is None
    assert report.nodes["batch-norm-1"].parameters == 32


def test_an_add_with_one_unknown_side_takes_the_other_sides_shape() -> None:
    broken = nodes.Convolution(stride=(0, 0))
    report = infer(network_of(nodes.Skip(body=(broken,)), nodes.Flatten(), nodes.Dense()))
    assert report.nodes["skip-1"].output == (1, 28, 28)
    assert [problem.node for problem in report.problems] == ["conv-1"]


def test_concatenation_adds_channels() -> None:
    wide = nodes.Branches(
        branches=((nodes.Convolution(filters=4),), (nodes.Convolution(filters=6), nodes.ReLU()), ())
    )
    report = infer(network_of(wide, image=(3, 9, 7)))
    assert report.nodes["branches-1"].output == (13, 9, 7)
    assert report.nodes["branches-1"].parameters == 4 * 28 + 6 * 28


def test_a_containers_numbers_are_the_sums_inside() -> None:
    body = (nodes.Convolution(filters=8), nodes.ReLU())
    network = network_of(nodes.Skip(body=body, shortcut=(nodes.Convolution(filters=8, kernel_size=(1, 1)),)))
    report = infer(network)
    inside = [report.nodes[name] for name in ("conv-1", "relu-1", "conv-2")]
    skip = report.nodes["skip-1"]
    assert skip.parameters == sum(part.parameters or 0 for part in inside) == report.parameters
    assert skip.multiply_adds == sum(part.multiply_adds or 0 for part in inside) == report.multiply_adds
    assert skip.activation_bytes == sum(part.activation_bytes or 0 for part in inside)


def test_batch_norm_on_a_vector_is_valid() -> None:
    report = infer(
        network_of(nodes.Flatten(), nodes.Dense(units=5), nodes.BatchNormalisation(), nodes.Dense(units=10))
    )
    assert report.valid
    assert report.nodes["batch-norm-1"].parameters == 10


def test_activation_memory_is_four_bytes_per_value() -> None:
    report = infer(network_of(nodes.Convolution(filters=6, kernel_size=(5, 5), padding="valid")))
    assert report.nodes["conv-1"].activation_bytes == 6 * 24 * 24 * 4


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(any_networks())
def test_inference_and_fixes_do_not_change_the_network(network: Network) -> None:
    before = encode(network)
    for problem in infer(network).problems:
        if problem.fix:
            problem.fix.apply(network)
    assert encode(network) == before


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(any_networks())
def test_cached_results_equal_newly_computed_ones(network: Network) -> None:
    from cnnplay.shapes import infer as module

    warm = infer(network)
    module.infer.cache_clear()
    module._visit.cache_clear()
    cold = infer(network)
    assert warm.nodes == cold.nodes
    assert [f.message for f in warm.problems] == [f.message for f in cold.problems]


def test_after_an_edit_only_what_changed_differs() -> None:
    network = network_of(nodes.Convolution(), nodes.ReLU(), nodes.Flatten(), nodes.Dense())
    edited = replace_field(network, "dense-1", "units", 7).network
    before, after = infer(network), infer(edited)
    assert before.nodes["conv-1"] is after.nodes["conv-1"]
    assert after.nodes["dense-1"].output == (7,)
    assert msgspec.structs.replace(before, network=edited) != after
