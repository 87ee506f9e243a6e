"""The differences between two networks, node by node."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from cnnplay.network import edits
from cnnplay.network.difference import FieldChange, difference
from cnnplay.network.network import Network, Place, ids
from cnnplay.network.nodes import Dropout, ReLU, Tanh
from cnnplay.network.presets import preset, preset_keys

LENET = preset("lenet-5").network


def changes_of(first: Network, second: Network) -> list[tuple[str, str]]:
    return [(change.kind, change.id) for change in difference(first, second)]


def test_a_network_does_not_differ_from_itself() -> None:
    for key in preset_keys():
        assert difference(preset(key).network, preset(key).network) == ()


def test_a_changed_field_is_listed_with_both_values() -> None:
    other = edits.replace_field(LENET, "conv-1", "filters", 12).network
    other = edits.replace_field(other, "conv-1", "stride", (2, 2)).network
    (change,) = difference(LENET, other)
    assert (change.kind, change.id) == ("changed", "conv-1")
    assert set(change.fields) == {FieldChange("filters", 6, 12), FieldChange("stride", (1, 1), (2, 2))}


def test_nodes_of_only_one_side_keep_their_position() -> None:
    first = LENET.stack[0].id
    other = edits.insert(LENET, Place("", 0, 1), Dropout(id="dropout-1")).network
    other = edits.remove(other, (LENET.stack[-1].id,)).network
    assert changes_of(LENET, other) == [("added", "dropout-1"), ("removed", LENET.stack[-1].id)]
    assert changes_of(other, LENET) == [("removed", "dropout-1"), ("added", LENET.stack[-1].id)]
    assert first not in [node_id for _, node_id in changes_of(LENET, other)]


def test_only_the_node_with_a_new_position_is_moved() -> None:
    moving = LENET.stack[1].id
    other = edits.move(LENET, (moving,), Place("", 0, 4)).network
    assert changes_of(LENET, other) == [("moved", moving)]


def test_another_kind_with_the_same_id_is_a_change_of_kind() -> None:
    first = msgspec.structs.replace(LENET, stack=(ReLU(id="a-1"),))
    other = msgspec.structs.replace(LENET, stack=(Tanh(id="a-1"),))
    (change,) = difference(first, other)
    assert change.fields[0] == FieldChange("kind", "ReLU", "tanh")


def test_nodes_wrapped_in_a_skip_are_moved_into_it() -> None:
    network = preset("mini-resnet").network
    skip = next(node for node in network.stack if node.id.startswith("skip"))
    other = edits.unwrap(network, skip.id).network
    found = {node_id: sort for sort, node_id in changes_of(network, other)}
    assert found[skip.id] == "removed"
    assert "changed" not in found.values()


@given(st.data())
def test_the_difference_of_a_random_edit_reverses_with_its_sides(data: st.DataObject) -> None:
    network = preset(data.draw(st.sampled_from(["lenet-5", "tiny-cnn", "mini-resnet"]))).network
    gone = data.draw(st.lists(st.sampled_from(sorted(ids(network))), max_size=3, unique=True))
    other = network
    for node_id in gone:
        if node_id in ids(other):
            other = edits.remove(other, (node_id,)).network
    removed = {change.id for change in difference(network, other) if change.kind == "removed"}
    assert removed == ids(network) - ids(other)
    back = {change.id for change in difference(other, network) if change.kind == "added"}
    assert back == removed
