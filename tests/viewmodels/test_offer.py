"""The question that a large network and small pictures raise, and its two answers."""

import msgspec
import pytest

from cnnplay.network.edits import set_task
from cnnplay.network.presets import preset
from cnnplay.shapes.infer import infer

from .conftest import Quiet


@pytest.mark.parametrize("key", ["alexnet", "vgg-16", "resnet-18", "resnet-34"])
def test_a_large_preset_is_asked_about(quiet: Quiet, key: str) -> None:
    offer = quiet.session.offer
    assert not offer.open
    quiet.session.editor.load_preset(key)
    assert [option.fit for option in offer.options] == ["stem", "resize"]
    assert "MNIST sample has 1 × 28 × 28 and 10" in offer.question


@pytest.mark.parametrize("key", ["lenet-5", "tiny-cnn", "mini-resnet", "mlp"])
def test_a_small_preset_is_not(quiet: Quiet, key: str) -> None:
    quiet.session.editor.load_preset(key)
    assert not quiet.session.offer.open


@pytest.mark.parametrize(("fit", "shape"), [("stem", (1, 28, 28)), ("resize", (3, 224, 224))])
def test_either_answer_makes_it_trainable_in_one_step_of_undo(
    quiet: Quiet, fit: str, shape: tuple[int, int, int]
) -> None:
    session = quiet.session
    session.editor.load_preset("resnet-18")
    session.offer.accept(fit)  # type: ignore[arg-type]
    assert not session.offer.open
    network = session.editor.network
    assert network.input.shape == shape
    assert network.task.classes == 10
    assert infer(network).valid
    assert session.settings.config.fit == fit
    assert session.run.why_not("train") == ""
    session.editor.undo()
    assert session.editor.network == preset("resnet-18").network


def test_both_answers_come_with_their_forecasts(quiet: Quiet) -> None:
    session = quiet.session
    session.editor.load_preset("resnet-18")
    assert [option.cost for option in session.offer.options] == ["", ""]
    session.offer.shutdown()
    costs = [option.cost for option in session.offer.options]
    assert all(costs)
    assert costs[0] != costs[1]


def test_leaving_it_closes_the_question_and_the_preset_asks_anew_when_it_is_opened_again(
    quiet: Quiet,
) -> None:
    session = quiet.session
    session.editor.load_preset("resnet-18")
    session.offer.dismiss()
    assert not session.offer.open
    session.editor.load_preset("lenet-5")
    session.editor.load_preset("resnet-18")
    assert session.offer.open


def test_an_edit_closes_a_question_that_was_about_another_network(quiet: Quiet) -> None:
    session = quiet.session
    session.editor.load_preset("resnet-18")
    session.editor.set_input(channels=1)
    assert not session.offer.open


def test_the_classes_of_new_pictures_are_taken_over_visibly(quiet: Quiet) -> None:
    session = quiet.session
    images = session.data.images
    assert images is not None
    task = msgspec.structs.replace(session.editor.network.task, classes=3)
    session.editor.apply(set_task(session.editor.network, task))
    session.data.use(images)
    assert session.editor.network.task.classes == 10
    assert session.editor.report.valid
    assert "10" in quiet.said[-1]
    session.editor.undo()
    assert session.editor.network.task.classes == 3
