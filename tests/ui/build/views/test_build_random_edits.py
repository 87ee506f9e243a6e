"""A thousand random edits, undos and redos: network, view and built module agree after each, and the network
comes back from its file.
"""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from pytestqt.qtbot import QtBot

from cnnplay.modules.build import build
from cnnplay.modules.weights import parameter_shapes
from cnnplay.network.describe import shape_text
from cnnplay.network.fields import FieldInfo, fields_of
from cnnplay.network.kinds import KINDS
from cnnplay.network.network import Network, Place, find, stack_at, walk
from cnnplay.network.nodes import Branches, Node, Skip, Stack, stacks_of
from cnnplay.network.presets import preset
from cnnplay.project.project import Project
from cnnplay.project.store import load, save
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.build.stack import StackModel
from cnnplay.ui.build.views.stack.view import StackView

STEPS = 500
"""With each of the seeds."""
FILES = 10
"""Every so many steps the project is written to the disk and read back."""
LARGEST = 24


class Monkey:
    """Edits at random, and keeps its own record of what undo and redo must bring back."""

    def __init__(self, editor: EditorModel, model: StackModel, seed: int) -> None:
        self.editor, self.model = editor, model
        self.chance = random.Random(seed)
        self.past: list[Network] = []
        self.future: list[Network] = []

    def act(self) -> str:
        chance, editor = self.chance, self.editor
        editor.stop_merging()
        before = editor.network
        roll = chance.random()
        if roll < 0.22:
            return self.undo()
        if roll < 0.34:
            return self.redo()
        name = chance.choice(sorted(DEEDS))
        if len(editor.node_ids) > LARGEST and chance.random() < 0.7:
            name = "remove"
        elif not editor.report.valid and chance.random() < 0.4:
            name = chance.choice(("mend", "head"))  # else hardly any network could be built
        DEEDS[name](self)
        if editor.network != before:
            self.past.append(before)
            self.future.clear()
        return name

    def undo(self) -> str:
        if not self.past:
            assert not self.editor.undo_stack.canUndo()
            return "undo"
        self.future.append(self.editor.network)
        self.editor.undo()
        assert self.editor.network is self.past.pop()
        return "undo"

    def redo(self) -> str:
        if not self.future:
            assert not self.editor.undo_stack.canRedo()
            return "redo"
        self.past.append(self.editor.network)
        self.editor.redo()
        assert self.editor.network is self.future.pop()
        return "redo"

    # Choices

    def node(self) -> Node | None:
        nodes = [node for node, _ in walk(self.editor.network)]
        return self.chance.choice(nodes) if nodes else None

    def place(self) -> Place:
        network = self.editor.network
        stacks: list[tuple[str, int]] = [("", 0)]
        for node, _ in walk(network):
            stacks += [(node.id, slot) for slot, _ in enumerate(stacks_of(node))]
        parent, slot = self.chance.choice(stacks)
        return Place(parent, slot, self.chance.randint(0, len(stack_at(network, parent, slot))))

    def choose(self, *types: type) -> None:
        nodes = [node for node, _ in walk(self.editor.network) if not types or isinstance(node, types)]
        if nodes:
            self.editor.select((self.chance.choice(nodes).id,))

    def run(self) -> tuple[str, ...]:
        place = self.place()
        stack = stack_at(self.editor.network, place.parent, place.slot)
        ends = sorted(self.chance.randint(0, len(stack)) for _ in range(2))
        return tuple(node.id for node in stack[ends[0] : ends[1]])

    def value(self, field: FieldInfo) -> object:
        chance = self.chance
        if field.type == "flag":
            return chance.random() < 0.5
        if field.type == "choice" or (field.type == "padding" and chance.random() < 0.5):
            return chance.choice(field.choices)
        if field.type in ("pair", "padding"):
            return (chance.randint(0, 4), chance.randint(0, 4))
        return chance.choice((0.1, 0.5, 1e-5)) if field.type == "number" else chance.randint(0, 24)

    # Deeds

    def set_field(self) -> None:
        node = self.node()
        fields = fields_of(type(node)) if node is not None else ()
        if node is not None and fields:
            field = self.chance.choice(fields)
            self.editor.set_fields((node.id,), field.name, self.value(field))

    def fix(self) -> None:
        problems = [problem for problem in self.editor.report.problems if problem.fix is not None]
        if problems:
            self.editor.fix(self.chance.choice(problems))

    def paste(self) -> None:
        self.choose()
        if self.editor.selected:
            self.editor.copy()
            self.choose()
            self.editor.paste()

    def fold(self) -> None:
        for node, _ in walk(self.editor.network):
            if isinstance(node, (Skip, Branches)) and self.chance.random() < 0.3:
                self.model.set_collapsed(node.id, self.chance.random() < 0.5)

    def wrap(self) -> None:
        self.editor.select(self.run())
        self.editor.wrap_selected()

    def move(self) -> None:
        run = self.run()
        if run:
            self.editor.move(run, self.place())

    def on_one(self, deed: Callable[[], object], *types: type) -> None:
        self.choose(*types)
        deed()


DEEDS: dict[str, Callable[[Monkey], object]] = {
    "insert": lambda m: m.editor.insert(m.chance.choice(KINDS).tag, m.place()),
    "insert behind": lambda m: m.on_one(lambda: m.editor.insert(m.chance.choice(KINDS).tag)),
    "remove": lambda m: m.on_one(m.editor.remove_selected),
    "move": Monkey.move,
    "step": lambda m: m.on_one(lambda: m.editor.step_selected(m.chance.random() < 0.5)),
    "duplicate": lambda m: m.on_one(m.editor.duplicate),
    "cut": lambda m: m.on_one(m.editor.cut),
    "paste": Monkey.paste,
    "wrap": Monkey.wrap,
    "unwrap": lambda m: m.on_one(m.editor.unwrap, Skip, Branches),
    "add branch": lambda m: m.on_one(m.editor.add_branch, Branches),
    "remove branch": lambda m: m.on_one(m.editor.remove_branch),
    "field": Monkey.set_field,
    "other field": Monkey.set_field,
    "input": lambda m: m.editor.set_input(
        height=m.chance.choice((0, 5, 16, 32)), width=m.chance.choice((16, 32))
    ),
    "classes": lambda m: m.editor.set_classes(m.chance.choice((1, 4, 10))),
    "mend": Monkey.fix,
    "mend more": Monkey.fix,
    "head": lambda m: m.editor.add_head(),
    "fold": Monkey.fold,
    "preset": lambda m: m.editor.load_preset(m.chance.choice(("tiny-cnn", "mini-resnet", "lenet-5"))),
}


def expected_texts(stack: Stack, view: StackView) -> Iterator[str]:
    """The expected shapes on the edges, in the order of the layout."""
    for node in stack:
        if node.id in view.boxes.frames:
            for part in stacks_of(node):
                yield from expected_texts(part, view)
        yield shape_text(view.editor.report.nodes[node.id].output).replace(" ", "")


def check_view(view: StackView) -> None:
    network, boxes = view.editor.network, view.boxes
    hidden = {
        inner
        for node_id, card in boxes.cards.items()
        if card.collapsed
        for inner in view.editor.descendants(node_id)
    }
    visible = [node.id for node, _ in walk(network) if node.id not in hidden]
    assert [spot for spot in boxes.order if isinstance(spot, str)] == ["input", *visible]
    assert set(boxes.cards) | set(boxes.frames) == set(visible)
    for node_id, card in boxes.cards.items():
        assert card.node is find(network, node_id)
    words = [label.text.replace(" ", "") for label in boxes.labels]
    shapes = [text for text in words if text != "identity" and not text.startswith("branch")]
    first = shape_text(network.input.shape).replace(" ", "")
    assert shapes == [first, *expected_texts(network.stack, view)]


def check_module(editor: EditorModel) -> None:
    """Torch's result for the same network, without memory for its weights."""
    network, report = editor.network, editor.report
    if not report.valid:
        return
    count = sum(
        torch.Size(shape).numel()
        for name, shape in parameter_shapes(network).items()
        if name.endswith((".weight", ".bias"))
    )
    assert count == report.parameters
    module = build(network, device="meta").eval()
    assert sum(parameter.numel() for parameter in module.parameters()) == report.parameters
    wanted = [node.id for node, _ in walk(network)]
    logits, outputs = module.trace(torch.empty(2, *network.input.shape, device="meta"), wanted)
    assert tuple(logits.shape) == (2, *(report.output or ()))
    for node_id, output in outputs.items():
        assert tuple(output.shape[1:]) == report.nodes[node_id].output


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[StackView]:
    editor = EditorModel(preset("mini-resnet").network)
    shown = StackView(editor, StackModel(editor))
    qtbot.addWidget(shown)
    shown.resize(400, 700)
    with qtbot.waitExposed(shown):
        shown.show()
    yield shown
    shown.close()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [20, 21, 22])
def test_network_view_file_and_module_agree_after_each_of_a_thousand_random_edits(
    view: StackView, tmp_path: Path, seed: int
) -> None:
    editor = view.editor
    monkey = Monkey(editor, view.model, seed)
    done: dict[str, int] = {}
    built = 0
    for number in range(STEPS):
        deed = monkey.act()
        done[deed] = done.get(deed, 0) + 1
        assert editor.report.network == editor.network
        if number % FILES == 0:
            save(Project(network=editor.network), tmp_path / "edited.cnnplay")
            assert load(tmp_path / "edited.cnnplay").network == editor.network
        assert set(editor.selected) <= editor.node_ids
        assert editor.current in (*editor.node_ids, "input", "")
        check_view(view)
        check_module(editor)
        built += editor.report.valid
    assert set(done) == {*DEEDS, "undo", "redo"}
    assert built > STEPS // 3, "a network with faults says nothing of the built module"
