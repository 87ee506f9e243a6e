"""Edits are pure: they give a new network and leave the old one as it was."""

from random import Random

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnnplay.network import edits, nodes
from cnnplay.network.codec import decode, encode
from cnnplay.network.edits import Edited, EditError
from cnnplay.network.kinds import KINDS
from cnnplay.network.network import (
    MAX_DEPTH,
    Input,
    Network,
    Place,
    depth_of,
    ids,
    leaves,
    locate,
    new_id,
    walk,
)
from cnnplay.shapes.suggest import new_nodes, wrap_in_skip
from tests.shapes.helpers import network_of
from tests.strategies import networks


def _names(network: Network) -> list[str]:
    return [node.id for node, _ in walk(network)]


def test_ids_are_assigned_on_insertion_and_never_reused() -> None:
    network = network_of(nodes.Convolution(), nodes.Convolution(), nodes.Convolution())
    fewer = edits.remove(network, ["conv-2"]).network
    more = edits.insert(fewer, Place("", 0, 1), nodes.Convolution())
    assert more.touched == ("conv-4",)
    assert _names(more.network) == ["conv-1", "conv-4", "conv-3"]


def test_reserved_ids_are_avoided() -> None:
    edited = edits.insert(network_of(), Place("", 0, 0), nodes.ReLU(), reserved=["relu-8", "conv-9"])
    assert edited.touched == ("relu-9",)


def test_ids_of_one_kind_do_not_count_for_another() -> None:
    assert new_id("conv", {"transposed-conv-7", "conv-x", "conv-2"}) == "conv-3"


def test_an_insertion_assigns_new_ids_inside_containers_too() -> None:
    skip = nodes.Skip(body=(nodes.ReLU(),), shortcut=(nodes.ReLU(),))
    edited = edits.insert(network_of(nodes.ReLU()), Place("", 0, 1), (skip, nodes.Tanh()))
    assert edited.touched == ("skip-1", "tanh-1")
    assert _names(edited.network) == ["relu-1", "skip-1", "relu-2", "relu-3", "tanh-1"]
    assert edited.label == "insert 2 layers"


def test_a_node_moves_down_up_and_into_a_container() -> None:
    network = network_of(nodes.ReLU(), nodes.Tanh(), nodes.Skip(body=(nodes.Sigmoid(),)))
    assert _names(edits.move(network, ["relu-1"], Place("", 0, 2)).network)[:2] == ["tanh-1", "relu-1"]
    assert _names(edits.move(network, ["tanh-1"], Place("", 0, 0)).network)[:2] == ["tanh-1", "relu-1"]
    inside = edits.move(network, ["relu-1", "tanh-1"], Place("skip-1", 0, 1)).network
    assert _names(inside) == ["skip-1", "sigmoid-1", "relu-1", "tanh-1"]
    shortcut = edits.move(network, ["relu-1"], Place("skip-1", 1, 0)).network
    assert locate(shortcut, "relu-1")[1] == Place("skip-1", 1, 0)


def test_a_container_cannot_be_moved_into_itself() -> None:
    network = network_of(nodes.Skip(body=(nodes.Skip(),)))
    with pytest.raises(EditError, match="skip-1 cannot be moved into itself"):
        edits.move(network, ["skip-1"], Place("skip-2", 0, 0))


def test_a_move_to_the_same_place_changes_nothing() -> None:
    network = network_of(nodes.ReLU(), nodes.Tanh())
    assert edits.move(network, ["relu-1"], Place("", 0, 0)).network == network
    assert edits.move(network, ["relu-1"], Place("", 0, 1)).network == network


def test_a_container_moves_with_its_contents() -> None:
    network = network_of(nodes.Skip(body=(nodes.ReLU(),)), nodes.Tanh())
    assert _names(edits.remove(network, ["skip-1", "relu-1"]).network) == ["tanh-1"]
    assert edits.outermost(network, ["relu-1", "skip-1", "tanh-1"]) == ("skip-1", "tanh-1")


def test_an_untouched_subtree_is_the_same_object_after_an_edit() -> None:
    network = network_of(nodes.Skip(body=(nodes.ReLU(),)), nodes.Tanh(), nodes.Skip(body=(nodes.GELU(),)))
    for after in (
        edits.remove(network, ["tanh-1"]).network,
        edits.insert(network, Place("", 0, 1), nodes.SiLU()).network,
        edits.replace_node(network, "gelu-1", nodes.SiLU()).network,
    ):
        assert after.stack[0] is network.stack[0]


def test_a_field_is_replaced_and_named() -> None:
    edited = edits.replace_field(network_of(nodes.Convolution()), "conv-1", "kernel_size", (5, 3))
    assert edited.network.stack == (nodes.Convolution(id="conv-1", kernel_size=(5, 3)),)
    assert (edited.touched, edited.label) == (("conv-1",), "kernel size of conv-1")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("filters", "many", "filters of conv-1 cannot be 'many'"),
        ("filters", 1.5, "filters of conv-1 cannot be 1.5"),
        ("kernel_size", (3,), "kernel size of conv-1 cannot be"),
        ("padding", "mirror", "padding of conv-1 cannot be 'mirror'"),
        ("color", 3, "color of conv-1 cannot be 3"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused(field: str, value: object, message: str) -> None:
    with pytest.raises(EditError, match=message):
        edits.replace_field(network_of(nodes.Convolution()), "conv-1", field, value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_json_cannot_hold_is_refused(value: float) -> None:
    with pytest.raises(EditError, match="p of dropout-1 must be a finite number"):
        edits.replace_field(network_of(nodes.Dropout()), "dropout-1", "p", value)


def test_wrapping_and_unwrapping_give_the_same_network() -> None:
    network = network_of(nodes.ReLU(), nodes.Tanh(), nodes.GELU())
    wrapped = edits.wrap_in_skip(network, ["gelu-1", "tanh-1"])
    assert wrapped.touched == ("skip-1",)
    assert _names(wrapped.network) == ["relu-1", "skip-1", "tanh-1", "gelu-1"]
    assert edits.unwrap(wrapped.network, "skip-1").network == network


def test_only_adjacent_layers_can_be_wrapped() -> None:
    network = network_of(nodes.ReLU(), nodes.Tanh(), nodes.GELU())
    with pytest.raises(EditError, match="only adjacent layers"):
        edits.wrap_in_skip(network, ["relu-1", "gelu-1"])
    with pytest.raises(EditError, match="select the layers"):
        edits.wrap_in_skip(network, [])


def test_only_containers_can_be_unwrapped() -> None:
    with pytest.raises(EditError, match="relu-1 cannot be unwrapped"):
        edits.unwrap(network_of(nodes.ReLU()), "relu-1")


def test_unwrapping_branches_keeps_the_first() -> None:
    network = network_of(nodes.Branches(branches=((nodes.ReLU(),), (nodes.Tanh(),))), nodes.Branches())
    assert _names(edits.unwrap(network, "branches-1").network) == ["relu-1", "branches-2"]
    assert _names(edits.unwrap(network, "branches-2").network) == ["branches-1", "relu-1", "tanh-1"]


def test_a_duplicate_follows_the_last_selected_node_with_new_ids() -> None:
    network = network_of(nodes.ReLU(), nodes.Skip(body=(nodes.ReLU(),)), nodes.Tanh())
    edited = edits.duplicate(network, ["relu-1", "skip-1"])
    assert _names(edited.network) == ["relu-1", "skip-1", "relu-2", "relu-3", "skip-2", "relu-4", "tanh-1"]


def test_branches_can_be_added_and_input_and_task_changed() -> None:
    network = network_of(nodes.Branches())
    edited = edits.set_branches(network, "branches-1", ((), ()), "add a branch")
    assert edited.network.stack[0].branches == ((), ())  # type: ignore[union-attr]
    with pytest.raises(EditError, match="relu-1 has no branches"):
        edits.set_branches(network_of(nodes.ReLU()), "relu-1", (), "x")
    assert edits.set_input(network, Input(3, 8, 9)).label == "input 3 × 8 × 9"


def test_an_unknown_id_is_a_key_error() -> None:
    network = network_of(nodes.ReLU())
    for edit in (
        lambda: edits.remove(network, ["conv-1"]),
        lambda: edits.move(network, ["conv-1"], Place("", 0, 0)),
        lambda: edits.replace_field(network, "conv-1", "filters", 3),
        lambda: edits.insert(network, Place("skip-9", 0, 0), nodes.ReLU()),
    ):
        with pytest.raises(KeyError):
            edit()


def test_nesting_deeper_than_a_file_holds_is_refused() -> None:
    network = network_of(nodes.ReLU())
    for _ in range(MAX_DEPTH - 1):
        network = edits.wrap_in_skip(network, [network.stack[0].id]).network
    assert depth_of(network.stack) == MAX_DEPTH
    assert decode(encode(network)) == network
    with pytest.raises(EditError, match="nested at most 32"):
        edits.wrap_in_skip(network, [network.stack[0].id])


def test_leaves_are_those_that_compute_in_their_order() -> None:
    skip = nodes.Skip(body=(nodes.ReLU(), nodes.Skip()), shortcut=(nodes.Tanh(),))
    assert [node.id for node in leaves(network_of(skip, nodes.Branches(), nodes.GELU()))] == [
        "relu-1",
        "tanh-1",
        "gelu-1",
    ]


def random_edit(network: Network, random: Random) -> Edited:
    """Some edit of a network, chosen by chance."""
    names = _names(network)
    places = [place for _, place in walk(network)] + [Place("", 0, len(network.stack))]
    places += [
        Place(node.id, slot, len(stack))
        for node, _ in walk(network)
        for slot, stack in enumerate(nodes.stacks_of(node))
    ]
    place = random.choice(places)
    action = random.choice(("insert", "insert", "remove", "move", "duplicate", "wrap", "unwrap", "field"))
    if action == "insert" or not names:
        return edits.insert(network, place, new_nodes(random.choice(KINDS).tag, network, place))
    chosen = random.sample(names, k=min(len(names), random.randint(1, 2)))
    match action:
        case "remove":
            return edits.remove(network, chosen)
        case "move":
            return edits.move(network, chosen, place)
        case "duplicate":
            return edits.duplicate(network, chosen)
        case "wrap":
            return wrap_in_skip(network, chosen)
        case "unwrap":
            return edits.unwrap(network, chosen[0])
        case _:
            node, _ = locate(network, chosen[0])
            return edits.replace_node(network, node.id, type(node)())


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks(), st.integers(0, 2**32))
def test_random_edits_keep_ids_unique_and_the_old_network_as_it_was(network: Network, seed: int) -> None:
    random = Random(seed)
    for _ in range(25):
        before = encode(network)
        try:
            edited = random_edit(network, random)
        except EditError:
            continue
        assert encode(network) == before
        names = _names(edited.network)
        assert len(names) == len(set(names)) == len(ids(edited.network))
        assert set(edited.touched) <= set(names)
        assert edited.label
        assert decode(encode(edited.network)) == edited.network
        assert msgspec.structs.replace(edited.network) == edited.network
        network = edited.network
        if len(names) > 60:
            network = edits.remove(network, names[:1]).network
