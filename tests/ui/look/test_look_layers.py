"""Which layer is shown for a selection."""

import numpy as np

from cnnplay.data.images import ImageSet
from cnnplay.network import nodes
from cnnplay.network.network import Classification, Input, Network
from cnnplay.network.presets import preset
from cnnplay.ui.kit.numerals import numeral, short, span
from cnnplay.ui.look.evaluation_result import evaluation_result
from cnnplay.ui.look.layers import bounds, filters_node, input_size, maps_node, shown_output

RESIDUAL = Network(
    name="test",
    input=Input(3, 8, 8),
    task=Classification(2),
    stack=(
        nodes.Convolution(id="conv-1", filters=4),
        nodes.BatchNormalisation(id="batch-norm-1"),
        nodes.Tanh(id="tanh-1"),
        nodes.Skip(id="skip-1", body=(nodes.Convolution(id="conv-2", filters=4), nodes.ReLU(id="relu-1"))),
        nodes.MaxPooling(id="max-pool-1"),
        nodes.Flatten(id="flatten-1"),
        nodes.Dense(id="dense-1", units=2),
    ),
)


def test_the_maps_of_a_convolution_are_those_after_its_activation() -> None:
    assert shown_output(RESIDUAL, "conv-1") == ("tanh-1", "tanh")
    assert shown_output(RESIDUAL, "conv-1", activated=False) == ("conv-1", "")
    assert shown_output(RESIDUAL, "conv-2") == ("relu-1", "ReLU")
    assert shown_output(RESIDUAL, "max-pool-1") == ("max-pool-1", "")
    assert shown_output(RESIDUAL, "dense-1") == ("dense-1", "")


def test_bounded_activations_have_a_fixed_scale() -> None:
    assert bounds(RESIDUAL, "tanh-1") == (-1, 1)
    assert bounds(RESIDUAL, "relu-1") is None


def test_filters_are_those_of_the_selected_convolution_or_the_nearest_before() -> None:
    assert filters_node(RESIDUAL, "conv-2") == "conv-2"
    assert filters_node(RESIDUAL, "skip-1") == "conv-2"
    assert filters_node(RESIDUAL, "tanh-1") == "conv-1"
    assert filters_node(RESIDUAL, "max-pool-1") == "conv-2"
    assert filters_node(RESIDUAL, "") == "conv-1"
    assert filters_node(RESIDUAL, "gone-7") == "conv-1"


def test_a_dense_layer_after_a_flatten_has_filters_as_large_as_its_input() -> None:
    assert input_size(RESIDUAL, "dense-1") == (4, 4, 4)
    assert filters_node(RESIDUAL, "dense-1") == "dense-1"
    mlp = preset("mlp").network
    assert filters_node(mlp, "") == "dense-1"
    assert input_size(mlp, "dense-2") is None
    assert input_size(preset("lenet-5").network, "dense-1") is None


def test_maps_follow_the_selection_and_have_a_default() -> None:
    assert maps_node(RESIDUAL, "max-pool-1") == "max-pool-1"
    assert maps_node(RESIDUAL, "input") == "conv-1"
    assert maps_node(preset("mlp").network, "") == "dense-1"


def test_an_evaluation_counts_by_true_class_and_sorts_mistakes_by_confidence() -> None:
    probabilities = np.array(
        [[0.9, 0.1, 0], [0.2, 0.8, 0], [0.05, 0.95, 0], [0.1, 0.2, 0.7], [0.6, 0.4, 0]], np.float32
    )
    labels = np.array([0] * 12 + [0, 2, 1])
    nothing = np.empty(0, np.int64)
    images = ImageSet(
        key="few",
        title="few",
        classes=("a", "b"),
        images=np.zeros((15, 2, 2, 1), np.uint8),
        labels=labels,
        train=nothing,
        validation=nothing,
        shape=(1, 2, 2),
        channels=1,
    )
    result = evaluation_result(images, [10, 11, 12, 13, 14], probabilities, epoch=3)
    assert result.confusion.tolist() == [[1, 2, 0], [1, 0, 0], [0, 0, 1]]
    assert [(found.image, found.predicted) for found in result.mistakes()] == [(12, 1), (11, 1), (14, 0)]
    assert [found.image for found in result.cell(0, 1)] == [12, 11]
    assert result.accuracy == 0.4
    assert [result.name(number) for number in range(3)] == ["a", "b", "class 3"]


def test_numbers_are_short_and_have_a_true_minus_sign() -> None:
    assert [numeral(value) for value in (0, -0.3141, 12.345, 1234.5, 3.1e-5, float("nan"))] == [
        "0", "−0.314", "12.3", "1,234", "3.1·10⁻⁵", "not a number",
    ]  # fmt: skip
    large = (4096, 2275.99, 0.0075, 2.28e6, 5e9, -3.82e23, 1e25)
    assert [short(value) for value in large] == [
        "4,096", "2,276", "0.0075", "2.28 M", "5 G", "−3.82·10²³", "1·10²⁵",
    ]  # fmt: skip
    assert span(-0.37, 0.37) == "±0.37"
    assert span(-1, 1) == "−1 to 1"
