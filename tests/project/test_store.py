import json
import zipfile
from pathlib import Path

import msgspec
import pytest
import torch

from cnnplay.modules.build import build
from cnnplay.modules.weights import Weights, weights_of
from cnnplay.network import nodes
from cnnplay.network.presets import preset
from cnnplay.project.document import project_json
from cnnplay.project.errors import ProjectError, ProjectWriteError
from cnnplay.project.project import Project
from cnnplay.project.store import load, save, save_json
from cnnplay.spec.settings import TrainConfig


def _same(found: Weights | None, expected: Weights | None) -> bool:
    if found is None or expected is None:
        return found is expected
    return list(found) == list(expected) and all(torch.equal(found[key], expected[key]) for key in expected)


def _equal(found: Project, expected: Project) -> bool:
    """NaN in the history compares by what is printed."""
    fields = (
        "network", "config", "data_key", "facts", "best_epoch", "last_epoch", "trained_network",
        "trained_config", "view",
    )  # fmt: skip
    return (
        all(getattr(found, field) == getattr(expected, field) for field in fields)
        and repr(found.history) == repr(expected.history)
        and _same(found.weights, expected.weights)
        and _same(found.best, expected.best)
    )


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
    edited = msgspec.structs.replace(
        project, network=preset("mlp").network, trained_network=project.network, trained_config=TrainConfig()
    )
    save(edited, tmp_path / "a.cnnplay")
    found = load(tmp_path / "a.cnnplay")
    assert _equal(found, edited)
    assert found.network_of_weights == project.network


def test_batch_norms_statistics_travel_too(tmp_path: Path) -> None:
    network = preset("mini-resnet").network
    module = build(network, seed=0)
    module(torch.randn(4, *network.input.shape, generator=torch.Generator().manual_seed(0)))
    kept = Project(network=network, weights=weights_of(module))
    save(kept, tmp_path / "a.cnnplay")
    found = load(tmp_path / "a.cnnplay").weights
    assert _same(found, kept.weights)
    assert found is not None
    assert int(found["batch-norm-1.num_batches_tracked"]) == 1


def test_the_same_project_gives_the_same_bytes(project: Project, tmp_path: Path) -> None:
    save(project, tmp_path / "a.cnnplay")
    save(load(tmp_path / "a.cnnplay"), tmp_path / "b.cnnplay")
    assert (tmp_path / "a.cnnplay").read_bytes() == (tmp_path / "b.cnnplay").read_bytes()


def test_weights_that_are_not_finite_are_kept(project: Project, tmp_path: Path) -> None:
    weights = dict(project.weights or {})
    weights["conv-1.bias"] = torch.full((6,), float("nan"))
    save(msgspec.structs.replace(project, weights=weights), tmp_path / "a.cnnplay")
    found = load(tmp_path / "a.cnnplay").weights
    assert found is not None
    assert found["conv-1.bias"].isnan().all()


def test_weights_that_do_not_belong_are_refused_on_saving(project: Project, tmp_path: Path) -> None:
    weights = dict(project.weights or {})
    weights["conv-1.bias"] = torch.zeros(7)
    with pytest.raises(ProjectError, match=r"a\.cnnplay: weights\.safetensors: .*expected 6; found 7"):
        save(msgspec.structs.replace(project, weights=weights), tmp_path / "a.cnnplay")
    assert list(tmp_path.iterdir()) == []


def test_a_view_of_other_than_plain_values_is_refused_on_saving(project: Project, tmp_path: Path) -> None:
    odd = msgspec.structs.replace(project, view={"x": object()})  # type: ignore[dict-item]
    with pytest.raises(ProjectError, match="view: expected plain values"):
        save(odd, tmp_path / "a.cnnplay")


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
        save(msgspec.structs.replace(project, best_epoch=3), path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["a.cnnplay"]


def test_project_json_is_the_archives_own(project: Project, tmp_path: Path) -> None:
    save(project, tmp_path / "a.cnnplay")
    save_json(project, tmp_path / "a.json")
    with zipfile.ZipFile(tmp_path / "a.cnnplay") as archive:
        inside = archive.read("project.json")
    assert (tmp_path / "a.json").read_bytes() == inside == project_json(project)
    data = json.loads(inside)
    assert (data["format"], data["version"], data["data"]) == ("cnnplay-project", 1, "mnist-sample")
    assert data["network"]["stack"][0]["kind"] == "conv"


def test_places_that_cannot_be_read_or_written_are_said(project: Project, tmp_path: Path) -> None:
    with pytest.raises(ProjectWriteError, match="nowhere"):
        save(project, tmp_path / "nowhere" / "a.cnnplay")
    with pytest.raises(ProjectWriteError, match="nowhere"):
        save_json(project, tmp_path / "nowhere" / "a.json")
    with pytest.raises(ProjectError, match=r"a\.cnnplay: cannot be read: No such file"):
        load(tmp_path / "a.cnnplay")
    with pytest.raises(ProjectError, match="cannot be read"):
        load(tmp_path)
