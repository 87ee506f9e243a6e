"""The preview of augmentation: the engine's own pictures, worked out only while somebody watches."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch  # noqa: F401 - the window imports it before anything is drawn
from pytestqt.qtbot import QtBot

from cnnplay.training.augmentation import mixture
from cnnplay.ui.data.data import DataModel
from cnnplay.ui.train.augmentation import FAULTS, NO_DATA, AugmentationModel, Drawn
from tests.train_bench import WAIT, Bench, bench


@pytest.fixture
def one() -> Iterator[Bench]:
    with bench() as made:
        yield made


@pytest.fixture
def model(one: Bench) -> Iterator[AugmentationModel]:
    made = AugmentationModel(one.editor, one.settings, one.data)
    yield made
    made.shutdown()


def drawn(qtbot: QtBot, model: AugmentationModel) -> Drawn:
    """What comes next."""
    before = model.drawn
    qtbot.waitUntil(lambda: model.drawn is not None and model.drawn is not before, timeout=WAIT)
    assert model.drawn is not None
    return model.drawn


def test_with_all_off_the_network_sees_the_pictures_as_they_are(
    qtbot: QtBot, model: AugmentationModel
) -> None:
    model.watch(True)
    found = drawn(qtbot, model)
    assert found.foot == "all off: as they are"
    assert len(found.samples) == 16
    assert all(np.array_equal(sample.before, sample.after) for sample in found.samples)
    assert {sample.label for sample in found.samples} == {"dark", "light"}


def test_an_edit_and_another_draw_give_other_pictures(
    qtbot: QtBot, model: AugmentationModel, one: Bench
) -> None:
    model.watch(True)
    plain = drawn(qtbot, model)
    one.settings.set("shift", 3)
    shifted = drawn(qtbot, model)
    assert any(not np.array_equal(sample.before, sample.after) for sample in shifted.samples)
    model.another()
    other = drawn(qtbot, model)
    for first, second, third in zip(plain.samples, shifted.samples, other.samples, strict=True):
        assert np.array_equal(first.before, second.before)
        assert np.array_equal(first.before, third.before)
    assert any(
        not np.array_equal(first.after, second.after)
        for first, second in zip(shifted.samples, other.samples, strict=True)
    )


def test_mixup_names_what_each_picture_is_mixed_with(
    qtbot: QtBot, model: AugmentationModel, one: Bench
) -> None:
    one.settings.set("mixup", 0.4)
    model.watch(True)
    found = drawn(qtbot, model)
    kept, others = mixture(16, 0.4, one.settings.config.seed, 0)
    assert found.kept == kept
    names = [sample.label for sample in found.samples]
    assert [sample.mixed for sample in found.samples] == [names[other] for other in others]
    assert found.words(0) == f"{names[0]}, mixed with {names[others[0]]}, λ {kept:.2f}"
    assert found.foot == f"λ {kept:.2f}"


def test_other_settings_draw_nothing_anew(qtbot: QtBot, model: AugmentationModel, one: Bench) -> None:
    model.watch(True)
    before = drawn(qtbot, model)
    one.settings.set("epochs", 7)
    model._ask()
    assert model._tasks.idle
    assert model.drawn is before


def test_nothing_is_worked_out_while_nobody_watches(model: AugmentationModel, one: Bench) -> None:
    one.settings.set("shift", 1)
    model.another()
    assert model._tasks.idle
    assert not model._timer.isActive()
    assert model.drawn is None


def test_what_is_lacking_is_said(qtbot: QtBot, model: AugmentationModel, one: Bench) -> None:
    one.settings.set("shift", -1)
    model.watch(True)
    assert model.words == FAULTS
    one.settings.set("shift", 1)
    drawn(qtbot, model)
    assert model.words == ""
    empty = AugmentationModel(one.editor, one.settings, DataModel())
    empty.watch(True)
    assert empty.words == NO_DATA
