"""The offer to fit network and data to each other: a large network and small images, and its two options."""

from pathlib import Path

import msgspec
import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from cnnplay.network.edits import set_task
from cnnplay.network.presets import preset
from cnnplay.shapes.infer import infer
from cnnplay.ui.kit.background import finish_jobs
from tests.ui.conftest import Quiet


@pytest.mark.parametrize("key", ["alexnet", "vgg-16", "resnet-18", "resnet-34"])
def test_a_large_preset_is_asked_about(quiet: Quiet, key: str) -> None:
    offer = quiet.session.fit_offer
    assert not offer.open
    quiet.session.editor.load_preset(key)
    assert [option.fit for option in offer.options] == ["stem", "resize"]
    assert "MNIST sample has 1 × 28 × 28 and 10 classes" in offer.question


@pytest.mark.parametrize("key", ["lenet-5", "tiny-cnn", "mini-resnet", "mlp"])
def test_a_small_preset_is_not(quiet: Quiet, key: str) -> None:
    quiet.session.editor.load_preset(key)
    assert not quiet.session.fit_offer.open


@pytest.mark.parametrize(("fit", "shape"), [("stem", (1, 28, 28)), ("resize", (3, 224, 224))])
def test_either_answer_makes_it_trainable_in_one_step_of_undo(
    quiet: Quiet, fit: str, shape: tuple[int, int, int]
) -> None:
    session = quiet.session
    session.editor.load_preset("resnet-18")
    session.fit_offer.accept(fit)  # type: ignore[arg-type]
    assert not session.fit_offer.open
    network = session.editor.network
    assert network.input.shape == shape
    assert network.task.classes == 10
    assert infer(network).valid
    assert session.settings.config.fit == fit
    assert session.run.disabled_reason("train") == ""
    session.editor.undo()
    assert session.editor.network == preset("resnet-18").network


def test_both_options_come_with_estimates(quiet: Quiet) -> None:
    session = quiet.session
    session.editor.load_preset("resnet-18")
    assert [option.cost for option in session.fit_offer.options] == ["", ""]
    finish_jobs(session.fit_offer)
    costs = [option.cost for option in session.fit_offer.options]
    assert all(costs)
    assert costs[0] != costs[1]


def test_during_a_run_only_their_memory_is_estimated(quiet: Quiet, qtbot: QtBot) -> None:
    session = quiet.session
    session.settings.set("epochs", 1000)
    assert session.run.start()
    session.editor.load_preset("resnet-18")
    qtbot.waitUntil(lambda: all(option.cost for option in session.fit_offer.options), timeout=20_000)
    assert session.run.active
    for option in session.fit_offer.options:
        assert "of memory" in option.cost
        assert "epoch" not in option.cost


def test_leaving_it_closes_the_question_and_the_preset_asks_anew_when_it_is_opened_again(
    quiet: Quiet,
) -> None:
    session = quiet.session
    session.editor.load_preset("resnet-18")
    session.fit_offer.dismiss()
    assert not session.fit_offer.open
    session.editor.load_preset("lenet-5")
    session.editor.load_preset("resnet-18")
    assert session.fit_offer.open


def test_an_edit_closes_a_question_that_was_about_another_network(quiet: Quiet) -> None:
    session = quiet.session
    session.editor.load_preset("resnet-18")
    session.editor.set_input(channels=1)
    assert not session.fit_offer.open


def test_the_number_of_classes_of_new_data_is_applied_visibly(quiet: Quiet) -> None:
    session = quiet.session
    images = session.data.images
    assert images is not None
    task = msgspec.structs.replace(session.editor.network.task, classes=3)
    session.editor.apply(set_task(session.editor.network, task))
    session.data.use(images)
    assert session.editor.network.task.classes == 10
    assert session.editor.report.valid
    assert "10" in quiet.messages[-1]
    session.editor.undo()
    assert session.editor.network.task.classes == 3


@pytest.mark.parametrize(("fit", "shape"), [("stem", (1, 28, 28)), ("resize", (1, 32, 32))])
def test_a_small_difference_is_asked_about_on_request(
    quiet: Quiet, fit: str, shape: tuple[int, int, int]
) -> None:
    session = quiet.session
    assert session.editor.network == preset("lenet-5").network
    assert session.fit_offer.disabled_reason() == ""
    session.fit_offer.ask()
    assert [option.title for option in session.fit_offer.options] == [
        "Fit the network to the data",
        "Resize the images",
    ]
    session.fit_offer.accept(fit)  # type: ignore[arg-type]
    assert session.editor.network.input.shape == shape
    assert session.editor.report.valid
    assert session.settings.config.fit == fit
    assert session.run.disabled_reason("train") == ""
    if fit == "stem":
        assert "already fits" in session.fit_offer.disabled_reason()
        session.editor.undo()
    assert session.editor.network == preset("lenet-5").network
    assert not session.editor.undo_stack.canUndo()


def test_only_the_classes_differ_and_only_the_last_layer_is_offered(quiet: Quiet) -> None:
    session = quiet.session
    session.fit_offer.ask()
    session.fit_offer.accept("stem")
    session.editor.set_classes(3)
    session.fit_offer.ask()
    assert [option.fit for option in session.fit_offer.options] == ["resize"]
    session.fit_offer.accept("resize")
    assert session.editor.network.task.classes == 10
    assert session.editor.network.input.shape == (1, 28, 28)


def mixed(root: Path) -> Path:
    """A folder of two classes with color images of many sizes."""
    for name in ("cat", "dog"):
        (root / name).mkdir(parents=True)
        for number in range(6):
            Image.new("RGB", (40 + 7 * number, 50 + 3 * number), (9 * number, 90, 200)).save(
                root / name / f"{number}.png"
            )
    return root


def test_with_images_of_mixed_sizes_you_can_choose_the_size(
    quiet: Quiet, qtbot: QtBot, tmp_path: Path
) -> None:
    session = quiet.session
    session.editor.load_preset("resnet-18")
    before = session.editor.network
    session.data.choose_folder(mixed(tmp_path / "pets"))
    qtbot.waitUntil(lambda: session.data.state == "ready", timeout=20_000)
    assert session.fit_offer.open, "usually 58 × 58: far smaller than 224 × 224"
    assert "mixed sizes, usually 58 × 58" in session.fit_offer.question
    assert session.fit_offer.size == (56, 56)
    assert "must be 1 to 8,192; got 0 × 48" in session.fit_offer.set_size(0, 48)
    assert session.fit_offer.set_size(48, 56) == ""
    qtbot.waitUntil(lambda: all(option.cost for option in session.fit_offer.options), timeout=20_000)
    session.fit_offer.accept("stem")
    assert session.editor.network.input.shape == (3, 48, 56)
    assert session.editor.network.task.classes == 2
    assert session.editor.report.valid
    assert session.fit_offer.size is None
    session.editor.undo()
    assert session.editor.network == before


def test_without_layers_there_is_a_reason(quiet: Quiet) -> None:
    session = quiet.session
    session.editor.select_all()
    session.editor.remove_selected()
    assert "empty" in session.fit_offer.disabled_reason()
    session.fit_offer.ask()
    assert not session.fit_offer.open


def pictures_in(path: Path, size: int, mode: str, classes: int = 3) -> Path:
    for number in range(classes):
        (path / f"c{number}").mkdir(parents=True)
        for index in range(5):
            picture = Image.new("RGB", (size, size), (200, 40 * number, 10 * index))
            picture.convert(mode).save(path / f"c{number}" / f"{index}.png")
    return path


def test_a_preset_takes_the_number_of_classes_of_the_data_and_undo_restores_it(
    quiet: Quiet, qtbot: QtBot, tmp_path: Path
) -> None:
    session = quiet.session
    with qtbot.waitSignal(session.data.changed, timeout=20_000):
        session.data.choose_folder(pictures_in(tmp_path, 32, "L"))
    session.editor.load_preset("tiny-cnn")
    assert not session.fit_offer.open
    assert session.editor.network.task.classes == 3
    assert session.run.disabled_reason("train") == ""
    session.editor.undo()
    assert session.editor.network == preset("tiny-cnn").network
    assert "3" in session.run.disabled_reason("train")


def test_undo_goes_all_the_way_back_past_opened_presets(quiet: Quiet, qtbot: QtBot, tmp_path: Path) -> None:
    session, stack = quiet.session, quiet.session.editor.undo_stack
    with qtbot.waitSignal(session.data.changed, timeout=20_000):
        session.data.choose_folder(pictures_in(tmp_path, 32, "L", classes=2))
    session.editor.load_preset("tiny-cnn")
    session.editor.load_preset("mlp")
    count = stack.count()
    assert count == 5, "two presets, and three changes of classes"
    for index in range(count - 1, -1, -1):
        session.editor.undo()
        assert stack.index() == index
    assert session.editor.network == preset("lenet-5").network
    for index in range(1, count + 1):
        session.editor.redo()
        assert (stack.index(), stack.count()) == (index, count)


def test_color_images_and_a_grayscale_network_are_asked_about(
    quiet: Quiet, qtbot: QtBot, tmp_path: Path
) -> None:
    session = quiet.session
    with qtbot.waitSignal(session.data.changed, timeout=20_000):
        session.data.choose_folder(pictures_in(tmp_path, 32, "RGB"))
    assert session.fit_offer.open, "color would be lost silently"
    session.fit_offer.accept("stem")
    assert session.editor.network.input.shape == (3, 32, 32)
    assert session.editor.network.task.classes == 3
    assert session.run.disabled_reason("train") == ""


def test_color_images_of_mixed_sizes_do_not_become_small_and_gray_without_a_word(
    quiet: Quiet, qtbot: QtBot, tmp_path: Path
) -> None:
    session = quiet.session
    session.data.choose_folder(mixed(tmp_path / "pets"))
    qtbot.waitUntil(lambda: session.data.state == "ready", timeout=20_000)
    assert session.editor.network == preset("lenet-5").network
    assert session.fit_offer.open
    assert session.fit_offer.size == (56, 56)
    stem, resize = session.fit_offer.options
    assert (stem.fit, resize.fit) == ("stem", "resize")
    assert "lose their color" in resize.text
    session.fit_offer.accept("stem")
    assert session.editor.network.input.shape == (3, 56, 56)
    assert session.run.disabled_reason("train") == ""


def test_large_gray_images_are_offered_a_size_that_can_be_changed(
    quiet: Quiet, qtbot: QtBot, tmp_path: Path
) -> None:
    session = quiet.session
    session.data.choose_folder(pictures_in(tmp_path, 200, "L"))
    qtbot.waitUntil(lambda: session.data.state == "ready", timeout=20_000)
    assert session.fit_offer.open
    assert session.fit_offer.size == (64, 64)
    assert session.fit_offer.set_size(96, 96) == ""
    session.fit_offer.accept("stem")
    assert session.editor.network.input.shape == (1, 96, 96)


def test_squashed_images_are_told_where_nothing_is_asked(quiet: Quiet, qtbot: QtBot, tmp_path: Path) -> None:
    session = quiet.session
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        for number in range(4):
            Image.new("L", (40, 30), 50 * number).save(tmp_path / name / f"{number}.png")
    session.data.choose_folder(tmp_path)
    qtbot.waitUntil(lambda: session.data.state == "ready", timeout=20_000)
    assert not session.fit_offer.open
    assert "aspect ratio (usually 30 × 40)" in quiet.messages[-1]


def test_a_network_is_not_asked_about_the_images_that_it_was_trained_on(
    quiet: Quiet, qtbot: QtBot, tmp_path: Path
) -> None:
    session = quiet.session
    session.data.choose_folder(mixed(tmp_path / "pets"))
    qtbot.waitUntil(lambda: session.data.state == "ready", timeout=20_000)
    session.fit_offer.accept("resize")
    session.settings.set("epochs", 1)
    assert session.run.start()
    qtbot.waitUntil(lambda: not session.run.active, timeout=60_000)
    with qtbot.waitSignal(session.data.changed, timeout=20_000):
        session.data.choose_folder(tmp_path / "pets")
    assert not session.fit_offer.open
