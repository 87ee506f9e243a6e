"""The stack layout: nothing overlaps, everything fits the width, narrow frames change their form."""

from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, QRect

from cnnplay.network.network import Classification, Input, Network, Place, walk
from cnnplay.network.nodes import Branches, Convolution, Node, ReLU, Skip, Stack
from cnnplay.network.presets import preset, preset_keys
from cnnplay.shapes.infer import infer
from cnnplay.ui.build.views.stack.boxes import Layout
from cnnplay.ui.build.views.stack.layout import lay_out


def laid(network: Network, width: int = 390, collapsed: frozenset[str] = frozenset()) -> Layout:
    return lay_out(network, infer(network), collapsed.__contains__, width, round)


def of(*stack: Node) -> Network:
    return Network(name="made", input=Input(3, 32, 32), task=Classification(10), stack=stack)


def conv(number: int) -> Convolution:
    return Convolution(id=f"conv-{number}", filters=8)


def branches(*parts: Stack) -> Network:
    return of(Branches(id="branches-1", branches=parts))


def boxes(layout: Layout) -> list[QRect]:
    return [layout.input, layout.prediction, *(card.rect for card in layout.cards.values())]


@pytest.mark.parametrize("key", preset_keys())
@pytest.mark.parametrize("width", [240, 390, 700])
def test_cards_do_not_overlap_and_stay_inside(key: str, width: int) -> None:
    layout = laid(preset(key).network, width)
    found = boxes(layout)
    for index, one in enumerate(found):
        assert one.left() >= 0
        assert one.right() < width
        assert one.bottom() < layout.height
        assert not any(one.intersects(other) for other in found[index + 1 :])
    for frame in layout.frames.values():
        assert frame.rect.right() < width
        assert frame.rect.contains(frame.merge)


@pytest.mark.parametrize("key", preset_keys())
def test_every_layer_is_in_the_order_of_the_network(key: str) -> None:
    network = preset(key).network
    assert laid(network, 390).order == ["input", *(node.id for node, _ in walk(network))]


def test_few_branches_are_side_by_side_many_below_one_another() -> None:
    few = laid(branches((conv(1),), (conv(2),), (conv(3), conv(4))))
    tops = {few.cards[f"conv-{number}"].rect.y() for number in (1, 2, 3)}
    assert len(tops) == 1
    many = laid(branches(*((conv(number),) for number in range(1, 8))))
    assert len({card.rect.y() for card in many.cards.values()}) == 7
    assert len({card.rect.x() for card in many.cards.values()}) == 1


def test_a_collapsed_container_is_one_card() -> None:
    network = preset("mini-resnet").network
    layout = laid(network, collapsed=frozenset({"skip-1"}))
    assert layout.cards["skip-1"].collapsed
    assert "conv-2" not in layout.cards
    assert layout.height < laid(network).height


def test_containers_that_are_too_deep_for_the_width_are_shown_collapsed() -> None:
    node: Node = ReLU(id="relu-1")
    for depth in range(1, 9):
        node = Skip(id=f"skip-{depth}", body=(node,))
    narrow, wide = laid(of(node), 390), laid(of(node), 1400)
    assert any(card.collapsed for card in narrow.cards.values())
    assert len(wide.frames) > len(narrow.frames)


def test_an_empty_stack_asks_for_a_layer() -> None:
    layout = laid(of())
    assert [slot.place for slot in layout.empty_slots] == [Place("", 0, 0)]
    assert "press /" in layout.empty_slots[0].text
    inner = laid(branches((), (conv(1),)))
    assert [slot.place for slot in inner.empty_slots] == [Place("branches-1", 0, 0)]
    assert Place("branches-1", 0, 0) in inner.order


def test_every_place_of_the_network_has_one_gap() -> None:
    network = preset("mini-resnet").network
    layout = laid(network)
    gaps = [gap.place for column in layout.columns for gap in column.gaps]
    assert len(gaps) == len(set(gaps))
    for _, place in walk(network):
        assert place in gaps
        assert Place(place.parent, place.slot, place.index + 1) in gaps


def touches(point: QPoint, wire: tuple[QPoint, ...]) -> bool:
    """Whether a point is on a wire, or at its end."""
    return any(
        QRect(one, other).normalized().adjusted(-2, -2, 2, 2).contains(point) for one, other in pairwise(wire)
    )


@pytest.mark.parametrize("key", ["mini-resnet", "resnet-18", "resnet-34"])
@pytest.mark.parametrize("width", [240, 390, 700])
def test_the_wire_of_a_shortcut_begins_at_the_bodys_and_ends_at_the_merge(key: str, width: int) -> None:
    layout = laid(preset(key).network, width)
    skips = [frame for frame in layout.frames.values() if isinstance(frame.node, Skip)]
    assert len(layout.forks) == len(skips)
    for fork in layout.forks:
        assert sum(touches(fork, wire) for wire in layout.wires) >= 2, "the shortcut's and the body's"
    for frame in skips:
        assert frame.joint is not None
        assert frame.merge.contains(frame.joint)
        assert any(wire[-1] == frame.joint for wire in layout.wires)
        assert frame.joint.y() == frame.sign.y()
        assert any(wire[-1].x() == frame.sign.x() for wire in layout.wires if touches(wire[-1], wire))
