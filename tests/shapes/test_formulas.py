"""Formulas read as in the design of the window, and their numbers give their results."""

import re
from math import ceil, floor

import pytest
from hypothesis import HealthCheck, given, settings

from cnnplay.network import nodes
from cnnplay.network.edits import replace_field
from cnnplay.network.network import Network
from cnnplay.network.presets import preset
from cnnplay.shapes.formula import Formula
from cnnplay.shapes.formulas import formulas
from cnnplay.shapes.infer import infer
from tests.shapes.helpers import network_of
from tests.strategies import networks


def _formula(network: Network, node: str, name: str) -> Formula:
    (found,) = [formula for formula in formulas(infer(network), node) if formula.name == name]
    return found


def test_the_formulas_of_the_design_are_matched() -> None:
    network = preset("mini-resnet").network
    size = _formula(network, "conv-2", "output size")
    assert (size.symbols, size.numbers, size.result) == (
        "⌊(n + 2p − f) / s⌋ + 1",
        "⌊(32 + 2·1 − 3) / 2⌋ + 1",
        "16",
    )
    assert _formula(network, "conv-2", "parameters").numbers == "32 × 16 × 3 × 3"
    assert _formula(network, "conv-2", "parameters").result == "4,608"
    biased = _formula(preset("lenet-5").network, "conv-2", "parameters")
    assert (biased.numbers, biased.result) == ("16 × (6 × 5 × 5 + 1)", "2,416")
    field = _formula(network, "conv-2", "receptive field")
    assert (field.result, field.remark) == ("5 × 5", "pixels of the input, in steps of 2")


def test_after_enlarged_maps_a_field_is_the_most_that_an_output_sees() -> None:
    network = network_of(
        nodes.AveragePooling(kernel_size=(2, 2), stride=(2, 2)),
        nodes.Upsampling(scale=(2, 2), mode="nearest"),
    )
    assert _formula(network, "avg-pool-1", "receptive field").remark == "pixels of the input, in steps of 2"
    assert _formula(network, "upsample-1", "receptive field").remark == (
        "pixels of the input, at most, in steps of 1"
    )


def test_uneven_same_padding_is_shown_as_a_rounded_up_size() -> None:
    network = network_of(nodes.Convolution(kernel_size=(4, 4), stride=(2, 2)))
    size = _formula(network, "conv-1", "output size")
    assert (size.symbols, size.numbers, size.result) == ("⌈n / s⌉", "⌈28 / 2⌉", "14")
    assert size.remark == "same padding: 1 before, 2 after"


def test_height_and_width_have_their_own_formulas_if_they_differ() -> None:
    network = network_of(nodes.Convolution(kernel_size=(3, 5), padding="valid"))
    assert _formula(network, "conv-1", "output height").numbers == "⌊(28 − 3) / 1⌋ + 1"
    assert _formula(network, "conv-1", "output width").numbers == "⌊(28 − 5) / 1⌋ + 1"


def test_a_kernel_that_does_not_fit_shows_why() -> None:
    network = network_of(nodes.Convolution(kernel_size=(9, 9), padding="valid"), image=(1, 4, 4))
    size = _formula(network, "conv-1", "output size")
    assert (size.numbers, size.result) == ("⌊(4 − 9) / 1⌋ + 1", "−4")
    assert size.remark == "the kernel does not fit"


def test_batch_norm_has_two_parameters_per_channel() -> None:
    network = network_of(nodes.Convolution(filters=6), nodes.BatchNormalisation())
    parameters = _formula(network, "batch-norm-1", "parameters")
    assert (parameters.symbols, parameters.numbers, parameters.result) == ("2 · C", "2 · 6", "12")


@pytest.mark.parametrize(
    ("stack", "symbols", "numbers", "result"),
    [
        ((), "C/g × H × W", "8/4 × 28 × 28", "1,568"),
        ((nodes.GlobalAveragePooling(), nodes.Flatten()), "n/g", "8/4", "2"),
    ],
)
def test_group_norm_shows_how_many_values_share_a_mean(
    stack: tuple[nodes.Node, ...], symbols: str, numbers: str, result: str
) -> None:
    network = network_of(nodes.Convolution(filters=8), *stack, nodes.GroupNormalisation(groups=4))
    size = _formula(network, "group-norm-1", "group size")
    assert (size.symbols, size.numbers, size.result) == (symbols, numbers, result)
    assert _formula(network, "group-norm-1", "parameters").numbers == "2 · 8"
    assert "the whole image" in _formula(network, "group-norm-1", "receptive field").remark


def test_merges_have_formulas() -> None:
    network = network_of(nodes.Branches(branches=((nodes.Convolution(filters=4),), ())))
    output = _formula(network, "branches-1", "output")
    assert (output.symbols, output.numbers, output.result) == ("branch 1 + branch 2", "4 + 1", "5 × 28 × 28")
    assert _formula(network, "branches-1", "parameters").numbers == "40 + 0"


def test_the_input_has_no_formulas_and_an_unknown_node_is_an_error() -> None:
    report = infer(network_of(nodes.Flatten()))
    assert formulas(report, "") == ()
    with pytest.raises(KeyError):
        formulas(report, "conv-9")


def test_a_stride_of_zero_gives_no_size_formula_and_no_error() -> None:
    network = replace_field(network_of(nodes.Convolution()), "conv-1", "stride", (0, 0)).network
    assert "output size" not in [formula.name for formula in formulas(infer(network), "conv-1")]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks())
def test_the_numbers_of_every_formula_give_its_result(network: Network) -> None:
    report = infer(network)
    worked_out = (
        "output size",
        "output height",
        "output width",
        "group size",
        "parameters",
        "multiply-adds",
        "activations",
    )
    for node_id in report.nodes:
        for formula in formulas(report, node_id):
            if formula.name in worked_out and formula.numbers:
                assert _value(formula.numbers) == _value(formula.result.removesuffix(" bytes")), formula.text
            if formula.name == "receptive field" and formula.numbers:
                assert formula.result == f"{_value(formula.numbers):,} × {_value(formula.numbers):,}"


def _value(text: str) -> int:
    """A formula's numbers, computed by Python."""
    code = text.replace(",", "").replace("×", "*").replace("·", "*").replace("−", "-")
    code = code.replace("⌊", "floor(").replace("⌈", "ceil(").replace("⌋", ")").replace("⌉", ")")
    assert re.fullmatch(r"[\d\s.+\-*/()a-z]+", code)
    return int(eval(code, {"floor": floor, "ceil": ceil}))  # noqa: S307


def test_a_merge_that_does_not_fit_shows_no_false_equation() -> None:
    network = network_of(
        nodes.Skip(body=(nodes.Convolution(filters=16, kernel_size=(5, 5), padding="valid"),)),
        image=(6, 14, 14),
    )
    assert not [formula for formula in formulas(infer(network), "skip-1") if formula.name == "output"]
    fixed_network = network_of(nodes.Skip(body=(nodes.Convolution(filters=6),)), image=(6, 14, 14))
    assert _formula(fixed_network, "skip-1", "output").result == "6 × 14 × 14"
