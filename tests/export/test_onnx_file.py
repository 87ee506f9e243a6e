import json
import logging
import threading
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from torch import nn

from cnnplay.export.catalog import FORMATS
from cnnplay.export.formats import export
from cnnplay.export.onnx_graph import model_of
from cnnplay.export.trained import ExportError, TrainedNetwork
from cnnplay.modules.build import build
from cnnplay.modules.scores import probabilities
from cnnplay.network import nodes
from cnnplay.network.network import Classification, Input, Network
from cnnplay.network.presets import preset
from cnnplay.spec.extras import PACKAGES, install_command
from tests.strategies import networks


def _run(path: Path | bytes, images: Any) -> Any:
    """The logits in onnxruntime, of a model that passes onnx's full check, with inferred shapes."""
    onnx.checker.check_model(str(path) if isinstance(path, Path) else path, full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return session.run(["logits"], {"pictures": images})[0]


@pytest.mark.slow
def test_every_preset_gives_the_modules_logits_in_onnxruntime(case: Any, tmp_path: Path) -> None:
    result = export(case.network, "onnx", tmp_path / "a.onnx")
    assert case.logits.std() > 0.01, "logits that are the same for all images would prove nothing"
    np.testing.assert_allclose(_run(result.path, case.images), case.logits, rtol=0, atol=1e-4)
    np.testing.assert_allclose(_run(result.path, case.images[:1]), case.logits[:1], rtol=0, atol=1e-4)
    result.path.unlink()  # pytest keeps the files in tmp_path


ODD = Network(
    name="odd",
    input=Input(3, 9, 7),
    task=Classification(4),
    stack=(
        nodes.Convolution(id="train", filters=6, kernel_size=(4, 3), stride=(2, 1), groups=3),
        nodes.MaxPooling(id="forward", kernel_size=(2, 2), stride=(1, 1), padding="same"),
        nodes.AveragePooling(id="class", kernel_size=(2, 4), stride=(1, 1), padding="same"),
        nodes.Branches(
            id="branches-1",
            branches=((nodes.GELU(id="gelu-1"),), (nodes.LeakyReLU(id="leaky-relu-1"),), ()),
        ),
        nodes.TransposedConvolution(id="transposed-conv-1", filters=4),
        nodes.Upsampling(id="upsample-1", mode="bilinear"),
        nodes.LocalResponseNormalisation(id="lrn-1"),
        nodes.Skip(id="skip-1", body=(nodes.SiLU(id="silu-1"), nodes.Dropout(id="dropout-1"))),
        nodes.Flatten(id="flatten-1"),
        nodes.Dense(id="dense-1", units=4),
        nodes.BatchNormalisation(id="batch-norm-1"),
    ),
)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks())
def test_random_networks_give_the_modules_logits(network: Network) -> None:
    module = build(network, seed=2).eval()
    x = torch.randn(3, *network.input.shape, generator=torch.Generator().manual_seed(0))
    model = model_of(module, {}).SerializeToString()
    np.testing.assert_allclose(_run(model, x.numpy()), module(x).detach().numpy(), rtol=1e-4, atol=1e-5)


def test_odd_padding_merges_and_ids_are_exported_correctly(tmp_path: Path) -> None:
    export(TrainedNetwork(network=ODD), "onnx", tmp_path / "a.onnx", seed=3)
    x = np.random.default_rng(0).standard_normal((3, 3, 9, 7)).astype(np.float32)
    module = build(ODD, seed=3).eval()
    expected = module(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(_run(tmp_path / "a.onnx", x), expected, rtol=0, atol=1e-5)


def test_a_network_with_one_logit_says_which_class_it_is_for(tmp_path: Path) -> None:
    network = Network(
        name="binary",
        input=Input(1, 4, 4),
        task=Classification(2),
        stack=(nodes.Flatten(id="flatten-1"), nodes.Dense(id="dense-1", units=1)),
    )
    trained = TrainedNetwork(network=network, classes=("cat", "dog"))
    result = export(trained, "onnx", tmp_path / "a.onnx", seed=1)
    model = onnx.load(result.path)
    output = model.graph.output[0].type.tensor_type.shape.dim
    assert [size.dim_value for size in output[1:]] == [1]
    rule = {entry.key: entry.value for entry in model.metadata_props}["output_rule"]
    assert "sigmoid" in rule
    assert "dog" in rule
    x = torch.rand(3, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    module = build(network, seed=1).eval()
    np.testing.assert_allclose(_run(result.path, x.numpy()), module(x).detach().numpy(), atol=1e-6)
    # The engine's own reading of the one logit.
    assert torch.allclose(probabilities(module(x))[:, 1:], torch.sigmoid(module(x)))


def test_facts_are_metadata_and_normalization_is_not_in_the_graph(tmp_path: Path) -> None:
    classes = ("a", "b", "c", "ß")
    result = export(TrainedNetwork(network=ODD, classes=classes), "onnx", tmp_path / "a.onnx")
    model = onnx.load(result.path)
    facts = {entry.key: entry.value for entry in model.metadata_props}
    assert json.loads(facts["classes"]) == list(classes)
    assert json.loads(facts["network"])["name"] == "odd"
    assert facts["trained"] == "false"
    assert [entry.name for entry in model.graph.input] == ["pictures"]
    assert model.graph.node[0].op_type == "Conv"
    sizes = model.graph.input[0].type.tensor_type.shape.dim
    assert sizes[0].dim_param
    assert [size.dim_value for size in sizes[1:]] == [3, 9, 7]


def test_without_the_extra_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cnnplay.spec.extras.find_spec", lambda name: None)
    with pytest.raises(ExportError, match=r"ONNX.* needs onnx, which is not installed") as caught:
        export(TrainedNetwork(network=ODD), "onnx", tmp_path / "a.onnx")
    assert str(caught.value).endswith(install_command("onnx"))
    assert list(tmp_path.iterdir()) == []


def test_every_extra_is_named_as_in_the_readme_and_the_project() -> None:
    root = Path(__file__).parents[2]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    readme = (root / "README.md").read_text(encoding="utf-8")
    assert install_command("onnx") in readme
    for extra, package in PACKAGES.items():
        assert f"'.[{extra}]'" in readme
        assert any(line.startswith(package) for line in project["optional-dependencies"][extra])


def test_nothing_is_printed_or_logged(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        export(TrainedNetwork(network=ODD), "onnx", tmp_path / "a.onnx")
    assert capfd.readouterr() == ("", "")
    assert caplog.messages == []


def test_exporting_during_a_training_run_disturbs_neither(tmp_path: Path) -> None:
    """torch's own exporter changes state that all threads share; this one must not."""
    network = preset("mini-resnet").network
    losses: list[list[float]] = []
    for exporting in (False, True):
        started, stop = threading.Event(), threading.Event()
        found: list[float] = []
        losses.append(found)
        thread = threading.Thread(
            target=_train, args=(network, found, started, stop, len(losses[0])), name="cnnplay-test"
        )
        thread.start()
        started.wait()
        for form in FORMATS.values() if exporting else ():
            if form.source == "weights" and not form.disabled_reason(network):
                export(TrainedNetwork(network=network), form.key, tmp_path / f"a{form.suffix}")
        stop.set()
        thread.join()
    assert losses[0] == losses[1][: len(losses[0])]


def _train(
    network: Network, losses: list[float], started: threading.Event, stop: threading.Event, least: int
) -> None:
    torch.set_num_threads(1)
    module, generator = build(network, seed=0), torch.Generator().manual_seed(0)
    x, y = torch.randn(8, *network.input.shape, generator=generator), torch.arange(8)
    optimizer = torch.optim.Adam(module.parameters())
    while not stop.is_set() or len(losses) < max(least, 5):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(module(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        started.set()


@pytest.mark.parametrize(
    "names",
    [
        ("pictures", "logits", "dense-1"),
        ("logits", "pictures", "pictures-1"),
        ("relu-1", "logits", "pictures"),
        ("a", "pictures", "logits"),
    ],
)
def test_layers_may_have_the_names_of_the_input_and_output(names: tuple[str, str, str]) -> None:
    network = Network(
        name="named",
        input=Input(1, 4, 4),
        task=Classification(3),
        stack=(
            nodes.Skip(id="skip-1", body=(nodes.Convolution(id=names[0], filters=1),)),
            nodes.Flatten(id=names[1]),
            nodes.Dense(id=names[2], units=3),
        ),
    )
    module = build(network, seed=1).eval()
    images = torch.randn(2, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    model = model_of(module, {})
    with torch.no_grad():
        expected = module(images).numpy()
    np.testing.assert_allclose(_run(model.SerializeToString(), images.numpy()), expected, atol=1e-5)
    weights = {tensor.name for tensor in model.graph.initializer}
    assert {f"{names[0]}.weight", f"{names[2]}.weight"} <= weights
