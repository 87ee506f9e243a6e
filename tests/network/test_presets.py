"""The shipped networks, as data."""

import msgspec
import pytest

from cnnplay.network import nodes
from cnnplay.network.codec import decode, encode
from cnnplay.network.network import leaves, walk
from cnnplay.network.presets import preset, preset_keys, presets

ORDER = (
    "lenet-5",
    "alexnet",
    "vgg-16",
    "resnet-18",
    "resnet-34",
    "tiny-cnn",
    "mini-resnet",
    "mlp",
    "alexnet-torchvision",
)
INPUTS = {
    "lenet-5": (1, 32, 32),
    "alexnet": (3, 227, 227),
    "vgg-16": (3, 224, 224),
    "resnet-18": (3, 224, 224),
    "resnet-34": (3, 224, 224),
    "tiny-cnn": (1, 28, 28),
    "mini-resnet": (1, 32, 32),
    "mlp": (1, 28, 28),
    "alexnet-torchvision": (3, 224, 224),
}
YEARS = {
    "lenet-5": 1998,
    "alexnet": 2012,
    "vgg-16": 2014,
    "resnet-18": 2015,
    "resnet-34": 2015,
    "alexnet-torchvision": 2014,
}


def test_presets_come_in_the_designs_order() -> None:
    assert preset_keys() == ORDER
    assert tuple(found.key for found in presets()) == ORDER


@pytest.mark.parametrize("key", ORDER)
def test_a_preset_says_what_it_is(key: str) -> None:
    found = preset(key)
    assert found.network.preset == found.network.name == key
    assert found.network.input.shape == INPUTS[key]
    assert found.year == YEARS.get(key)
    assert (found.paper != "") == (key in YEARS)
    assert not found.paper or str(found.year) in found.paper
    assert found.title
    assert found.remark.endswith(".")
    assert all(departure.endswith(".") for departure in found.departures)
    assert bool(found.departures) or key not in YEARS
    assert decode(encode(found.network)) == found.network


@pytest.mark.parametrize("key", ORDER)
def test_ids_count_up_from_one_for_each_kind(key: str) -> None:
    numbers: dict[str, int] = {}
    for node, _ in walk(preset(key).network):
        prefix, _, number = node.id.rpartition("-")
        numbers[prefix] = numbers.get(prefix, 0) + 1
        assert number == str(numbers[prefix])


def test_the_lectures_mistake_is_mentioned() -> None:
    assert "slide gives 11.7 million" in preset("resnet-34").remark
    assert "21,797,672" in preset("resnet-34").remark


def test_resnet_34_has_34_layers_with_weights_on_its_longest_path() -> None:
    network = preset("resnet-34").network
    kinds = (nodes.Convolution, nodes.Dense)
    shortcuts = {node.id for skip in network.stack if isinstance(skip, nodes.Skip) for node in skip.shortcut}
    assert sum(isinstance(node, kinds) and node.id not in shortcuts for node in leaves(network)) == 34


def test_an_unknown_preset_is_a_key_error_that_names_the_others() -> None:
    with pytest.raises(KeyError, match=r"no preset is named 'lenet'.*lenet-5, alexnet"):
        preset("lenet")


def test_presets_are_frozen() -> None:
    with pytest.raises(AttributeError):
        preset("mlp").title = "other"  # type: ignore[misc]
    assert isinstance(preset("mlp"), msgspec.Struct)
