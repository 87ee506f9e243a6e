"""Weights named by other programs.

published_names.json has the names and shapes of torchvision 0.28's models, in their order.
"""

import json
from pathlib import Path

import pytest
import torch

from cnnplay.modules.weight_names import by_order, recognized, torchvision_names
from cnnplay.modules.weights import (
    Weights,
    build_with_weights,
    compare,
    parameter_shapes,
    possible_pairings,
)
from cnnplay.network import nodes
from cnnplay.network.network import Classification, Input, Network
from cnnplay.network.presets import preset, presets

PUBLISHED: dict[str, dict[str, list[int]]] = json.loads(
    Path(__file__).with_name("published_names.json").read_text()
)
COUNTERPARTS = {found.torchvision.model: found.key for found in presets() if found.torchvision is not None}


def _published(model: str) -> Weights:
    """Weights of these names and shapes that take no memory."""
    return {name: torch.empty(shape, device="meta") for name, shape in PUBLISHED[model].items()}


def test_every_published_model_has_a_preset() -> None:
    assert COUNTERPARTS.keys() == PUBLISHED.keys()


@pytest.mark.parametrize("model", PUBLISHED)
def test_published_names_load_completely(model: str) -> None:
    result = compare(_published(model), preset(COUNTERPARTS[model]).network)
    assert result.complete
    assert len(result.loaded) == len(PUBLISHED[model])


@pytest.mark.parametrize("model", PUBLISHED)
def test_a_preset_has_exactly_the_published_names_and_shapes(model: str) -> None:
    found = preset(COUNTERPARTS[model])
    assert found.torchvision is not None
    shapes = parameter_shapes(found.network)
    names = torchvision_names(found.torchvision.modules, shapes)
    assert [(names[key], list(shape)) for key, shape in shapes.items()] == [*PUBLISHED[model].items()]


def test_the_numbers_go_to_the_layers_that_the_names_mean() -> None:
    """Shapes alone would allow the second convolution of a block in place of the first."""
    generator = torch.Generator().manual_seed(0)
    given = {
        name: torch.randn(shape, generator=generator) if shape else torch.tensor(3)
        for name, shape in PUBLISHED["resnet18"].items()
    }
    module, result = build_with_weights(given, preset("resnet-18").network)
    assert result.complete
    state = module.state_dict()
    assert torch.equal(state["conv-2.weight"], given["layer1.0.conv1.weight"])
    assert torch.equal(state["conv-3.weight"], given["layer1.0.conv2.weight"])
    assert torch.equal(state["conv-8.weight"], given["layer2.0.downsample.0.weight"])
    assert torch.equal(state["batch-norm-8.running_var"], given["layer2.0.downsample.1.running_var"])


def test_published_names_without_the_head_are_recognized() -> None:
    given = _published("resnet34")
    body = {name: tensor for name, tensor in given.items() if not name.startswith("fc.")}
    result = compare(body, preset("resnet-34").network)
    assert result.missing == ("dense-1.weight", "dense-1.bias")
    assert result.unexpected == result.mismatched == ()


def test_files_without_batch_norms_counters_are_complete() -> None:
    given = {name: one for name, one in _published("resnet18").items() if "num_batches" not in name}
    assert compare(given, preset("resnet-18").network).complete


def test_the_layout_is_named() -> None:
    network = preset("lenet-5").network
    own = parameter_shapes(network)
    assert recognized(own, network, own).key == "own"
    assert recognized([key.replace("-", "_") for key in own], network, own).key == "python"
    layout = recognized(PUBLISHED["vgg16"], network, own)
    assert (layout.key, "vgg16" in layout.title) == ("torchvision", True)
    assert recognized(["encoder.weight"], network, own).key == "unknown"


def test_equal_shapes_in_equal_order_are_matched_by_order_only_when_asked() -> None:
    network = preset("lenet-5").network
    own = parameter_shapes(network)
    given = {f"layer{number}": torch.rand(shape) for number, shape in enumerate(own.values())}
    assert not compare(given, network).loaded
    pairings = possible_pairings(given, network)
    assert list(pairings) == ["order"]
    module, result = build_with_weights(given, network, pairing=pairings["order"])
    assert result.complete
    assert all(
        torch.equal(loaded, tensor)
        for loaded, tensor in zip(module.state_dict().values(), given.values(), strict=True)
    )


def test_names_sorted_as_text_are_matched_in_the_order_of_their_numbers() -> None:
    network = preset("vgg-16").network
    own = parameter_shapes(network)
    names = [f"f.{2 * number}.{leaf}" for number in range(16) for leaf in ("weight", "bias")]
    shapes = dict(zip(names, own.values(), strict=True))
    layout = by_order({name: shapes[name] for name in sorted(shapes)}, own)
    assert layout is not None
    assert layout.names == dict(zip(names, own, strict=True))


def test_a_file_for_other_classes_is_matched_by_order_but_for_the_last_layer() -> None:
    network = preset("lenet-5").network
    own = parameter_shapes(network)
    given = {f"t{number}": torch.zeros(shape) for number, shape in enumerate(own.values())}
    given |= {f"t{len(own) - 2}": torch.zeros(3, 84), f"t{len(own) - 1}": torch.zeros(3)}
    pairing = possible_pairings(given, network)["order"]
    head = [*own][-2:]
    assert [mismatch.key for mismatch in pairing.mismatched] == head
    assert pairing.loaded == tuple([*own][:-2])


def test_one_shape_that_differs_is_not_matched_by_order() -> None:
    own = parameter_shapes(preset("lenet-5").network)
    given = {f"t{number}": shape for number, shape in enumerate(own.values())}
    assert by_order(given | {"t0": (6, 1, 3, 3)}, own) is None
    assert by_order({**given, "more": (1,)}, own) is None


def test_own_names_that_torchvision_uses_too_are_the_networks_own() -> None:
    """A dense layer may be called fc here as there."""
    network = Network(
        name="a",
        input=Input(1, 2, 2),
        task=Classification(2),
        stack=(nodes.Flatten(id="flatten-1"), nodes.Dense(id="fc", units=2)),
    )
    own = parameter_shapes(network)
    assert recognized(own, network, own).key == "own"
    assert compare({name: torch.zeros(shape) for name, shape in own.items()}, network).complete
