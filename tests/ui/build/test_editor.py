"""The edited network: every edit goes one way and comes back exactly."""

from collections.abc import Callable

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from cnnplay.network.codec import decode, encode
from cnnplay.network.edits import Edited
from cnnplay.network.network import Network, Place, find, ids, locate
from cnnplay.network.nodes import Branches, Convolution, Skip
from cnnplay.network.presets import preset
from cnnplay.ui.build import clipboard
from cnnplay.ui.build.disabled_reasons import ACTIONS
from cnnplay.ui.build.editor import EditorModel


@pytest.fixture
def editor(qapp: QApplication) -> EditorModel:
    return EditorModel(preset("mini-resnet").network)


@pytest.fixture
def messages(editor: EditorModel) -> list[str]:
    shown: list[str] = []
    editor.message.connect(shown.append)
    return shown


def names(network: Network) -> list[str]:
    return [node.id for node in network.stack]


EDITS: dict[str, Callable[[EditorModel], object]] = {
    "insert": lambda e: e.insert("dropout"),
    "insert into a body": lambda e: e.insert("relu", Place("skip-1", 0, 1)),
    "remove": lambda e: (e.select(("conv-2", "relu-1")), e.remove_selected()),
    "move": lambda e: e.move(("conv-1",), Place("", 0, 3)),
    "move into a skip": lambda e: e.move(("relu-1",), Place("skip-1", 0, 0)),
    "copy to": lambda e: e.copy_to(("skip-1",), Place("", 0, 0)),
    "duplicate": lambda e: (e.select(("skip-1",)), e.duplicate()),
    "wrap": lambda e: (e.select(("conv-1", "batch-norm-1")), e.wrap_selected()),
    "unwrap": lambda e: (e.select(("skip-1",)), e.unwrap()),
    "field": lambda e: e.set_fields(("conv-1",), "filters", 24),
    "fields": lambda e: e.set_fields(("conv-1", "conv-2"), "kernel_size", (5, 3)),
    "input": lambda e: e.set_input(height=48, width=40),
    "classes": lambda e: e.set_classes(7),
    "preset": lambda e: e.load_preset("lenet-5"),
    "step up": lambda e: (e.select(("conv-3",)), e.step_selected(down=False)),
    "step out": lambda e: (e.select(("conv-2",)), e.step_selected(down=False)),
}


@pytest.mark.parametrize("name", EDITS)
def test_undo_restores_the_network_exactly_and_redo_the_edit(editor: EditorModel, name: str) -> None:
    before = editor.network
    EDITS[name](editor)
    after = editor.network
    assert after != before
    assert editor.undo_stack.count() == 1
    editor.undo()
    assert editor.network is before
    assert editor.report.network is before
    editor.redo()
    assert editor.network is after


def test_an_edit_is_announced_once_with_the_new_report(editor: EditorModel) -> None:
    seen: list[tuple[Network, int]] = []
    editor.changed.connect(lambda: seen.append((editor.network, editor.report.parameters)))
    editor.set_fields(("conv-1",), "filters", 8)
    assert len(seen) == 1
    assert seen[0][0] is editor.network
    assert seen[0][1] != EditorModel(preset("mini-resnet").network).report.parameters


def test_an_edit_that_changes_nothing_is_no_step_of_undo(editor: EditorModel) -> None:
    assert not editor.set_fields(("conv-1",), "filters", 16)
    assert not editor.move(("conv-1",), Place("", 0, 0))
    assert editor.undo_stack.count() == 0


def test_quick_changes_of_one_field_are_one_step(editor: EditorModel) -> None:
    time = [0.0]
    editor.clock = lambda: time[0]
    for value in (1, 12, 128):
        editor.set_fields(("conv-1",), "filters", value)
        time[0] += 0.3
    assert editor.undo_stack.count() == 1
    editor.undo()
    assert find(editor.network, "conv-1") == find(preset("mini-resnet").network, "conv-1")


def test_slow_changes_and_other_fields_are_steps_of_their_own(editor: EditorModel) -> None:
    time = [0.0]
    editor.clock = lambda: time[0]
    editor.set_fields(("conv-1",), "filters", 20)
    time[0] += 10
    editor.set_fields(("conv-1",), "filters", 21)
    editor.set_fields(("conv-1",), "groups", 3)
    editor.set_fields(("conv-2",), "groups", 3)
    assert editor.undo_stack.count() == 4


def test_a_field_that_is_back_at_its_old_value_leaves_nothing_to_undo(editor: EditorModel) -> None:
    editor.set_fields(("conv-1",), "filters", 17)
    editor.set_fields(("conv-1",), "filters", 16)
    assert not editor.undo_stack.canUndo()
    assert editor.network == preset("mini-resnet").network


def test_a_value_outside_its_limits_is_kept_and_becomes_a_problem(editor: EditorModel) -> None:
    editor.set_fields(("conv-1",), "stride", (0, 0))
    problem = editor.report.problems_of("conv-1")[0]
    assert problem.field == "stride"
    assert editor.fix(problem)
    assert editor.report.valid


def test_a_value_of_the_wrong_type_is_refused_with_a_message(
    editor: EditorModel, messages: list[str]
) -> None:
    assert not editor.set_fields(("conv-1",), "filters", "many")
    assert "filters of conv-1" in messages[0]


def test_a_new_layer_goes_after_the_current_one_and_is_selected(editor: EditorModel) -> None:
    editor.select(("conv-1",))
    editor.insert("relu")
    new = names(editor.network)[1]
    assert new.startswith("relu-")
    assert editor.selected == (new,)
    editor.select_input()
    editor.insert("dropout")
    assert names(editor.network)[0].startswith("dropout")
    editor.select(())
    editor.insert("relu")
    assert names(editor.network)[-1].startswith("relu")


def test_the_next_layer_goes_into_the_selected_empty_branch(editor: EditorModel) -> None:
    editor.insert("branches", Place("", 0, 0))
    holder = editor.current
    editor.add_branch()
    place = editor.place
    assert place is not None
    assert place.parent == holder
    editor.insert("relu")
    node = find(editor.network, holder)
    assert isinstance(node, Branches)
    assert node.branches[-1][0].id == editor.current
    assert editor.place is None


def test_ids_of_trained_weights_are_not_given_again(editor: EditorModel) -> None:
    editor.reserved_ids = lambda: frozenset({"conv-40"})
    editor.insert("conv", Place("", 0, 0))
    assert editor.selected == ("conv-41",)
    editor.select(("conv-1",))
    editor.duplicate()
    assert editor.current == "conv-42"


def test_after_a_deletion_the_neighbor_is_selected(editor: EditorModel) -> None:
    order = names(editor.network)
    editor.select((order[0],))
    editor.remove_selected()
    assert editor.selected == (order[1],)
    editor.select((order[-1],))
    editor.remove_selected()
    assert editor.selected == (order[-2],)
    body = find(editor.network, "skip-1")
    assert isinstance(body, Skip)
    editor.select(tuple(node.id for node in body.body))
    editor.remove_selected()
    assert editor.selected == ("skip-1",)


def test_undo_brings_the_selection_back(editor: EditorModel) -> None:
    editor.select(("conv-2", "conv-3"))
    editor.remove_selected()
    editor.undo()
    assert editor.selected == ("conv-2", "conv-3")


def test_copied_layers_are_json_and_are_pasted_with_new_ids(editor: EditorModel) -> None:
    editor.select(("skip-1",))
    editor.copy()
    assert clipboard.from_text(QGuiApplication.clipboard().text())[0] == find(editor.network, "skip-1")
    before = ids(editor.network)
    editor.paste()
    pasted = find(editor.network, editor.current)
    assert isinstance(pasted, Skip)
    assert not {node.id for node in (*pasted.body, *pasted.shortcut)} & before
    assert locate(editor.network, pasted.id)[1].index == locate(editor.network, "skip-1")[1].index + 1


def test_cut_is_one_step_and_paste_brings_it_back(editor: EditorModel) -> None:
    before = editor.network
    editor.select(("conv-1",))
    editor.cut()
    assert "conv-1" not in ids(editor.network)
    assert editor.undo_stack.count() == 1
    editor.undo()
    assert editor.network is before


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "empty"),
        ("dear colleague, the results", "dear colleague"),
        ('{"cnnplay": "blocks", "blocks": [{"kind": "conv", "filters": "many"}]}', "expected"),
        ('{"cnnplay": "blocks", "blocks": []}', "empty"),
        ('{"cnnplay": "blocks", "blocks": [{"kind": "conv", "id": "../x"}]}', "damaged"),
        ('{"a":' * 5000, "no layers"),
    ],
)
def test_foreign_text_on_the_clipboard_gives_a_clear_message(
    editor: EditorModel, messages: list[str], text: str, word: str
) -> None:
    before = editor.network
    QGuiApplication.clipboard().setText(text)
    assert not editor.paste()
    assert len(messages) == 1
    assert word in messages[0]
    assert "\n" not in messages[0]
    assert editor.network is before


def test_wrapping_inserts_the_projection_where_the_shapes_differ(editor: EditorModel) -> None:
    editor.select(("conv-1", "batch-norm-1"))
    editor.wrap_selected()
    skip = find(editor.network, editor.current)
    assert isinstance(skip, Skip)
    assert [node.id for node in skip.body] == ["conv-1", "batch-norm-1"]
    assert skip.shortcut
    assert editor.report.valid


def test_layers_that_are_not_adjacent_are_not_wrapped(editor: EditorModel, messages: list[str]) -> None:
    editor.select(("conv-1", "dense-1"))
    assert not editor.wrap_selected()
    assert "adjacent" in messages[0]


def test_a_branch_can_be_added_and_removed(editor: EditorModel) -> None:
    editor.insert("branches", Place("", 0, 0))
    holder = editor.current
    node = find(editor.network, holder)
    assert isinstance(node, Branches)
    editor.add_branch()
    editor.insert("relu")
    editor.remove_branch()
    assert find(editor.network, holder) == node


def test_a_head_is_put_under_an_unfinished_stack(qapp: QApplication) -> None:
    network = preset("tiny-cnn").network
    bare = Network(name="bare", input=network.input, task=network.task, stack=(Convolution(id="conv-1"),))
    editor = EditorModel(bare)
    assert not editor.report.valid
    assert editor.disabled_reason("add_head") == ""
    assert editor.add_head()
    assert editor.report.valid
    assert "already" in editor.disabled_reason("add_head")


def test_every_action_says_why_it_cannot_be_done(editor: EditorModel) -> None:
    for choose in (
        lambda: editor.select(()),
        editor.select_input,
        lambda: editor.select(("conv-2",)),
        lambda: editor.select(("skip-1",)),
        lambda: editor.select(("conv-1", "dense-1")),
        editor.select_all,
    ):
        choose()
        for action in ACTIONS:
            assert editor.disabled_reason(action).strip() == editor.disabled_reason(action)
    editor.select(())
    assert editor.disabled_reason("delete") == "select a layer first"
    with pytest.raises(KeyError):
        editor.disabled_reason("fly")


def test_nothing_is_nested_so_deep_that_its_file_could_not_be_read(
    editor: EditorModel, messages: list[str]
) -> None:
    editor.select(("conv-1",))
    for _ in range(60):
        editor.select(("conv-1",))
        editor.wrap_selected()
    assert messages
    assert "deep" in messages[0]
    assert decode(encode(editor.network)) == editor.network


def test_another_document_clears_undo(editor: EditorModel) -> None:
    editor.set_fields(("conv-1",), "filters", 8)
    editor.reset(preset("lenet-5").network)
    assert not editor.undo_stack.canUndo()
    assert editor.selected == ()
    assert editor.network.name == "lenet-5"


def test_a_preview_gives_the_shape_without_changing_anything(editor: EditorModel) -> None:
    before = editor.network
    preview = editor.preview_insert("max-pool", Place("", 0, 1))
    assert preview is not None
    assert preview.shape == (16, 16, 16)
    moved = editor.preview_move(("skip-1",), Place("", 0, 0), copy=False)
    assert moved is not None
    assert editor.preview_move(("skip-1",), Place("skip-1", 0, 0), copy=False) is None
    assert editor.network is before
    assert editor.undo_stack.count() == 0


def test_an_edit_made_in_response_to_another_comes_after_it(editor: EditorModel) -> None:
    before = editor.network

    def answer() -> None:
        editor.set_classes(7)

    editor.changed.connect(answer)
    editor.set_fields(("conv-1",), "filters", 8)
    editor.changed.disconnect(answer)
    assert [editor.undo_stack.text(index) for index in range(2)] == ["filters of conv-1", "7 classes"]
    editor.undo()
    assert editor.network.task.classes == 10
    editor.undo()
    assert editor.network is before


def test_the_undo_stack_itself_can_be_driven(editor: EditorModel) -> None:
    seen: list[int] = []
    editor.set_fields(("conv-1",), "filters", 8)
    editor.changed.connect(lambda: seen.append(editor.report.parameters))
    editor.undo_stack.undo()
    editor.undo_stack.redo()
    assert len(seen) == 2


def test_edits_from_elsewhere_go_the_same_way(editor: EditorModel) -> None:
    other = preset("mlp").network
    assert editor.apply(Edited(other, (), "open mlp"))
    assert editor.undo_stack.undoText() == "open mlp"
    editor.undo()
    assert editor.network.name == "mini-resnet"


def test_opening_a_network_selects_its_first_convolution(editor: EditorModel) -> None:
    editor.select(("skip-1",))
    editor.load_preset("resnet-18")
    assert editor.selected == ("conv-1",)
    editor.undo()
    assert editor.selected == ("skip-1",)
