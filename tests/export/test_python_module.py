import ast
import json
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings

from cnnplay.data.fitting import to_input
from cnnplay.export.formats import export
from cnnplay.export.python_module import source
from cnnplay.export.trained import TrainedNetwork
from cnnplay.modules.build import build
from cnnplay.modules.names import attribute_names
from cnnplay.modules.weights import weights_of
from cnnplay.network import nodes
from cnnplay.network.network import Classification, Input, Network
from cnnplay.spec.preprocessing import Preprocessing
from tests.strategies import networks

# Runs in an interpreter with torch and without cnnplay: no site folder, no environment, no current folder.
ELSEWHERE = """
import importlib.util, json, sys
sys.path.append({site!r})
sys.modules["cnnplay"] = None
import numpy, torch
torch.set_num_threads(1)
spec = importlib.util.spec_from_file_location("exported", {path!r})
exported = importlib.util.module_from_spec(spec)
spec.loader.exec_module(exported)
model = exported.load_model()
assert not model.training
with torch.no_grad():
    logits = model(torch.from_numpy(numpy.load({images!r})))
numpy.save({logits!r}, logits.numpy())
used = sorted(name for name in sys.modules if name.split(".")[0] == "cnnplay")
print(json.dumps([exported.CLASSES, exported.PREPROCESSING, used]))
"""


def test_a_module_finds_weights_with_the_alternative_name(tmp_path: Path) -> None:
    network = _tiny()
    module = build(network, seed=3).eval()
    (tmp_path / "net.pt").write_bytes(b"another export's weights")
    export(TrainedNetwork(network=network, weights=weights_of(module)), "python", tmp_path / "net.py")
    x = torch.ones(1, 1, 2, 2)
    logits, _ = _run_elsewhere(tmp_path / "net.py", x.numpy())
    with torch.no_grad():
        assert np.allclose(logits, module(x).numpy(), atol=1e-6)
    assert (tmp_path / "net.pt").read_bytes() == b"another export's weights"


def test_a_state_dict_exported_over_its_weights_loads_into_the_module(tmp_path: Path) -> None:
    network = _tiny()
    module = build(network, seed=3).eval()
    trained = TrainedNetwork(network=network, weights=weights_of(module))
    export(trained, "python", tmp_path / "net.py")
    export(trained, "pt", tmp_path / "net.pt")
    x = torch.ones(1, 1, 2, 2)
    logits, _ = _run_elsewhere(tmp_path / "net.py", x.numpy())
    with torch.no_grad():
        assert np.allclose(logits, module(x).numpy(), atol=1e-6)


def _tiny() -> Network:
    return Network(
        name="n",
        input=Input(1, 2, 2),
        task=Classification(2),
        stack=(nodes.Flatten(id="flatten-1"), nodes.Dense(id="dense-1", units=2)),
    )


def _run_elsewhere(path: Path, images: Any) -> tuple[Any, Any]:
    """The logits, and the classes and preprocessing that the module states."""
    np.save(path.with_name("images.npy"), images)
    script = ELSEWHERE.format(
        site=sysconfig.get_path("purelib"),
        path=str(path),
        images=str(path.with_name("images.npy")),
        logits=str(path.with_name("logits.npy")),
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-W", "error", "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return np.load(path.with_name("logits.npy")), json.loads(done.stdout)


def _imported(path: Path) -> Any:
    scope: dict[str, Any] = {"__file__": str(path), "__name__": "exported"}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), scope)
    return scope


@pytest.mark.slow
def test_every_preset_gives_the_modules_logits_from_its_code(case: Any, tmp_path: Path) -> None:
    result = export(case.network, "python", tmp_path / "net.py")
    with torch.no_grad():
        found = _imported(result.path)["load_model"]()(torch.from_numpy(case.images)).numpy()
    np.testing.assert_allclose(found, case.logits, rtol=0, atol=1e-4)
    result.also[0].unlink()  # pytest keeps the files in tmp_path


ODD = Network(
    name='odd """ + exit(1) #\n{parameters}',
    input=Input(3, 9, 7),
    task=Classification(4),
    stack=(
        nodes.Convolution(
            id="train", filters=6, kernel_size=(4, 3), stride=(2, 1), groups=3, dilation=(1, 2), bias=False
        ),
        nodes.MaxPooling(id="forward", kernel_size=(2, 2), stride=(1, 1), padding="same"),
        nodes.AveragePooling(id="class", kernel_size=(2, 4), stride=(1, 1), padding="same"),
        nodes.BatchNormalisation(id="batch-norm-1", eps=1e-3, momentum=0.25, affine=False),
        nodes.Branches(
            id="x",
            branches=(
                (nodes.GELU(id="gelu-1"),),
                (nodes.LeakyReLU(id="leaky-relu-1", negative_slope=0.25),),
                (nodes.Skip(id="self", body=(nodes.Tanh(id="tanh-1"),)),),
            ),
        ),
        nodes.TransposedConvolution(
            id="transposed-conv-1",
            filters=4,
            kernel_size=(3, 2),
            stride=(2, 3),
            padding=(1, 0),
            output_padding=(1, 2),
            groups=2,
        ),
        nodes.Skip(
            id="x-2",
            merge="concatenate",
            body=(nodes.Sigmoid(id="sigmoid-1"),),
            shortcut=(nodes.Convolution(id="conv-1", filters=2, kernel_size=(1, 1)),),
        ),
        nodes.Branches(
            id="branches-1", merge="add", branches=((nodes.ReLU(id="relu-1"),), (nodes.SiLU(id="silu-1"),))
        ),
        nodes.Upsampling(id="upsample-1", scale=(2, 1), mode="bilinear"),
        nodes.Upsampling(id="upsample-2", scale=(1, 2)),
        nodes.LocalResponseNormalisation(id="lrn-1", size=3, alpha=0.5, beta=0.5, k=1.5),
        nodes.Dropout(id="dropout-1", p=0.25),
        nodes.MaxPooling(id="max-pool-1", kernel_size=(3, 2), stride=(2, 1), padding=(1, 0)),
        nodes.GlobalAveragePooling(id="global-avg-pool-1"),
        nodes.Flatten(id="flatten-1"),
        nodes.Dense(id="dense-1", units=4, bias=False),
        nodes.BatchNormalisation(id="batch-norm-2"),
    ),
)
CLASSES = ("a", 'b"', "c'\\", "ß\n")
PREPROCESSING = Preprocessing(input=(3, 9, 7), mean=(0.1, 0.2, 0.3), std=(0.5, 0.25, 1.0))


def _odd() -> TrainedNetwork:
    module = build(ODD, seed=2)
    x = torch.randn(6, 3, 9, 7, generator=torch.Generator().manual_seed(3))
    module(x)
    return TrainedNetwork(
        network=ODD,
        weights=weights_of(module),
        preprocessing=PREPROCESSING,
        classes=CLASSES,
        trained=True,
    )


def test_the_module_runs_without_cnnplay_and_gives_the_same_logits(tmp_path: Path) -> None:
    odd = _odd()
    export(odd, "python", tmp_path / "my-net.py")
    x = np.random.default_rng(0).standard_normal((3, 3, 9, 7)).astype(np.float32)
    found, (classes, preprocessing, used) = _run_elsewhere(tmp_path / "my-net.py", x)
    module = build(ODD)
    module.load_state_dict(odd.weights or {})
    expected = module.eval()(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
    assert tuple(classes) == CLASSES
    assert msgspec.convert(preprocessing, Preprocessing) == PREPROCESSING
    assert used == ["cnnplay"]  # the bar put there by the test


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks())
def test_the_code_of_random_networks_gives_the_same_results_as_their_modules(network: Network) -> None:
    module = build(network, seed=1).eval()
    scope: dict[str, Any] = {"__file__": "net.py", "__name__": "exported"}
    exec(source(TrainedNetwork(network=network), module), scope)
    net = scope["Net"]().eval()
    names = attribute_names(network)
    for node_id, name in names.items():
        getattr(net, name).load_state_dict(module.layer(node_id).state_dict())
    x = torch.randn(2, *network.input.shape, generator=torch.Generator().manual_seed(0))
    assert torch.equal(net(x), module(x))


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    export(_odd(), "python", tmp_path / "a.py")
    tree = ast.parse((tmp_path / "a.py").read_text(encoding="utf-8"))
    kinds = [type(statement).__name__ for statement in tree.body]
    imports = ["ImportFrom", "Import", "Import", "ImportFrom"]
    assert kinds == ["Expr", *imports, *["Assign"] * 3, "ClassDef", "FunctionDef", "FunctionDef", "If"]


def test_without_data_the_code_says_so_and_has_no_preprocessing(tmp_path: Path) -> None:
    plain = Network(
        name="plain",
        input=Input(1, 4, 4),
        task=Classification(2),
        stack=(nodes.Flatten(id="flatten-1"), nodes.Dense(id="dense-1", units=2)),
    )
    export(TrainedNetwork(network=plain), "python", tmp_path / "a.py", seed=9)
    text = (tmp_path / "a.py").read_text(encoding="utf-8")
    assert "functional" not in text
    scope = _imported(tmp_path / "a.py")
    assert scope["CLASSES"] == ()
    assert scope["PREPROCESSING"] is None
    assert "preprocess" not in scope
    x = torch.ones(1, 1, 4, 4)
    assert torch.equal(scope["load_model"]()(x), build(plain, seed=9)(x))


@pytest.mark.parametrize(
    ("size", "shape", "channels"),
    [((1, 28, 28), (1, 32, 32), 1), ((3, 40, 50), (1, 32, 32), 1), ((1, 9, 9), (3, 12, 6), 3)],
)
def test_preprocess_follows_the_stated_rule(
    tmp_path: Path, size: tuple[int, ...], shape: tuple[int, int, int], channels: int
) -> None:
    network = Network(
        name="n",
        input=Input(*shape),
        task=Classification(2),
        stack=(nodes.Flatten(id="flatten-1"), nodes.Dense(id="dense-1", units=2)),
    )
    rule = Preprocessing(input=shape, mean=(0.2,) * channels, std=(0.5,) * channels)
    export(TrainedNetwork(network=network, preprocessing=rule), "python", tmp_path / "a.py")
    image = np.random.default_rng(1).integers(0, 256, (*size[1:], size[0]), dtype=np.uint8)
    given = torch.from_numpy(image.transpose(2, 0, 1) / 255.0)
    found = _imported(tmp_path / "a.py")["preprocess"](given)
    # The application rounds to bytes after each step: two of them, over a deviation of 0.5.
    np.testing.assert_allclose(found.numpy(), to_input(image, rule), rtol=0, atol=4 / 255)
