"""The augmentation preview: the engine's own images, computed only while a view is visible."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch  # noqa: F401 - the window imports it before anything is drawn
from pytestqt.qtbot import QtBot

from cnnplay.training.augmentation import mixup_pairs
from cnnplay.ui.data.data import DataModel
from cnnplay.ui.kit.background import close_jobs
from cnnplay.ui.train.augmentation import NO_DATA, SETTINGS_PROBLEMS, AugmentationModel, DrawnSamples
from tests.train_bench import WAIT, Bench, bench


@pytest.fixture
def one() -> Iterator[Bench]:
    with bench() as made:
        yield made


@pytest.fixture
def model(one: Bench) -> Iterator[AugmentationModel]:
    made = AugmentationModel(one.editor, one.settings, one.data)
    yield made
    close_jobs(made)


def drawn(qtbot: QtBot, model: AugmentationModel) -> DrawnSamples:
    """Waits for the next draw."""
    before = model.drawn
    qtbot.waitUntil(lambda: model.drawn is not None and model.drawn is not before, timeout=WAIT)
    assert model.drawn is not None
    return model.drawn


def test_without_augmentation_the_network_sees_unchanged_images(
    qtbot: QtBot, model: AugmentationModel
) -> None:
    model.watch(True)
    found = drawn(qtbot, model)
    assert "off" in found.footer
    assert len(found.samples) == 16
    assert all(np.array_equal(sample.before, sample.after) for sample in found.samples)
    assert {sample.label for sample in found.samples} == {"dark", "light"}


def test_an_edit_and_resampling_give_other_images(qtbot: QtBot, model: AugmentationModel, one: Bench) -> None:
    model.watch(True)
    plain = drawn(qtbot, model)
    one.settings.set("shift", 3)
    shifted = drawn(qtbot, model)
    assert any(not np.array_equal(sample.before, sample.after) for sample in shifted.samples)
    model.resample()
    other = drawn(qtbot, model)
    for first, second, third in zip(plain.samples, shifted.samples, other.samples, strict=True):
        assert np.array_equal(first.before, second.before)
        assert np.array_equal(first.before, third.before)
    assert any(
        not np.array_equal(first.after, second.after)
        for first, second in zip(shifted.samples, other.samples, strict=True)
    )


def test_mixup_names_the_class_that_each_image_is_mixed_with(
    qtbot: QtBot, model: AugmentationModel, one: Bench
) -> None:
    one.settings.set("mixup", 0.4)
    model.watch(True)
    found = drawn(qtbot, model)
    kept, others = mixup_pairs(16, 0.4, one.settings.config.seed, 0)
    assert found.lam == kept
    names = [sample.label for sample in found.samples]
    assert [sample.mixed for sample in found.samples] == [names[other] for other in others]
    assert found.text(0) == f"{names[0]}, mixed with {names[others[0]]}, λ {kept:.2f}"
    assert found.footer == f"λ {kept:.2f}"


def test_other_settings_do_not_redraw(qtbot: QtBot, model: AugmentationModel, one: Bench) -> None:
    model.watch(True)
    before = drawn(qtbot, model)
    one.settings.set("epochs", 7)
    model._ask()
    assert model._jobs.idle
    assert model.drawn is before


def test_nothing_is_computed_while_no_view_is_visible(model: AugmentationModel, one: Bench) -> None:
    one.settings.set("shift", 1)
    model.resample()
    assert model._jobs.idle
    assert not model._timer.isActive()
    assert model.drawn is None


def test_missing_data_and_problems_are_named(qtbot: QtBot, model: AugmentationModel, one: Bench) -> None:
    one.settings.set("shift", -1)
    model.watch(True)
    assert model.text == SETTINGS_PROBLEMS
    one.settings.set("shift", 1)
    drawn(qtbot, model)
    assert model.text == ""
    empty = AugmentationModel(one.editor, one.settings, DataModel())
    empty.watch(True)
    assert empty.text == NO_DATA
