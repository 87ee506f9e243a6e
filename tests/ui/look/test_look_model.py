"""The model of Look inside: what it holds equals what torch computes, live and from stored weights."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from PIL import Image
from pytestqt.qtbot import QtBot

from cnnplay.data.fitting import to_input
from cnnplay.data.folder import load_folder
from cnnplay.data.images import ImageSet
from cnnplay.modules.build import build
from cnnplay.modules.module import NetworkModule
from cnnplay.modules.weights import transfer
from cnnplay.network import edits
from cnnplay.network.network import Network, Place
from cnnplay.network.nodes import Convolution
from cnnplay.network.presets import preset
from cnnplay.probing.probes import PROBES, Probe
from cnnplay.ui.build.stack import StackModel
from cnnplay.ui.kit.mailbox import Mailbox
from cnnplay.ui.look.live_probe import LiveProbe
from cnnplay.ui.look.look import LookModel
from cnnplay.ui.look.probe import ProbeRequest
from cnnplay.ui.look.stack_results import StackResults
from cnnplay.ui.train.trained import Trained
from tests.look_bench import WAIT, LookBench, digits, learned, learned_weights, pets
from tests.watched import Watched


@pytest.fixture
def make(qtbot: QtBot) -> Iterator[Callable[..., LookBench]]:
    made: list[LookBench] = []

    def new(network: Network | None = None, **settings: object) -> LookBench:
        made.append(LookBench(network, **settings))
        return made[-1]

    yield new
    for bench in made:
        bench.shutdown()


@pytest.fixture
def trained(make: Callable[..., LookBench]) -> LookBench:
    bench = make()
    bench.adopt()
    return bench


def outputs(pixels: np.ndarray, *ids: str) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """The probabilities and outputs of the learned network, from torch, layer by layer."""
    result = learned()
    assert result.facts is not None
    module = build(preset("tiny-cnn").network)
    assert transfer(result.weights, module).complete
    module.eval()
    x, seen = torch.from_numpy(to_input(pixels, result.facts.preprocessing)), {}
    with torch.no_grad():
        for node in preset("tiny-cnn").network.stack:
            x = module.layer(node.id)(x)
            seen[node.id] = x[0].clone()
    return x[0].softmax(0), {name: seen[name] for name in ids}


def test_maps_filters_and_prediction_of_stored_weights_equal_torchs(qtbot: QtBot, trained: LookBench) -> None:
    trained.want("maps", "filters", "prediction")
    trained.editor.select(("conv-2",))
    trained.wait(qtbot)
    look, image = trained.look, trained.look.image_choice.image
    assert image is not None
    probabilities, seen = outputs(image.pixels, "relu-2", "conv-2")
    assert look.maps is not None
    assert look.maps.shown == ("relu-2", "ReLU")
    np.testing.assert_allclose(look.maps.values, seen["relu-2"], atol=1e-5)
    assert look.filters is not None
    np.testing.assert_array_equal(look.filters.values, learned().weights["conv-2.weight"])
    assert look.prediction is not None
    np.testing.assert_allclose(look.prediction.probabilities, probabilities, atol=1e-5)
    assert look.origin == "trained"
    look.set_activated(False)
    trained.wait(qtbot)
    np.testing.assert_allclose(look.maps.values, seen["conv-2"], atol=1e-5)


def test_only_what_is_wanted_is_computed(qtbot: QtBot, trained: LookBench) -> None:
    trained.want("filters")
    trained.wait(qtbot)
    look = trained.look
    assert look.filters is not None
    assert look.maps is None
    assert look.prediction is None
    assert look.strips == {}
    look.want("filters", trained, False)
    look.want("stack", trained, True)
    trained.wait(qtbot)
    assert look.filters is None
    assert set(look.strips) == {"conv-1", "conv-2", "conv-3"}
    assert look.prediction is not None


def node_and_classes(module: NetworkModule, x: np.ndarray, node_id: str) -> tuple[str, int]:
    """A probe: the selected node, and how many scores the module gives for the image."""
    with torch.no_grad():
        return node_id, module(torch.from_numpy(x)).shape[1]


def test_a_row_in_the_table_of_probes_is_computed_while_a_view_wants_it(
    qtbot: QtBot, trained: LookBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = Probe(key="own", scope="image", help="", compute=f"{__name__}:node_and_classes")
    monkeypatch.setitem(PROBES, "own", row)
    look, heard = trained.look, list[object]()
    look.others_changed.connect(lambda: heard.append(look.other("own")))
    trained.editor.select(("conv-2",))
    trained.want("own")
    trained.wait(qtbot)
    assert heard == [("conv-2", 10)]
    assert look.maps is None
    look.want("own", trained, False)
    trained.want("filters")
    trained.wait(qtbot)
    assert look.other("own") is None


def test_strips_are_fractions_of_the_first_maps(qtbot: QtBot, trained: LookBench) -> None:
    trained.want("stack")
    trained.wait(qtbot)
    image = trained.look.image_choice.image
    assert image is not None
    _, seen = outputs(image.pixels, "relu-1")
    first = seen["relu-1"][:8].numpy()
    np.testing.assert_allclose(trained.look.strips["conv-1"], first / first.max(), atol=1e-5)


def test_an_untrained_network_shows_the_random_weights_of_the_seed_and_says_so(
    qtbot: QtBot, make: Callable[..., LookBench]
) -> None:
    bench = make(seed=7)
    bench.want("filters", "maps")
    bench.wait(qtbot)
    assert bench.look.origin == "untrained"
    assert bench.look.text == "untrained (random weights, seed 7)"
    assert bench.look.filters is not None
    fresh = build(preset("tiny-cnn").network, seed=7).layer("conv-1").weight
    np.testing.assert_array_equal(bench.look.filters.values, fresh.detach())


def test_an_untrained_network_is_initialized_with_the_chosen_scheme(
    qtbot: QtBot, make: Callable[..., LookBench]
) -> None:
    bench = make(seed=7, initialisation="he")
    bench.want("filters")
    bench.wait(qtbot)
    assert bench.look.filters is not None
    fresh = build(preset("tiny-cnn").network, seed=7, initialisation="he").layer("conv-1").weight
    np.testing.assert_array_equal(bench.look.filters.values, fresh.detach())


def test_the_stack_shows_nothing_of_an_untrained_network(
    qtbot: QtBot, make: Callable[..., LookBench]
) -> None:
    bench = make()
    bench.want("stack")
    bench.wait(qtbot)
    assert bench.look.strips == {}
    assert bench.look.prediction is None


def test_a_new_layer_among_trained_ones_is_named_as_untrained(qtbot: QtBot, trained: LookBench) -> None:
    trained.want("maps")
    network = trained.editor.network
    trained.editor.apply(edits.insert(network, Place("", 0, 2), Convolution(filters=8)))
    trained.wait(qtbot)
    assert trained.look.origin == "partly"
    assert trained.look.text == "trained weights; untrained: conv-4"


def test_problems_are_named_in_place_of_maps(qtbot: QtBot, trained: LookBench) -> None:
    trained.want("maps")
    trained.wait(qtbot)
    trained.editor.apply(edits.remove(trained.editor.network, ["flatten-1"]))
    trained.wait(qtbot)
    assert trained.look.maps is None
    assert trained.look.problem.startswith("fix the problems in Build")


def test_a_large_untrained_network_waits_until_it_is_asked_for(
    qtbot: QtBot, make: Callable[..., LookBench]
) -> None:
    bench = make(preset("vgg-16").network)
    bench.want("maps", "filters")
    bench.wait(qtbot)
    assert bench.look.maps is None
    assert bench.look.held_back == "138,357,544 weights, 553 MB"


def test_another_image_gives_other_maps(qtbot: QtBot, trained: LookBench) -> None:
    trained.want("prediction")
    for index in (0, 4999):
        trained.look.choose(index)
        trained.wait(qtbot)
        prediction = trained.look.prediction
        assert prediction is not None
        expected, _ = outputs(digits().image(index))
        np.testing.assert_allclose(prediction.probabilities, expected, atol=1e-5)
        assert prediction.truth == digits().labels[index]


def test_an_image_file_is_opened_and_a_damaged_one_gives_one_line(
    qtbot: QtBot, trained: LookBench, tmp_path: Path
) -> None:
    path = tmp_path / "seven.png"
    Image.fromarray(digits().image(3600)[:, :, 0]).save(path)
    trained.want("prediction")
    with qtbot.waitSignal(trained.look.image_choice.changed, timeout=WAIT):
        trained.look.open_file(path)
    image = trained.look.image_choice.image
    assert image is not None
    np.testing.assert_array_equal(image.pixels, digits().image(3600))
    damaged = tmp_path / "damaged.png"
    damaged.write_bytes(path.read_bytes()[:60])
    with qtbot.waitSignal(trained.look.image_choice.failed, timeout=WAIT) as failed:
        trained.look.open_file(damaged)
    assert failed.args is not None
    assert str(damaged) in failed.args[0]
    assert "\n" not in failed.args[0]
    assert trained.look.image_choice.image is image


def test_a_drawing_is_probed(qtbot: QtBot, trained: LookBench) -> None:
    trained.want("prediction")
    trained.look.image_choice.use_drawing(digits().image(4100))
    trained.wait(qtbot)
    expected, _ = outputs(digits().image(4100))
    assert trained.look.prediction is not None
    np.testing.assert_allclose(trained.look.prediction.probabilities, expected, atol=1e-5)
    assert trained.look.prediction.right is None


def test_the_validation_split_is_evaluated_from_stored_weights(qtbot: QtBot, trained: LookBench) -> None:
    trained.want("evaluation")
    trained.wait(qtbot)
    result, validation = trained.look.evaluation.result, learned().validation
    assert result is not None
    assert validation is not None
    np.testing.assert_array_equal(result.confusion, validation.details.confusion)
    np.testing.assert_array_equal(result.indices, validation.details.indices)
    wrong = result.mistakes()
    assert [found.confidence for found in wrong] == sorted((f.confidence for f in wrong), reverse=True)
    assert all(digits().labels[found.image] == found.truth != found.predicted for found in wrong)


def test_every_validation_image_is_evaluated_with_progress_reports(
    qtbot: QtBot, trained: LookBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Folders are ordered by class: the first ten thousand images would leave the last classes out."""
    monkeypatch.setattr("cnnplay.ui.look.evaluation.PROGRESS_SECONDS", 0.0)
    images, many = digits(), 10_500
    labels = np.concatenate([images.labels, np.full(many, 9)])
    pictures = np.zeros((len(labels), 1, 1, 1), np.uint8)
    ordered = ImageSet(
        key="ordered", title="ordered", classes=images.classes, images=pictures, labels=labels,
        train=images.train, validation=np.arange(4_999, len(labels)), shape=(1, 1, 1), channels=1,
    )  # fmt: skip
    texts: list[str] = []
    trained.look.evaluation.progressed.connect(lambda: texts.append(trained.look.evaluation.text))
    trained.data.use(ordered)
    trained.want("evaluation")
    trained.wait(qtbot)
    result = trained.look.evaluation.result
    assert result is not None
    assert len(result.indices) == many + 1
    assert result.confusion[9].sum() == many + (labels[4_999] == 9)
    assert any(text.startswith("evaluating: ") and "of 10,501 validation images" in text for text in texts)


def test_no_evaluation_outlives_its_data_set(qtbot: QtBot, trained: LookBench, tmp_path: Path) -> None:
    trained.want("evaluation")
    trained.wait(qtbot)
    evaluation = trained.look.evaluation
    evaluation.select_cell((9, 7))
    found: list[object] = []
    trained.data.changed.connect(lambda: found.extend((evaluation.result, evaluation.cell)))
    trained.data.choose_folder(pets(tmp_path / "pets"))
    qtbot.waitUntil(lambda: trained.data.state == "ready", timeout=WAIT)
    assert found == [None, None]
    trained.wait(qtbot)
    assert evaluation.result is not None
    assert evaluation.result.dataset is trained.data.images
    assert evaluation.cell is None


def test_top_losses_are_shown_beside_the_image_and_the_first_is_chosen(
    qtbot: QtBot, trained: LookBench
) -> None:
    assert trained.look.top_losses_disabled_reason() == ""
    trained.look.show_top_losses()
    trained.wait(qtbot)
    result, choice = trained.look.evaluation.result, trained.look.image_choice
    assert result is not None
    assert list(choice.samples) == [found.image for found in result.mistakes(8)]
    assert choice.image is not None
    assert choice.image.index == choice.samples[0]


def test_without_weights_there_is_a_reason_why_there_are_no_top_losses(
    make: Callable[..., LookBench],
) -> None:
    assert "train the network first" in make().look.top_losses_disabled_reason()


def test_a_live_probe_shows_the_network_in_training(qtbot: QtBot, make: Callable[..., LookBench]) -> None:
    bench = make(epochs=200)
    bench.want("maps", "filters", "prediction", "stack")
    bench.wait(qtbot)
    before = bench.look.filters
    assert before is not None
    bench.run.start()
    qtbot.waitUntil(lambda: bench.look.evaluation.result is not None, timeout=WAIT)
    qtbot.waitUntil(lambda: bench.look.origin == "live", timeout=WAIT)
    assert bench.look.text.startswith("live, epoch ")
    assert bench.look.evaluation.result is not None
    assert bench.look.evaluation.result.confusion.sum() == 1000
    bench.run.pause()
    qtbot.waitUntil(lambda: bench.run.state == "paused", timeout=WAIT)
    bench.look.choose(17)
    bench.editor.select(("conv-3",))
    qtbot.waitUntil(lambda: shows(bench.look, 17, "conv-3"), timeout=WAIT)
    assert bench.look.filters is not None
    assert np.abs(bench.look.filters.values - learned().weights["conv-3.weight"].numpy()).max() > 1e-3
    bench.run.stop()
    qtbot.waitUntil(lambda: bench.run.state == "idle", timeout=WAIT)
    qtbot.waitUntil(lambda: bench.look.origin == "trained", timeout=WAIT)
    bench.wait(qtbot)
    weights = bench.run.weights_cache.weights
    assert weights is not None
    assert bench.look.filters is not None
    np.testing.assert_array_equal(bench.look.filters.values, weights["conv-3.weight"])


def shows(look: LookModel, index: int, node: str) -> bool:
    """Whether the newest result is of that image and layer."""
    result = look.result
    image = result.request.image if result is not None else None
    return image is not None and image.index == index and look.maps is not None and look.maps.node == node


def test_the_state_changed_at_every_emission(qtbot: QtBot, make: Callable[..., LookBench]) -> None:
    bench = make(epochs=10_000)
    look = bench.look
    watched = Watched(look.state_changed, lambda: (look.origin, look.text))
    bench.want("maps", "filters", "prediction")
    bench.wait(qtbot)
    bench.editor.set_fields(("conv-1",), "kernel_size", (99, 99))
    bench.wait(qtbot)
    bench.editor.undo()
    bench.settings.set("learning_rate", 0.5)
    bench.settings.set("seed", 7)
    bench.wait(qtbot)
    bench.adopt()
    bench.wait(qtbot)
    assert bench.run.start()
    qtbot.waitUntil(lambda: look.origin == "live", timeout=WAIT)
    bench.run.pause()
    bench.run.stop()
    qtbot.waitUntil(lambda: not bench.run.active, timeout=WAIT)
    bench.wait(qtbot)
    watched.check()


def test_a_new_epoch_alone_does_not_have_the_views_drawn_twice(
    qtbot: QtBot, make: Callable[..., LookBench]
) -> None:
    """Each live result is drawn as it comes; `state_changed`, which draws all views anew, names no epoch."""
    bench = make(epochs=10_000)
    bench.want("maps", "filters", "prediction")
    assert bench.run.start()
    qtbot.waitUntil(lambda: bench.look.origin == "live", timeout=WAIT)
    qtbot.wait(100)  # the signals of the first result are staggered
    first, emitted = bench.look.result, list[str]()
    assert first is not None
    bench.look.state_changed.connect(lambda: emitted.append(bench.look.text))
    qtbot.waitUntil(lambda: (bench.look.result or first).epoch > first.epoch, timeout=WAIT)
    qtbot.wait(100)
    assert emitted == []
    bench.run.stop()
    qtbot.waitUntil(lambda: not bench.run.active, timeout=WAIT)


def test_probing_does_not_change_training(qtbot: QtBot, make: Callable[..., LookBench]) -> None:
    bench = make(epochs=1, learning_rate=3e-3)
    bench.want("maps", "filters", "prediction", "stack", "evaluation")
    bench.run.start()
    qtbot.waitUntil(
        lambda: bench.run.state == "idle" and bench.run.weights_cache.weights is not None, timeout=WAIT
    )
    weights = bench.run.weights_cache.weights
    assert weights is not None
    for name, expected in learned().weights.items():
        assert torch.equal(weights[name], expected), name


def test_an_image_that_does_not_fit_the_network_is_reported(
    qtbot: QtBot, make: Callable[..., LookBench]
) -> None:
    two_channels = msgspec.structs.replace(preset("tiny-cnn").network.input, channels=2)
    bench = make(msgspec.structs.replace(preset("tiny-cnn").network, input=two_channels))
    bench.want("maps")
    bench.wait(qtbot)
    assert bench.look.maps is None
    assert "must have 1 channel" in bench.look.problem
    assert "it has 2" in bench.look.problem


def test_view_models_of_looking_import_no_torch() -> None:
    names = [name for name in sys.modules if name.startswith("cnnplay.ui.") and ".views" not in name]
    assert "cnnplay.ui.look.look" in names
    for name in names:
        assert "torch" not in vars(sys.modules[name]), name


def test_a_run_is_probed_five_times_a_second_and_at_once_for_a_new_request() -> None:
    result, box, now = learned(), Mailbox(), [0.0]
    assert result.facts is not None
    module = build(preset("tiny-cnn").network)
    prepared = SimpleNamespace(preprocessing=result.facts.preprocessing)
    seen: Any = SimpleNamespace(module=module, step=1, epoch=1, prepared=prepared, validation=None)
    live = LiveProbe(box, lambda: 0.2, clock=lambda: now[0])

    def looks(until: float) -> int:
        count = 0
        while now[0] < until:
            live.observe(seen)
            count += "probe" in box.drain().latest
            now[0] += 0.01
        return count

    assert looks(1.0) == 0
    live.request = ProbeRequest(parts=frozenset({"filters"}))
    assert looks(2.995) in (9, 10)
    live.request = ProbeRequest(parts=frozenset({"filters"}), selected="conv-2")
    assert looks(now[0] + 0.015) == 1
    assert module.training


def test_the_receptive_field_of_a_chosen_pixel_is_the_shapes_one(qtbot: QtBot, trained: LookBench) -> None:
    trained.want("maps")
    trained.editor.select(("conv-2",))
    trained.wait(qtbot)
    focus = trained.look.focus
    # 3 × 3, pooled 2 × 2, 3 × 3: 3 + 1 + 2·2 = 8 pixels, moving by 2; padded by 1 before and by 2 behind.
    assert focus.field_size() == (8, 8)
    assert focus.window(0, 0) == (0, 0, 5, 5)
    assert focus.window(5, 6) == (7, 9, 15, 17)
    assert focus.pixel == (7, 7)
    focus.select_pixel(3, 20)
    assert focus.pixel == (3, 13)


def test_images_in_files_are_read_in_the_worker_thread(
    qtbot: QtBot, make: Callable[..., LookBench], tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    for name, level in (("dark", 30), ("light", 220)):
        (tmp_path / name).mkdir()
        for number in range(8):
            size = (40 + 8 * number, 60, 3)
            pixels = np.clip(level + rng.integers(-20, 20, size), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / name / f"{number}.png")
    bench = make()
    bench.data.use(load_folder(tmp_path, memory=0))
    bench.want("maps")
    bench.wait(qtbot)
    choice = bench.look.image_choice
    assert choice.image is not None
    assert choice.image.index == choice.samples[0]
    assert bench.look.maps is not None
    first = choice.thumbnails(choice.samples)
    assert first.shape == (len(choice.samples), 56, 56, 3)
    with qtbot.waitSignal(choice.thumbnails_changed, timeout=WAIT):
        bench.look.refresh()
    second = choice.thumbnails(choice.samples)
    images = bench.data.images
    assert images is not None
    for index, thumbnail in zip(choice.samples, second, strict=True):
        middle = thumbnail[28, 28].astype(int).mean()
        assert abs(middle - (30, 220)[int(images.labels[index])]) < 25
    (tmp_path / "dark" / "0.png").unlink()
    gone = next(i for i in range(len(images)) if images.labels[i] == 0)
    with qtbot.waitSignal(choice.failed, timeout=WAIT) as failed:
        bench.look.choose(gone)
    assert failed.args is not None
    assert "no such file" in failed.args[0]


def test_weights_that_do_not_fit_in_memory_are_not_initialized_for_a_probe(
    qtbot: QtBot, make: Callable[..., LookBench], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cnnplay.data.memory.available_bytes", lambda: 100_000_000)
    bench = make(preset("vgg-16").network)
    bench.want("maps")
    bench.look.build_anyway()
    bench.wait(qtbot)
    assert "138,357,544 weights" in bench.look.text
    assert "do not fit" in bench.look.text


def test_trained_classes_keep_their_names_on_another_data_set(
    qtbot: QtBot, trained: LookBench, tmp_path: Path
) -> None:
    trained.want("prediction")
    trained.wait(qtbot)
    for name in ("astronaut", "coffee"):
        (tmp_path / name).mkdir()
        for number in range(3):
            Image.new("L", (28, 28), 60 * number).save(tmp_path / name / f"{number}.png")
    trained.data.use(load_folder(tmp_path))
    trained.wait(qtbot)
    prediction = trained.look.prediction
    assert prediction is not None
    assert prediction.name(9) == "9"
    assert prediction.truth is None, "no digit is an astronaut"


def opened_hint(qtbot: QtBot, bench: LookBench, path: Path) -> str:
    bench.want("prediction")
    with qtbot.waitSignal(bench.look.image_choice.changed, timeout=WAIT):
        bench.look.open_file(path)
    bench.wait(qtbot)
    return bench.look.image_hint


def test_an_opened_image_of_inverted_polarity_gets_a_hint_until_it_is_inverted(
    qtbot: QtBot, trained: LookBench, tmp_path: Path
) -> None:
    digit = digits().image(700)[:, :, 0]
    Image.fromarray(255 - digit).save(tmp_path / "paper.png")
    assert "mostly dark" in opened_hint(qtbot, trained, tmp_path / "paper.png")
    trained.look.image_choice.set_inverted(True)
    trained.wait(qtbot)
    assert trained.look.image_hint == ""
    Image.fromarray(digit).save(tmp_path / "digit.png")
    assert opened_hint(qtbot, trained, tmp_path / "digit.png") == ""


def test_an_untrained_network_expects_no_polarity(
    qtbot: QtBot, make: Callable[..., LookBench], tmp_path: Path
) -> None:
    Image.fromarray(255 - digits().image(700)[:, :, 0]).save(tmp_path / "paper.png")
    assert opened_hint(qtbot, make(), tmp_path / "paper.png") == ""


def test_an_opened_image_that_is_squashed_says_so(
    qtbot: QtBot, make: Callable[..., LookBench], tmp_path: Path
) -> None:
    Image.new("L", (60, 30)).save(tmp_path / "wide.png")
    bench = make()
    assert "30 × 60 becomes 28 × 28" in opened_hint(qtbot, bench, tmp_path / "wide.png")
    bench.look.choose(0)
    bench.wait(qtbot)
    assert bench.look.image_hint == ""


def test_an_evaluation_of_inverted_images_says_so(qtbot: QtBot, trained: LookBench, tmp_path: Path) -> None:
    trained.want("evaluation")
    trained.wait(qtbot)
    assert trained.look.evaluation.hint == ""
    for label in range(10):
        (tmp_path / str(label)).mkdir()
        for number in range(4):
            inverted = 255 - digits().image(500 * label + number)[:, :, 0]
            Image.fromarray(inverted).save(tmp_path / str(label) / f"{number}.png")
    trained.data.use(load_folder(tmp_path))
    trained.wait(qtbot)
    assert "trained on mostly dark images" in trained.look.evaluation.hint


def test_an_evaluation_goes_with_the_network_and_the_weights_that_it_is_of(
    qtbot: QtBot, trained: LookBench
) -> None:
    trained.want("evaluation")
    trained.wait(qtbot)
    look = trained.look
    assert look.evaluation.result is not None
    look.want("evaluation", trained, False)
    trained.editor.apply(edits.remove(trained.editor.network, ["flatten-1"]))
    trained.wait(qtbot)
    assert look.evaluation.result is None, "the network on screen has a problem"
    trained.editor.undo()
    trained.want("evaluation")
    qtbot.waitUntil(lambda: look.evaluation.result is not None, timeout=WAIT)
    other = Trained(replace(learned_weights(), last=dict(learned_weights().last)))
    look.want("evaluation", trained, False)
    trained.run.adopt(other)
    trained.wait(qtbot)
    assert look.evaluation.result is None, "these are other weights"


def test_the_last_evaluation_of_a_run_stays_after_it_until_another_network_comes(
    qtbot: QtBot, make: Callable[..., LookBench]
) -> None:
    bench = make(epochs=1)
    bench.run.start()
    qtbot.waitUntil(lambda: bench.run.state == "idle", timeout=WAIT)
    bench.wait(qtbot)
    assert bench.look.evaluation.result is not None
    bench.editor.load_preset("mlp")
    bench.wait(qtbot)
    assert bench.look.evaluation.result is None


def test_the_stack_says_why_a_trained_network_has_no_prediction_there(
    qtbot: QtBot, trained: LookBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = StackModel(trained.editor)
    results = StackResults(trained.look, stack)
    stack.set_shown(results, True)
    trained.wait(qtbot)
    assert stack.prediction is not None
    trained.editor.apply(edits.insert(trained.editor.network, Place("", 0, 2), Convolution(filters=8)))
    trained.wait(qtbot)
    assert stack.prediction is None
    assert "edited" in stack.prediction_caption
    trained.editor.undo()
    monkeypatch.setattr("cnnplay.ui.look.probe_target.LARGE_FOR_STACK", 10)
    trained.look.refresh()
    trained.wait(qtbot)
    assert "Look inside" in stack.prediction_caption
    trained.run.forget()
    trained.wait(qtbot)
    assert stack.prediction_caption.startswith("train to see")
