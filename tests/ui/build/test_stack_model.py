"""What all stack views share: collapsed containers, strips, the prediction."""

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from cnnplay.network.presets import preset
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.build.stack import Floats, StackModel


@pytest.fixture
def model(qapp: QApplication) -> StackModel:
    return StackModel(EditorModel(preset("mini-resnet").network))


def maps() -> Floats:
    return np.zeros((6, 10, 10), np.float32)


def test_collapsing_a_container_selects_it_instead_of_what_it_hides(model: StackModel) -> None:
    model._editor.select(("conv-2",))
    model.set_collapsed("skip-1", True)
    assert model._editor.selected == ("skip-1",)
    assert model.is_collapsed("skip-1")


def test_selecting_a_hidden_layer_expands_what_hides_it(model: StackModel) -> None:
    model.collapse_all(True)
    assert model.collapsed == {"skip-1", "skip-2"}
    model._editor.select(("conv-2",))
    assert model.collapsed == {"skip-2"}


def test_collapsed_containers_stay_collapsed_through_edits_and_undo(model: StackModel) -> None:
    model.set_collapsed("skip-2", True)
    model._editor.select(("skip-2",))
    model._editor.remove_selected()
    model._editor.undo()
    assert model.is_collapsed("skip-2")


def test_a_strip_changes_only_its_card_and_is_deleted_with_its_layer(model: StackModel) -> None:
    changed: list[str] = []
    model.strip_changed.connect(changed.append)
    model.set_strip("conv-1", maps())
    model.set_strip("gone-7", maps())
    assert changed == ["conv-1"]
    assert model.strip("gone-7") is None
    model._editor.select(("conv-1",))
    model._editor.remove_selected()
    assert model.strip("conv-1") is None


def test_a_prediction_that_keeps_its_rows_needs_no_new_layout(model: StackModel) -> None:
    layouts: list[int] = []
    model.layout_changed.connect(lambda: layouts.append(1))
    model.set_prediction([("5", 0.9), ("3", 0.1)])
    changes: list[int] = []
    model.io_changed.connect(lambda: changes.append(1))
    for _ in range(2):
        model.set_prediction([("7", 0.6), ("1", 0.4)])
    assert (len(layouts), len(changes)) == (1, 1)
    model.set_prediction(None)
    assert len(layouts) == 2
    assert "train" in model.prediction_caption


def test_another_document_starts_with_everything_open(model: StackModel) -> None:
    model.collapse_all(True)
    model.set_strip("conv-1", maps())
    model._editor.reset(preset("resnet-18").network)
    assert model.collapsed == frozenset()
    assert model.strip("conv-1") is None


def test_the_stack_is_shown_while_any_of_its_views_is_visible(model: StackModel) -> None:
    emitted: list[bool] = []
    model.shown_changed.connect(lambda: emitted.append(model.shown))
    first, second = object(), object()
    for viewer, on in ((first, True), (second, True), (first, False), (first, False), (second, False)):
        model.set_shown(viewer, on)
    assert emitted == [True, False]
