"""The concept page's state: scenes, positions and numbers that agree with torch and with the lecture."""

import numpy as np
import pytest
import torch
from pytestqt.qtbot import QtBot

from cnnplay.modules.build import build
from cnnplay.modules.weights import weights_of
from cnnplay.network import nodes
from cnnplay.network.edits import replace_field
from cnnplay.network.network import Classification, Input, Network
from cnnplay.network.presets import preset
from cnnplay.shapes.infer import infer
from cnnplay.spec.preprocessing import Preprocessing
from cnnplay.ui.learn.concept import ConceptModel
from cnnplay.ui.learn.concept_data import as_input, layer_data, network_above, random_weights
from cnnplay.ui.learn.concept_scene import LayerData

NETWORK = Network(
    name="small",
    input=Input(2, 9, 8),
    task=Classification(3),
    stack=(
        nodes.Convolution(id="conv-1", filters=4, kernel_size=(3, 2), stride=(2, 1), padding="same"),
        nodes.Skip(
            id="skip-1",
            body=(
                nodes.ReLU(id="relu-1"),
                nodes.Convolution(id="conv-2", filters=4, groups=2, dilation=(2, 1), padding="same"),
            ),
        ),
        nodes.AveragePooling(id="avg-pool-1", kernel_size=(2, 2), stride=(2, 2), padding=(1, 1)),
        nodes.MaxPooling(id="max-pool-1", kernel_size=(2, 2), stride=(1, 1)),
        nodes.GlobalAveragePooling(id="global-avg-pool-1"),
        nodes.Flatten(id="flatten-1"),
        nodes.Dense(id="dense-1", units=3),
    ),
)
PICTURE = np.random.default_rng(0).normal(size=NETWORK.input.shape).astype(np.float32)
LAYERS = ("conv-1", "conv-2", "avg-pool-1", "max-pool-1", "global-avg-pool-1")


def _model(node_id: str = "") -> ConceptModel:
    model = ConceptModel()
    model.show_node(infer(NETWORK), node_id)
    return model


def _give(model: ConceptModel, node_id: str, data: LayerData) -> None:
    model.set_layer_data(node_id, data.maps, data.kernel, data.bias, data.origin)


@pytest.mark.parametrize("node_id", LAYERS)
def test_every_step_of_every_filter_gives_the_modules_own_number(qtbot: QtBot, node_id: str) -> None:
    module = build(NETWORK, seed=1).eval()
    weights = weights_of(module)
    with torch.no_grad():
        _, seen = module.trace(torch.from_numpy(PICTURE)[None], {node_id})
    truth = seen[node_id][0].numpy()
    model = _model(node_id)
    _give(model, node_id, layer_data(NETWORK, node_id, PICTURE, weights))
    for k in range(truth.shape[0]):
        model.set_filter(k)
        model.set_channel(k)
        assert model.scene is not None
        assert model.output == pytest.approx(truth[k], abs=1e-5)
        for index in range(model.scene.sliding.steps):
            model.go(index)
            assert model.step.total == pytest.approx(truth[k].ravel()[index], abs=1e-5)


def test_what_lies_above_a_node_is_all_that_its_input_needs() -> None:
    assert [node.id for node in network_above(NETWORK, "conv-2").stack] == ["conv-1", "relu-1"]
    assert network_above(NETWORK, "conv-1").stack == ()


def test_the_lectures_example_steps_through_its_worked_output(qtbot: QtBot) -> None:
    model = _model()
    model.set_source("lecture")
    seen = []
    for index in range(16):
        model.go(index)
        seen.append(model.total)
    assert seen == [-5, -4, 0, 8, -10, -2, 2, 3, 0, -2, -4, -7, -3, -2, -3, -16]
    model.set_lecture_stride(2)
    assert model.output.tolist() == [[-5, 0], [0, -4]]


def test_the_text_of_the_first_step_is_as_on_the_board(qtbot: QtBot) -> None:
    model = _model()
    model.set_source("lecture")
    step = model.step_text
    assert step.rows[0] == ("3·1", "0·0", "1·(−1)")
    assert step.row_sums == ("2", "−7", "0")
    assert step.rows_line == "2 + (−7) + 0 = −5"
    assert step.line == "3·1 + 0·0 + 1·(−1) + 1·1 + 5·0 + … + 2·(−1) = −5"


def test_the_mistake_on_the_lectures_slide_is_mentioned(qtbot: QtBot) -> None:
    model = _model()
    model.set_source("lecture")
    model.go_to(1, 0)
    summary = model.step_text.summary
    assert summary.startswith("sum = −10 (")
    assert "slides" in summary
    model.set_lecture_padding(1)
    model.go_to(1, 0)
    assert "slide" not in model.step_text.summary


def test_channels_are_summed_with_the_bias(qtbot: QtBot) -> None:
    model = _model("conv-2")
    kernel = np.ones((4, 2, 3, 3), np.float32)
    maps = np.ones((4, 5, 8), np.float32)
    _give(model, "conv-2", LayerData(maps, kernel, np.array([0.5, 0, 0, 0], np.float32)))
    model.go_to(2, 3)
    assert model.step_text.summary == "sum over 2 channels + bias: 9 + 9 + 0.50 = 18.50"


def test_a_group_sees_its_own_channels(qtbot: QtBot) -> None:
    model = _model("conv-2")
    model.set_filter(3)
    assert model.scene is not None
    assert model.scene.first_channel == 2
    assert model.scene.channels == 2


def test_without_weights_the_page_says_that_they_are_random(qtbot: QtBot) -> None:
    model = _model("conv-1")
    assert model.scene is not None
    assert "random weights" in model.scene.origin
    assert "random input" in model.scene.origin
    _give(model, "conv-1", LayerData(PICTURE, origin="image 5"))
    assert model.scene.origin == "image 5, random weights"


def test_random_weights_are_the_same_each_time(qtbot: QtBot) -> None:
    first, second = _model("conv-1").scene, _model("conv-1").scene
    assert first is not None
    assert second is not None
    assert first.kernel == pytest.approx(second.kernel)


@pytest.mark.parametrize(
    ("node_id", "words"),
    [
        ("", "Select a convolution or pooling layer"),
        ("input", "Select a convolution or pooling layer"),
        ("dense-1", "has no sliding window"),
        ("skip-1", "has no sliding window"),
    ],
)
def test_what_cannot_be_stepped_through_says_why(qtbot: QtBot, node_id: str, words: str) -> None:
    model = _model(node_id)
    assert words in model.disabled_reason
    assert model.scene is None


def test_a_layer_with_a_problem_says_that_it_must_be_fixed(qtbot: QtBot) -> None:
    broken = Network(
        name="broken",
        input=Input(1, 4, 4),
        task=Classification(2),
        stack=(nodes.Convolution(id="conv-1", kernel_size=(9, 9), padding="valid"),),
    )
    model = ConceptModel()
    model.show_node(infer(broken), "conv-1")
    assert "fix the problems" in model.disabled_reason


def test_values_are_requested_only_while_the_page_is_visible(qtbot: QtBot) -> None:
    model = _model("conv-1")
    asked: list[str] = []
    model.data_requested.connect(asked.append)
    model.refresh()
    assert asked == []
    model.set_active(True)
    assert asked == ["conv-1"]
    _give(model, "conv-1", LayerData(PICTURE))
    model.show_node(infer(NETWORK), "conv-1")
    assert asked == ["conv-1"]
    model.refresh()
    assert asked == ["conv-1", "conv-1"]


def test_pending_values_are_announced(qtbot: QtBot) -> None:
    model = _model("conv-1")
    model.data_requested.connect(lambda node_id: None)
    model.set_active(True)
    assert model.scene is not None
    assert model.scene.origin.startswith("computing its values, random input")
    _give(model, "conv-1", LayerData(PICTURE, origin="image 5"))
    assert "computing" not in model.scene.origin


def test_an_edit_keeps_the_position_where_the_layer_stays(qtbot: QtBot) -> None:
    model = _model("conv-1")
    model.set_filter(2)
    model.go(7)
    shorter = Network(name="b", input=NETWORK.input, task=NETWORK.task, stack=NETWORK.stack[:1])
    model.show_node(infer(shorter), "conv-1")
    assert (model.filter, model.index) == (2, 7)
    model.show_node(infer(NETWORK), "max-pool-1")
    assert (model.filter, model.index) == (0, 0)


def test_rows_and_ends_are_reached_and_not_passed(qtbot: QtBot) -> None:
    model = _model()
    model.set_source("lecture")
    model.move_rows(-1)
    assert model.index == 0
    model.forward()
    model.move_rows(1)
    assert model.index == 5
    model.last()
    model.forward()
    assert model.index == 15


def test_playing_steps_on_to_the_end_and_stops(qtbot: QtBot) -> None:
    model = _model()
    model.set_source("lecture")
    model.set_speed(30)
    model.go(13)
    with qtbot.waitSignals([model.playing_changed, model.moved, model.moved, model.playing_changed]):
        model.play()
    assert model.index == 15
    assert not model.playing
    model.play()
    assert model.index == 0
    model.set_active(False)
    assert not model.playing


def test_an_image_is_preprocessed_as_for_the_network(qtbot: QtBot) -> None:
    digits = Network(name="a", input=Input(1, 32, 32), task=Classification(3))
    pixels = np.full((28, 28, 1), 255, np.uint8)
    plain = as_input(pixels, digits, None)
    assert plain is not None
    assert (plain[0, 2:30, 2:30] == 1).all()
    assert plain.sum() == 28 * 28
    rule = Preprocessing(input=(1, 32, 32), mean=(0.5,), std=(0.25,))
    normal = as_input(pixels, digits, rule)
    assert normal is not None
    assert normal[0, 16, 16] == 2
    assert as_input(pixels, Network(name="b", input=Input(7, 4, 4), task=Classification(3)), None) is None


def test_a_layer_with_a_problem_is_not_stepped_through_and_says_which(qtbot: QtBot) -> None:
    model = ConceptModel()
    for field, value in (("groups", 4), ("filters", 0), ("groups", 0)):
        network = replace_field(NETWORK, "conv-1", field, value).network
        model.show_node(infer(network), "conv-1")
        assert model.scene is None
        assert (
            model.disabled_reason.startswith("Fix this problem first: ") or "unknown" in model.disabled_reason
        )


def test_random_weights_are_those_of_the_seed() -> None:
    expected = weights_of(build(NETWORK, seed=7))
    found = random_weights(NETWORK, 7)
    assert found is not None
    assert all(torch.equal(found[key], expected[key]) for key in expected)
    assert random_weights(replace_field(NETWORK, "conv-1", "groups", 4).network, 7) is None
    assert random_weights(preset("vgg-16").network, 7) is None


def test_it_begins_at_a_window_with_content_and_stays_where_it_was_moved(qtbot: QtBot) -> None:
    """The digits' corners are uniform."""
    picture = np.full(NETWORK.input.shape, -0.4, np.float32)
    picture[:, 5:, 4:] = 2.0
    model = _model("conv-1")
    _give(model, "conv-1", LayerData(picture))
    assert model.scene is not None
    patch = model.step.patch
    assert patch.max() > patch.min()
    corner = model.scene.step(0, 0).patch[0]
    assert corner[1:].max() == corner[1:].min(), "the first window shows nothing but padding and background"
    assert model.index > 0
    model.go(1)
    _give(model, "conv-1", LayerData(picture + 1))
    assert model.scene is not None
    assert model.index == 1


def test_a_uniform_input_begins_at_the_first_window(qtbot: QtBot) -> None:
    model = _model("max-pool-1")
    _give(model, "max-pool-1", LayerData(np.zeros((4, 3, 5), np.float32)))
    assert model.scene is not None
    assert model.index == 0
