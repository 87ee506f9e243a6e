import json
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from safetensors.torch import load as from_safetensors
from safetensors.torch import save as to_safetensors

from cnnplay.modules.build import build
from cnnplay.modules.trained_weights import WHICH, TrainedWeights
from cnnplay.modules.weights import Weights, weights_of
from cnnplay.network import nodes
from cnnplay.network.presets import preset
from cnnplay.project.document import project_json
from cnnplay.project.errors import ProjectError, ProjectWriteError
from cnnplay.project.project import Project
from cnnplay.project.store import load, save, save_json
from cnnplay.project.tensors import TYPES, to_pieces
from cnnplay.spec.settings import TrainConfig


def _same(found: Weights | None, expected: Weights | None) -> bool:
    if found is None or expected is None:
        return found is expected
    return list(found) == list(expected) and all(torch.equal(found[key], expected[key]) for key in expected)


def _equal(found: Project, expected: Project) -> bool:
    """NaN in the history compares by what is printed."""
    fields = ("network", "config", "data_key", "view")
    return (
        all(getattr(found, field) == getattr(expected, field) for field in fields)
        and repr(found.history) == repr(expected.history)
        and _equally_trained(found.trained, expected.trained)
    )


def _equally_trained(found: TrainedWeights | None, expected: TrainedWeights | None) -> bool:
    if found is None or expected is None:
        return found is expected
    fields = ("network", "config", "facts", "best_epoch", "last_epoch")
    return all(getattr(found, field) == getattr(expected, field) for field in fields) and all(
        _same(found.get(which), expected.get(which)) for which in WHICH
    )


def _trained(project: Project) -> TrainedWeights:
    assert project.trained is not None
    return project.trained


def _with(project: Project, **changes: Any) -> Project:
    """The project with other trained weights."""
    return msgspec.structs.replace(project, trained=replace(_trained(project), **changes))


def test_a_project_comes_back_as_it_was(project: Project, tmp_path: Path) -> None:
    save(project, tmp_path / "a.cnnplay")
    assert _equal(load(tmp_path / "a.cnnplay"), project)


def test_a_new_project_without_weights_and_history_comes_back(tmp_path: Path) -> None:
    fresh = Project(network=preset("vgg-16").network)
    save(fresh, tmp_path / "a.cnnplay")
    with zipfile.ZipFile(tmp_path / "a.cnnplay") as archive:
        assert archive.namelist() == ["project.json"]
    assert _equal(load(tmp_path / "a.cnnplay"), fresh)


def test_a_half_finished_network_and_settings_out_of_limits_are_kept(tmp_path: Path) -> None:
    network = msgspec.structs.replace(
        preset("lenet-5").network, stack=(nodes.Convolution(id="conv-1", filters=0, kernel_size=(99, 99)),)
    )
    faulty = Project(network=network, config=TrainConfig(batch_size=0))
    save(faulty, tmp_path / "a.cnnplay")
    assert _equal(load(tmp_path / "a.cnnplay"), faulty)


def test_a_network_edited_after_training_is_kept_beside_the_trained_one(
    project: Project, tmp_path: Path
) -> None:
    trained = replace(_trained(project), config=TrainConfig())
    edited = msgspec.structs.replace(project, network=preset("mlp").network, trained=trained)
    save(edited, tmp_path / "a.cnnplay")
    found = load(tmp_path / "a.cnnplay")
    assert _equal(found, edited)
    assert _trained(found).network == project.network


def test_in_a_file_without_last_weights_the_best_stand_in_for_them(project: Project, tmp_path: Path) -> None:
    save(project, tmp_path / "a.cnnplay")
    with (
        zipfile.ZipFile(tmp_path / "a.cnnplay") as whole,
        zipfile.ZipFile(tmp_path / "b.cnnplay", "w") as part,
    ):
        for name in whole.namelist():
            if name != "weights.safetensors":
                part.writestr(name, whole.read(name))
    found = _trained(load(tmp_path / "b.cnnplay"))
    assert _same(found.last, _trained(project).best)
    assert _same(found.averaged, _trained(project).averaged)


def test_batch_norms_statistics_travel_too(tmp_path: Path) -> None:
    network = preset("mini-resnet").network
    module = build(network, seed=0)
    module(torch.randn(4, *network.input.shape, generator=torch.Generator().manual_seed(0)))
    trained = TrainedWeights(network, TrainConfig(), None, weights_of(module))
    save(Project(network=network, trained=trained), tmp_path / "a.cnnplay")
    found = _trained(load(tmp_path / "a.cnnplay")).last
    assert _same(found, trained.last)
    assert int(found["batch-norm-1.num_batches_tracked"]) == 1


def test_the_same_project_gives_the_same_bytes(project: Project, tmp_path: Path) -> None:
    save(project, tmp_path / "a.cnnplay")
    save(load(tmp_path / "a.cnnplay"), tmp_path / "b.cnnplay")
    assert (tmp_path / "a.cnnplay").read_bytes() == (tmp_path / "b.cnnplay").read_bytes()


def test_weights_that_are_not_finite_are_kept(project: Project, tmp_path: Path) -> None:
    weights = _trained(project).last | {"conv-1.bias": torch.full((6,), float("nan"))}
    save(_with(project, last=weights), tmp_path / "a.cnnplay")
    found = _trained(load(tmp_path / "a.cnnplay")).last
    assert found["conv-1.bias"].isnan().all()


def test_weights_that_do_not_belong_are_refused_on_saving(project: Project, tmp_path: Path) -> None:
    weights = _trained(project).last | {"conv-1.bias": torch.zeros(7)}
    with pytest.raises(ProjectError, match=r"a\.cnnplay: weights\.safetensors: .*expected 6; found 7"):
        save(_with(project, last=weights), tmp_path / "a.cnnplay")
    assert list(tmp_path.iterdir()) == []


def test_a_view_of_other_than_plain_values_is_refused_on_saving(project: Project, tmp_path: Path) -> None:
    odd = msgspec.structs.replace(project, view={"x": object()})  # type: ignore[dict-item]
    with pytest.raises(ProjectError, match="view: expected JSON values"):
        save(odd, tmp_path / "a.cnnplay")


@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_weights_in_pieces_are_what_the_safetensors_library_writes(dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(0)
    weights = {
        "conv-1.weight": torch.randn(4, 3, 3, 3, generator=generator).to(dtype),
        "conv-1.bias": torch.randn(5, generator=generator).to(dtype),
        "batch-norm-1.num_batches_tracked": torch.tensor(7),
        "none": torch.zeros(0, 3),
    }
    pieces = to_pieces(weights)
    content = b"".join(pieces.parts)
    assert pieces.size == len(content)
    found = from_safetensors(content)
    assert found.keys() == weights.keys()
    assert all(torch.equal(found[key], weights[key]) for key in weights)
    if dtype == torch.float32:
        assert content == to_safetensors(weights, {"format": "pt"})


def test_saving_takes_no_second_copy_of_the_weights(tmp_path: Path) -> None:
    """In a process of its own, whose peak the system tells."""
    status = Path("/proc/self/status")
    if not status.exists():
        pytest.skip("the system does not tell a process's peak")
    done = subprocess.run(
        [sys.executable, "-c", SAVES_LARGE_WEIGHTS, str(tmp_path / "large.cnnplay")],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    weights, taken = map(int, done.stdout.split())
    assert weights > 100e6
    assert (tmp_path / "large.cnnplay").stat().st_size > 2 * weights
    assert taken < weights / 2


SAVES_LARGE_WEIGHTS = """
import sys
from pathlib import Path

import torch

from cnnplay.modules.trained_weights import TrainedWeights
from cnnplay.modules.weights import parameter_shapes
from cnnplay.network.network import Classification, Input, Network
from cnnplay.network.nodes import Dense, Flatten
from cnnplay.project.project import Project
from cnnplay.project.store import save
from cnnplay.spec.settings import TrainConfig


def kilobytes(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def network(units):
    layers = [Flatten(id="flatten-1")]
    layers += [Dense(id=f"dense-{n}", units=units) for n in range(8)]
    stack = (*layers, Dense(id="dense-9", units=2))
    return Network(name="large", input=Input(1, 32, 32), task=Classification(2), stack=stack)


def project(units):
    made = network(units)
    weights = {key: torch.ones(shape) for key, shape in parameter_shapes(made).items()}
    trained = TrainedWeights(made, TrainConfig(), None, weights, weights, best_epoch=1, last_epoch=1)
    return Project(network=made, trained=trained)


save(project(2), sys.argv[1])
large = project(2000)
before = kilobytes("VmRSS")
save(large, sys.argv[1])
print(sum(tensor.nbytes for tensor in large.trained.last.values()), (kilobytes("VmHWM") - before) * 1024)
"""


@pytest.mark.parametrize("moment", ["write", "replace"])
def test_saving_that_fails_leaves_the_file_before(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    path = tmp_path / "a.cnnplay"
    save(project, path)
    before = path.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    if moment == "write":
        monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    else:
        monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ProjectWriteError, match=r"a\.cnnplay: cannot be written: No space left on device$"):
        save(_with(project, best_epoch=3), path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["a.cnnplay"]


def test_project_json_is_the_archives_own(project: Project, tmp_path: Path) -> None:
    save(project, tmp_path / "a.cnnplay")
    save_json(project, tmp_path / "a.json")
    with zipfile.ZipFile(tmp_path / "a.cnnplay") as archive:
        inside = archive.read("project.json")
    assert (tmp_path / "a.json").read_bytes() == inside == project_json(project)
    data = json.loads(inside)
    assert (data["format"], data["version"], data["data"]) == ("cnnplay-project", 2, "mnist-sample")
    assert data["network"]["stack"][0]["kind"] == "conv"


def test_paths_that_cannot_be_read_or_written_are_errors(project: Project, tmp_path: Path) -> None:
    with pytest.raises(ProjectWriteError, match="nowhere"):
        save(project, tmp_path / "nowhere" / "a.cnnplay")
    with pytest.raises(ProjectWriteError, match="nowhere"):
        save_json(project, tmp_path / "nowhere" / "a.json")
    with pytest.raises(ProjectError, match=r"a\.cnnplay: cannot be read: No such file"):
        load(tmp_path / "a.cnnplay")
    with pytest.raises(ProjectError, match="cannot be read"):
        load(tmp_path)
