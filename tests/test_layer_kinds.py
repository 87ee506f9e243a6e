"""Every layer kind of the table on every side: files, shapes, formulas, torch, ONNX, Python code, cards."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch

from cnnplay.export.onnx_graph import model_of
from cnnplay.export.onnx_layers import WRITERS
from cnnplay.export.python_layers import EXPRESSIONS
from cnnplay.export.python_module import source
from cnnplay.export.trained import TrainedNetwork
from cnnplay.modules.build import build
from cnnplay.modules.layers import LAYERS
from cnnplay.network.codec import decode, encode
from cnnplay.network.describe import detail, title
from cnnplay.network.fields import fields_of
from cnnplay.network.kinds import LEAF_KINDS, Kind
from cnnplay.network.network import Network, Place, leaves
from cnnplay.network.nodes import Node
from cnnplay.search.space import Choices, Space
from cnnplay.search.variables import variables
from cnnplay.shapes.formulas import formulas
from cnnplay.shapes.head import head_for
from cnnplay.shapes.infer import infer
from cnnplay.shapes.layer_formulas import LAYER_FORMULAS
from cnnplay.shapes.leaves import RULES
from cnnplay.shapes.suggest import new_nodes
from cnnplay.ui.build.palette_search import kind_help, matching_kinds
from tests.shapes.helpers import network_of

IMAGE = (12, 6, 5)

TABLES: dict[str, Mapping[type, Any]] = {
    "shapes": RULES,
    "formulas": LAYER_FORMULAS,
    "torch": LAYERS,
    "ONNX": WRITERS,
    "Python code": EXPRESSIONS,
}

every_kind = pytest.mark.parametrize("kind", LEAF_KINDS, ids=lambda kind: kind.tag)


def _network(kind: Kind) -> tuple[Network, Node]:
    """A network with a node of this kind, as inserted by the window at its start, and that node."""
    empty = network_of(image=IMAGE)
    stack = new_nodes(kind.tag, empty, Place("", 0, 0))
    output = infer(network_of(*stack, image=IMAGE)).output
    assert output is not None
    network = network_of(*stack, *(head_for(output, 10) or ()), image=IMAGE)
    (node,) = (node for node in leaves(network) if type(node) is kind.type and _is_first(network, node))
    return network, node


def _is_first(network: Network, node: Node) -> bool:
    return next(other for other in leaves(network) if type(other) is type(node)) is node


def _images(count: int = 3) -> torch.Tensor:
    return torch.randn(count, *IMAGE, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES.keys())
def test_each_side_has_a_row_for_every_kind_and_no_other(table: Mapping[type, Any]) -> None:
    assert set(table) == {kind.type for kind in LEAF_KINDS}


@every_kind
def test_a_kind_survives_its_file_and_is_found_in_the_palette(kind: Kind) -> None:
    network, node = _network(kind)
    assert decode(encode(network)) == network
    assert f'"kind": "{kind.tag}"'.encode() in encode(network)
    assert kind in matching_kinds(kind.title)
    assert kind.title in kind_help(kind)
    assert title(node) in (node.id, kind.name)
    lengths = [len(text) for text in kind.details(node)]
    assert lengths == sorted(lengths, reverse=True)
    assert detail(node) == (kind.details(node) or ("",))[0]


@every_kind
def test_a_kinds_shapes_and_costs_are_torchs_and_its_function_or_size_is_explained(kind: Kind) -> None:
    network, node = _network(kind)
    report = infer(network)
    assert report.valid
    module = build(network, seed=0).eval()
    _, seen = module.trace(_images(), [node.id])
    assert tuple(seen[node.id].shape[1:]) == report.nodes[node.id].output
    assert report.nodes[node.id].parameters == sum(p.numel() for p in module.layer(node.id).parameters())
    names = [formula.name for formula in formulas(report, node.id)]
    assert [name for name in names if name in ("function", "multiply-adds") or name.startswith("output")]
    assert "parameters" in names


@every_kind
def test_onnxruntime_and_the_python_code_compute_what_torch_does(kind: Kind) -> None:
    network, _ = _network(kind)
    module = build(network, seed=1).eval()
    _draw_statistics(module)
    with torch.no_grad():
        expected = module(_images()).numpy()
    session = onnxruntime.InferenceSession(
        model_of(module, {}).SerializeToString(), providers=["CPUExecutionProvider"]
    )
    for count in (3, 1):
        (found,) = session.run(["logits"], {"pictures": _images(3).numpy()[:count]})
        np.testing.assert_allclose(found, expected[:count], rtol=0, atol=1e-5)
    scope: dict[str, Any] = {"__file__": "net.py", "__name__": "exported"}
    exec(source(TrainedNetwork(network=network), module), scope)
    copy = scope["Net"]().eval()
    copy.load_state_dict({name.replace("-", "_"): value for name, value in module.state_dict().items()})
    with torch.no_grad():
        np.testing.assert_array_equal(copy(_images()).numpy(), expected)


def _draw_statistics(module: torch.nn.Module) -> None:
    """Other numbers than ones and zeros in scales, shifts and statistics."""
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for tensor in module.state_dict().values():
            if tensor.is_floating_point() and tensor.dim() == 1:
                tensor.copy_(torch.rand(tensor.shape, generator=generator) + 0.5)


@every_kind
def test_a_kind_trains_in_place_as_it_does_layer_by_layer_and_draws_from_no_global_generator(
    kind: Kind,
) -> None:
    network, _ = _network(kind)
    before = torch.get_rng_state()
    module = build(network, seed=0).train()
    assert torch.equal(before, torch.get_rng_state())
    results = []
    for run in (module, lambda images: module.trace(images, ())[0]):
        module.zero_grad()
        torch.manual_seed(0)
        logits = run(_images())
        logits.square().sum().backward()
        results.append([logits.detach(), *(weight.grad for weight in module.parameters())])
    assert all(torch.equal(one, other) for one, other in zip(*results, strict=True))


@every_kind
def test_the_traits_of_a_kind_are_true(kind: Kind) -> None:
    network, node = _network(kind)
    report = infer(network).nodes[node.id]
    module = build(network, seed=0)
    layer = module.layer(node.id)
    _, seen = module.eval().trace(_images() * 30, [node.id])
    output = seen[node.id]
    if kind.keeps_shape:
        assert report.output == report.input
    if kind.bounds:
        assert kind.bounds[0] <= output.min() < output.max() <= kind.bounds[1]
    if kind.outputs:
        assert report.output is not None
        assert getattr(node, kind.outputs) == report.output[0]
    assert kind.running_statistics == any(name.startswith("running_") for name, _ in layer.named_buffers())
    if kind.has_kernels:
        assert layer.get_parameter("weight").dim() == 4
    x = torch.randn(64, *(report.input or ()))
    different = not torch.equal(layer.train()(x), layer(x))
    assert kind.is_random(node) == different
    assert kind.spatial == bool(_problems_on_a_vector(kind))


def _problems_on_a_vector(kind: Kind) -> list[str]:
    """What is wrong with the kind after a flatten."""
    report = infer(network_of(*_on_a_vector(kind), image=IMAGE))
    return [problem.message for problem in report.problems if problem.field == "input"]


def _on_a_vector(kind: Kind) -> Iterator[Node]:
    flat = network_of(*new_nodes("flatten", network_of(image=IMAGE), Place("", 0, 0)), image=IMAGE)
    yield from flat.stack
    yield from new_nodes(kind.tag, flat, Place("", 0, 1))


@every_kind
def test_a_search_can_vary_every_field_of_a_kind(kind: Kind) -> None:
    network, node = _network(kind)
    for field in fields_of(kind.type):
        default = getattr(node, field.name)
        value = default[0] if isinstance(default, tuple) else default
        space = Space(vary={f"{node.id}.{field.name}": Choices(choices=(value,))})
        (variable,) = variables(space, network, "space.json")
        assert (variable.node, variable.field) == (node.id, field)
