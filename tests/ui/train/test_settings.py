"""The settings' model: its values, their problems, what may change during a run."""

import pytest
from pytestqt.qtbot import QtBot

from cnnplay.spec.settings import TrainConfig, setting_fields
from cnnplay.ui.train.settings import SettingsModel, value_text


def test_a_change_is_signaled_once_and_the_same_value_not_at_all(qtbot: QtBot) -> None:
    settings = SettingsModel()
    with qtbot.waitSignal(settings.changed):
        settings.set("epochs", 3)
    with qtbot.assertNotEmitted(settings.changed):
        settings.set("epochs", 3)
    assert settings.config == TrainConfig(epochs=3)


def test_a_value_outside_its_limits_is_held_and_named(qtbot: QtBot) -> None:
    settings = SettingsModel()
    settings.set("learning_rate", 0.0)
    assert settings.problem_of("learning_rate") == "learning rate must be more than 0; got 0"
    assert settings.problem_of("epochs") == ""
    settings.set("learning_rate", 0.1)
    assert settings.problems == ()


def test_during_a_run_what_acts_between_two_batches_is_free(qtbot: QtBot) -> None:
    settings = SettingsModel(TrainConfig(optimizer="momentum", schedule="step"))
    fixed = {field.name for field in settings.fields if settings.locked_reason(field.name, running=True)}
    assert fixed == {
        "batch_size",
        "optimizer",
        "seed",
        "averaging",
        "loss",
        "class_balance",
        "initialisation",
    }
    assert not any(settings.locked_reason(field.name, running=False) for field in settings.fields)


def test_momentum_says_which_optimizers_use_it(qtbot: QtBot) -> None:
    settings = SettingsModel(TrainConfig(optimizer="adam"))
    assert "not used by adam" in settings.locked_reason("momentum", running=False)


def test_each_group_tells_what_differs_from_the_defaults() -> None:
    settings = SettingsModel(TrainConfig(shift=2, rotate=7.5, flip=True, loss="squared-error"))
    assert settings.differing("augmentation") == ("shift 2 px", "rotate 7.5°", "flip on")
    assert settings.differing("regularization") == ("loss squared-error",)
    assert settings.differing("basics") == settings.differing("schedule") == ()


def test_every_setting_is_in_one_group_and_its_problems_are_reported_there() -> None:
    settings = SettingsModel(TrainConfig(erase=2.0))
    shown = [field for group in settings.groups for field in settings.of_group(group)]
    assert sorted(field.name for field in shown) == sorted(field.name for field in settings.fields)
    assert settings.problems_in("augmentation") == ("erase must be at most 1; got 2",)
    assert settings.problems_in("basics") == ()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("warmup", 1.0, "1 epoch"),
        ("warmup", 1.5, "1.5 epochs"),
        ("step_every", 10, "10 epochs"),
        ("checkpoint_every", 1, "1 s"),
        ("batch_size", 2048, "2,048 images"),
        ("rotate", 10.0, "10°"),
    ],
)
def test_a_value_carries_its_unit_one_of_them_in_the_singular(name: str, value: object, words: str) -> None:
    field = next(field for field in setting_fields() if field.name == name)
    assert value_text(field, value) == words
