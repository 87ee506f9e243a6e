import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from safetensors import SafetensorError, safe_open

from cnnplay.export import weight_files
from cnnplay.export.catalog import FORMATS
from cnnplay.export.formats import export
from cnnplay.export.sidecar import files_to_replace
from cnnplay.export.trained import ExportError, ExportWriteError, TrainedNetwork
from cnnplay.modules.build import build
from cnnplay.modules.weights import build_with_weights, compare, parameter_shapes, weights_of
from cnnplay.network import codec, nodes
from cnnplay.network.edits import replace_field
from cnnplay.network.network import Classification, Input, Network
from cnnplay.network.presets import preset
from cnnplay.project.weights_file import facts_of, read
from cnnplay.shapes.suggest import replace_head
from cnnplay.spec.preprocessing import Preprocessing
from tests.modules.test_weight_names import PUBLISHED

NETWORK = Network(
    name="small",
    input=Input(1, 8, 8),
    task=Classification(3),
    stack=(
        nodes.Convolution(id="conv-1", filters=4),
        nodes.BatchNormalisation(id="batch-norm-1"),
        nodes.Flatten(id="flatten-1"),
        nodes.Dense(id="dense-1", units=3),
    ),
)
PREPROCESSING = Preprocessing(input=(1, 8, 8), mean=(0.25,), std=(0.5,))
TRAINED = TrainedNetwork(
    network=NETWORK,
    weights=weights_of(build(NETWORK, seed=4)),
    preprocessing=PREPROCESSING,
    classes=("a", 'b "quoted"', "ß"),
    trained=True,
)


def _same(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> bool:
    return found.keys() == expected.keys() and all(torch.equal(found[k], expected[k]) for k in expected)


def test_safetensors_hold_the_weights_and_the_facts_as_metadata(tmp_path: Path) -> None:
    result = export(TRAINED, "safetensors", tmp_path / "a.safetensors")
    assert (result.format, result.trained, result.also) == ("safetensors", True, ())
    assert result.bytes == result.path.stat().st_size
    with safe_open(result.path, framework="pt") as file:
        found = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (no dict)
        facts = file.metadata()
    assert TRAINED.weights is not None
    assert _same(found, TRAINED.weights)
    assert json.loads(facts["classes"]) == list(TRAINED.classes)
    assert msgspec.json.decode(facts["preprocessing"], type=Preprocessing) == PREPROCESSING
    assert codec.decode(facts["network"]) == NETWORK
    assert facts["trained"] == "true"


def test_a_state_dict_loads_without_unpickling_and_has_a_sidecar_with_its_facts(tmp_path: Path) -> None:
    result = export(TRAINED, "pt", tmp_path / "a.pt")
    assert TRAINED.weights is not None
    assert _same(torch.load(result.path, weights_only=True), TRAINED.weights)
    assert result.also == (tmp_path / "a.json",)
    facts = json.loads(result.also[0].read_text(encoding="utf-8"))
    assert facts["classes"] == list(TRAINED.classes)
    assert facts["preprocessing"] == {"input": [1, 8, 8], "mean": [0.25], "std": [0.5]}
    assert codec.convert(facts["network"]) == NETWORK
    assert facts["trained"] is True


@pytest.mark.parametrize("key", ["safetensors", "pt", "python"])
def test_without_weights_random_ones_for_the_seed_are_exported_and_marked_untrained(
    tmp_path: Path, key: str
) -> None:
    untrained = TrainedNetwork(network=NETWORK)
    result = export(untrained, key, tmp_path / "a.bin", seed=7)
    assert not result.trained
    if key == "pt":
        assert _same(torch.load(result.path, weights_only=True), weights_of(build(NETWORK, seed=7)))


def test_weights_of_another_network_are_refused_and_named(tmp_path: Path) -> None:
    weights = dict(TRAINED.weights or {})
    weights["dense-1.weight"] = torch.zeros(3, 7)
    odd = msgspec.structs.replace(TRAINED, weights=weights)
    with pytest.raises(ExportError, match=r"dense-1\.weight: expected 3 × 256; found 3 × 7"):
        export(odd, "pt", tmp_path / "a.pt")
    assert list(tmp_path.iterdir()) == []


def test_a_network_with_problems_and_a_wrong_number_of_classes_are_refused(tmp_path: Path) -> None:
    invalid = msgspec.structs.replace(NETWORK, stack=NETWORK.stack[:2])
    with pytest.raises(ExportError, match="cannot be built"):
        export(TrainedNetwork(network=invalid), "pt", tmp_path / "a.pt")
    with pytest.raises(ExportError, match="expected 3 class names"):
        export(TrainedNetwork(network=NETWORK, classes=("a",)), "pt", tmp_path / "a.pt")


def test_paths_that_cannot_be_written_are_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="found a folder"):
        export(TRAINED, "pt", tmp_path)
    with pytest.raises(ExportError, match="existing folder"):
        export(TRAINED, "pt", tmp_path / "nowhere" / "a.pt")
    with pytest.raises(ExportError, match=r"other than \.json"):
        export(TRAINED, "pt", tmp_path / "a.json")
    with pytest.raises(ExportError, match=r"other than \.pt"):
        export(TRAINED, "python", tmp_path / "a.pt")
    with pytest.raises(ExportError, match=r"expected a format .*safetensors.*caffe"):
        export(TRAINED, "caffe", tmp_path / "a.pt")


@pytest.mark.parametrize("key", ["safetensors", "pt", "python"])
def test_a_failed_export_leaves_the_existing_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    path = tmp_path / "a.bin"
    export(TRAINED, key, path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    other = msgspec.structs.replace(TRAINED, weights=weights_of(build(NETWORK, seed=5)))
    with pytest.raises(ExportWriteError, match=r"a\.bin: cannot be written: No space left on device"):
        export(other, key, path)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_write_errors_of_the_libraries_become_export_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise SafetensorError("I/O error: No space left on device")

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("PytorchStreamWriter failed writing file\nat line 1")

    monkeypatch.setattr(weight_files, "write_tensors", full)
    monkeypatch.setattr(torch, "save", broken)
    with pytest.raises(ExportWriteError, match="No space left"):
        export(TRAINED, "safetensors", tmp_path / "a.safetensors")
    with pytest.raises(ExportWriteError, match=r"failed writing file$"):
        export(TRAINED, "pt", tmp_path / "a.pt")
    assert list(tmp_path.iterdir()) == []


def test_exported_weights_fit_the_network_again(tmp_path: Path) -> None:
    export(TRAINED, "python", tmp_path / "a.py")
    assert compare(torch.load(tmp_path / "a.pt", weights_only=True), NETWORK).complete


def test_a_sidecar_replaces_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("mine")
    first = export(TRAINED, "pt", tmp_path / "a.pt")
    second = export(TRAINED, "python", tmp_path / "a.py")
    assert (first.also, second.also) == ((tmp_path / "a.pt.json",), (tmp_path / "a.py.pt",))
    assert (tmp_path / "a.json").read_text() == "mine"
    assert torch.load(tmp_path / "a.pt", weights_only=True).keys() == parameter_shapes(NETWORK).keys()
    assert facts_of(tmp_path / "a.pt").classes == TRAINED.classes


def test_a_repeated_export_replaces_no_sidecar_that_it_did_not_write(tmp_path: Path) -> None:
    """The user agreed to replace model.pt and net.py, and was not asked about the others."""
    for name in ("model.pt", "model.json", "net.py", "net.pt"):
        (tmp_path / name).write_text('{"layers": 5}')
    for _ in range(2):
        assert export(TRAINED, "pt", tmp_path / "model.pt").also == (tmp_path / "model.pt.json",)
        assert export(TRAINED, "python", tmp_path / "net.py").also == (tmp_path / "net.py.pt",)
    assert (tmp_path / "model.json").read_text() == (tmp_path / "net.pt").read_text() == '{"layers": 5}'


def test_an_export_is_refused_if_both_names_of_its_sidecar_are_taken(tmp_path: Path) -> None:
    for name in ("a.json", "a.pt.json", "b.pt", "b.py.pt"):
        (tmp_path / name).write_text("mine")
    names = {"a.pt": r"a\.json and a\.pt\.json", "b.py": r"b\.pt and b\.py\.pt"}
    for key, path in (("pt", "a.pt"), ("python", "b.py")):
        with pytest.raises(ExportError, match=names[path]):
            export(TRAINED, key, tmp_path / path)
        assert not (tmp_path / path).exists()
    assert all(file.read_text() == "mine" for file in tmp_path.iterdir())


def test_the_files_that_an_export_would_replace_are_known_before(tmp_path: Path) -> None:
    assert files_to_replace("pt", tmp_path / "a.pt") == ()
    export(TRAINED, "pt", tmp_path / "a.pt")
    assert files_to_replace("pt", tmp_path / "a.pt") == (tmp_path / "a.pt", tmp_path / "a.json")
    assert files_to_replace("python", tmp_path / "a.py") == ()
    export(TRAINED, "python", tmp_path / "a.py")
    assert files_to_replace("python", tmp_path / "a.py") == (tmp_path / "a.py", tmp_path / "a.py.pt")
    assert files_to_replace("onnx", tmp_path / "a.pt") == (tmp_path / "a.pt",)


def test_a_repeated_export_replaces_its_sidecar(tmp_path: Path) -> None:
    for _ in range(2):
        assert export(TRAINED, "pt", tmp_path / "a.pt").also == (tmp_path / "a.json",)
        assert export(TRAINED, "python", tmp_path / "b.py").also == (tmp_path / "b.pt",)
    for _ in range(2):
        assert export(TRAINED, "python", tmp_path / "a.py").also == (tmp_path / "a.py.pt",)


def test_code_exported_by_an_earlier_version_is_recognized(tmp_path: Path) -> None:
    """The first line and the WEIGHTS line are as earlier versions wrote them."""
    header = '"""lenet: a convolutional network written by CNN Playground. It needs torch alone.\n\n"""\n'
    for weights, line in (
        ("a.pt", 'WEIGHTS = Path(__file__).with_suffix(".pt")'),
        ("b.py.pt", 'WEIGHTS = Path(__file__ + ".pt")'),
    ):
        code = tmp_path / f"{weights[0]}.py"
        code.write_text(f"{header}\n{line}\n", encoding="utf-8")
        (tmp_path / weights).write_bytes(b"weights")
        assert files_to_replace("python", code) == (code, tmp_path / weights)


def test_each_format_has_one_key_one_suffix_and_a_writer() -> None:
    assert list(FORMATS) == ["safetensors", "pt", "torchvision", "onnx", "python", "project", "json", "csv"]
    assert len({form.suffix for form in FORMATS.values()}) == len(FORMATS)
    assert all(callable(form.load()) for form in FORMATS.values())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no such device here")
@pytest.mark.parametrize("form", ["pt", "python"])
def test_a_full_disk_is_reported_as_such_and_not_by_a_line_of_torch(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = weight_files.torch.save
    monkeypatch.setattr(weight_files.torch, "save", lambda weights, file: _fill(save, weights, file))
    with pytest.raises(ExportWriteError, match=r"cannot be written: No space left on device$"):
        export(TRAINED, form, tmp_path / "a.out")
    assert list(tmp_path.iterdir()) == []


def _fill(save: Callable[..., None], weights: object, file: Any) -> None:
    """Makes torch write to a full device instead of the file, by path or handle."""
    if isinstance(file, Path):
        save(weights, "/dev/full")
        return
    with Path("/dev/full").open("wb") as full:
        os.dup2(full.fileno(), file.fileno())
    save(weights, file)


@pytest.mark.parametrize(
    ("key", "model", "classes"), [("resnet-18", "resnet18", 1000), ("resnet-34", "resnet34", 7)]
)
def test_torchvisions_names_and_shapes_are_written_exactly(
    key: str, model: str, classes: int, tmp_path: Path
) -> None:
    network = replace_head(preset(key).network, classes).network
    export(TrainedNetwork(network=network), "torchvision", tmp_path / "a.pth", seed=1)
    written = torch.load(tmp_path / "a.pth", weights_only=True)
    expected = {name: tuple(shape) for name, shape in PUBLISHED[model].items()}
    expected |= {"fc.weight": (classes, 512), "fc.bias": (classes,)}
    assert {name: tuple(tensor.shape) for name, tensor in written.items()} == expected
    assert list(written) == list(PUBLISHED[model])
    again, result = build_with_weights(read(tmp_path / "a.pth"), network)
    assert result.complete
    assert torch.equal(again.state_dict()["conv-3.weight"], written["layer1.0.conv2.weight"])


def test_a_network_that_torchvision_has_not_is_not_written_under_its_names(tmp_path: Path) -> None:
    changed = replace_field(preset("resnet-18").network, "conv-1", "stride", (1, 1)).network
    smaller = msgspec.structs.replace(preset("vgg-16").network, input=Input(3, 64, 64))
    for network in (preset("lenet-5").network, changed, smaller):
        with pytest.raises(ExportError, match="torchvision has no model with these layers"):
            export(TrainedNetwork(network=network), "torchvision", tmp_path / "a.pth")
    assert list(tmp_path.iterdir()) == []
