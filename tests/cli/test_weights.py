"""`weights` and `train --from`: what a file holds, what fits, and training on from it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from cnnplay.modules.build import build
from cnnplay.modules.weights import Weights, parameter_shapes, weights_of
from cnnplay.network.presets import preset
from cnnplay.runs.folder import RunFolder
from tests.modules.test_weight_names import PUBLISHED

Command = Callable[..., Any]
TRAIN = ("train", "tiny-cnn", "--data", "mnist-sample", "--threads", "1", "--epochs", "1", "--json")


@pytest.fixture(scope="module")
def weights() -> Weights:
    return weights_of(build(preset("tiny-cnn").network, seed=5))


def test_a_checkpoint_is_described_and_compared(cnnplay: Command, tmp_path: Path, weights: Weights) -> None:
    given = {f"module.{name}": tensor.half() for name, tensor in weights.items()}
    given["module.more.weight"] = torch.ones(3, 4)
    torch.save({"epoch": 3, "acc": torch.tensor(0.5), "state_dict": given}, tmp_path / "a.pth.tar")
    found = cnnplay("weights", tmp_path / "a.pth.tar", "--into", "tiny-cnn", "--json").json
    assert {"name": "more.weight", "shape": [3, 4], "type": "float32"} in found["tensors"]
    assert len(found["notes"]) == 3  # the entry, the prefix, the type
    assert found["layout"] == "own"
    assert found["loaded"] == list(weights)
    assert (found["missing"], found["unexpected"], found["mismatched"]) == ([], ["more.weight"], [])
    text = cnnplay("weights", tmp_path / "a.pth.tar", "--into", "tiny-cnn").out
    assert f"tiny-cnn: {len(weights)} of {len(weights)} parameters are loaded" in text
    rows = [line.split() for line in text.splitlines()]
    assert any(row[:1] == ["conv-1.weight"] and row[-1] == "loaded" for row in rows)
    assert any(row[:1] == ["more.weight"] and row[-1] == "unexpected" for row in rows)


def test_published_names_are_recognized_without_a_network(cnnplay: Command, tmp_path: Path) -> None:
    given = {name: torch.zeros(0) for name in PUBLISHED["resnet18"]}
    torch.save(given, tmp_path / "a.pt")
    found = cnnplay("weights", tmp_path / "a.pt", "--json").json
    assert found["layout"] == "torchvision"
    assert "loaded" not in found


@pytest.mark.parametrize("which", ["resnet18", "alexnet"])
def test_a_shape_that_differs_is_told(cnnplay: Command, tmp_path: Path, which: str) -> None:
    torch.save({name: torch.zeros(2) for name in PUBLISHED[which]}, tmp_path / "a.pt")
    found = cnnplay("weights", tmp_path / "a.pt", "--into", "resnet-18", "--json").json
    assert found["loaded"] == []
    assert all(mismatch["found"] == [2] for mismatch in found["mismatched"])


def test_training_starts_from_the_weights_of_a_file(
    cnnplay: Command, tmp_path: Path, weights: Weights
) -> None:
    """With a learning rate of next to nothing the weights of the file are those of the run."""
    torch.save(weights, tmp_path / "a.pt")
    done = cnnplay(*TRAIN, "--lr", "1e-12", "--from", tmp_path / "a.pt", "--out", tmp_path / "run")
    assert done.status == 0, done
    learned = RunFolder.open(tmp_path / "run").weights("last")
    trained = [name for name in weights if not name.endswith(("running_mean", "running_var", "tracked"))]
    assert all(torch.allclose(learned[name], weights[name], atol=1e-6) for name in trained)


def test_training_goes_on_from_a_run_with_another_head(cnnplay: Command, tmp_path: Path) -> None:
    """The layers that fit are taken; the head for other classes is initialized, and that is said."""
    network = preset("tiny-cnn").network
    shapes = parameter_shapes(network)
    given = {name: torch.full(shape, 0.01) for name, shape in shapes.items()}
    head = [name for name in shapes if name.startswith("dense-")][-2:]
    given |= {name: torch.zeros(3, *shapes[name][1:]) for name in head}
    torch.save(given, tmp_path / "a.pt")
    text = cnnplay(*TRAIN[:-1], "--from", tmp_path / "a.pt", "--out", tmp_path / "run").out
    assert f"{len(shapes) - len(head)} of {len(shapes)} weights taken" in text
    assert f"{head[0]}: expected" in text
    again = cnnplay(*TRAIN[:-1], "--from", tmp_path / "run", "--weights", "last", "--out", tmp_path / "on")
    assert "last weights" in again.out
    assert f"{len(shapes)} of {len(shapes)} weights taken" in again.out


def test_a_run_as_the_network_gives_no_weights_and_that_is_said(cnnplay: Command, tmp_path: Path) -> None:
    first = cnnplay(*TRAIN[:-1], "--out", tmp_path / "run").out
    assert "random weights" not in first
    second = cnnplay("train", tmp_path / "run", *TRAIN[2:-1], "--out", tmp_path / "again").out
    assert "random weights" in second
    assert f"--from {tmp_path / 'run'}" in second


def test_weights_that_fit_only_in_order_need_to_be_asked_for(
    cnnplay: Command, tmp_path: Path, weights: Weights
) -> None:
    torch.save({f"layer{number}": one for number, one in enumerate(weights.values())}, tmp_path / "a.pt")
    assert "--match order" in cnnplay(*TRAIN, "--from", tmp_path / "a.pt").complains()
    assert cnnplay("weights", tmp_path / "a.pt", "--into", "tiny-cnn", "--json").json["layout"] == "order"
    assert "--match name" in cnnplay(*TRAIN, "--from", tmp_path / "a.pt", "--match", "name").complains()
    done = cnnplay(
        *TRAIN, "--lr", "1e-12", "--from", tmp_path / "a.pt", "--match", "order", "--out", tmp_path / "run"
    )
    assert done.status == 0, done
    learned = RunFolder.open(tmp_path / "run").weights("last")
    assert torch.allclose(learned["conv-1.weight"], weights["conv-1.weight"], atol=1e-6)


def test_mistakes_are_named(cnnplay: Command, tmp_path: Path) -> None:
    torch.save({"encoder.weight": torch.ones(2)}, tmp_path / "a.pt")
    assert "none of its weights fit tiny-cnn" in cnnplay(*TRAIN, "--from", tmp_path / "a.pt").complains()
    assert "nowhere.pt" in cnnplay(*TRAIN, "--from", tmp_path / "nowhere.pt").complains()
    assert "--match needs --from" in cnnplay(*TRAIN, "--match", "order").complains()
    assert "--match needs --into" in cnnplay("weights", tmp_path / "a.pt", "--match", "order").complains()
    into = ("--into", "tiny-cnn", "--match", "order")
    assert "--match order" in cnnplay("weights", tmp_path / "a.pt", *into).complains()
    assert "--weights needs --from" in cnnplay(*TRAIN, "--weights", "last").complains()
    given = ("--from", tmp_path / "a.pt")
    assert "name or order; got x" in cnnplay(*TRAIN, *given, "--match", "x").complains()
    assert "nowhere" in cnnplay("weights", tmp_path / "nowhere").complains()
