"""Weights from files: into the network on screen, with words for what does not fit."""

from pathlib import Path

import pytest
import torch
from pytestqt.qtbot import QtBot
from safetensors.torch import save_file

from cnnplay.export.formats import export
from cnnplay.export.trained import TrainedNetwork
from cnnplay.modules.build import build
from cnnplay.modules.weights import Weights, weights_of
from cnnplay.network.presets import preset
from cnnplay.shapes.suggest import replace_head
from cnnplay.spec.preprocessing import Preprocessing
from cnnplay.ui.kit.background import finish_jobs
from cnnplay.ui.shell.importing import ReadWeights
from cnnplay.ui.shell.session import Session
from tests.ui.conftest import Quiet

TINY = preset("tiny-cnn").network


@pytest.fixture
def weights() -> Weights:
    return weights_of(build(TINY, seed=5))


@pytest.fixture
def tiny(quiet: Quiet) -> Quiet:
    quiet.session.editor.load_preset("tiny-cnn")
    return quiet


def _load(session: Session, path: Path) -> None:
    """Reads a file and loads what is proposed, as Load in the dialog does."""
    importing, offered = session.importing, list[ReadWeights]()
    importing.offered.connect(offered.append)
    importing.read(path)
    finish_jobs(importing)
    (read,) = offered
    importing.load(read, next(iter(read.pairings.values())))
    finish_jobs(importing)


def test_a_fitting_file_becomes_the_weights_that_are_looked_at_and_trained_on(
    tiny: Quiet, weights: Weights, tmp_path: Path
) -> None:
    session = tiny.session
    for name, write in (("a.safetensors", save_file), ("b.pt", torch.save)):
        write(weights, tmp_path / name)
        session.run.forget()
        _load(session, tmp_path / name)
        assert tiny.messages[-1] == f"loaded all weights from {name}"
        assert session.run.can_resume
        found = session.run.weights_cache.weights
        assert found is not None
        assert all(torch.equal(found[key], weights[key]) for key in weights)
    assert session.document.dirty


def test_what_was_exported_comes_back_with_its_normalisation(quiet: Quiet, tmp_path: Path) -> None:
    trained = quiet.adopt()
    session = quiet.session
    session.exporting.export("safetensors", tmp_path / "a.safetensors", "last")
    finish_jobs(session.exporting)
    session.run.forget()
    _load(session, tmp_path / "a.safetensors")
    assert session.run.weights_cache.facts is not None
    assert session.run.weights_cache.facts.preprocessing == trained.weights.facts.preprocessing


def test_a_file_is_offered_before_anything_is_replaced_and_loaded_on_demand(
    tiny: Quiet, weights: Weights, tmp_path: Path
) -> None:
    offered: list[ReadWeights] = []
    importing = tiny.session.importing
    importing.offered.connect(offered.append)
    missing = next(iter(weights))
    given = {f"module.{key}": value.half() for key, value in weights.items() if key != missing}
    torch.save({"state_dict": given}, tmp_path / "a.ckpt")
    importing.read(tmp_path / "a.ckpt")
    finish_jobs(importing)
    (read,) = offered
    images = tiny.session.data.images
    assert images is not None
    for expected in ("state_dict", "module.", "float16", images.title):
        assert any(expected in note for note in read.notes), expected
    pairing = read.pairings["name"]
    assert pairing.missing == (missing,)
    assert tiny.session.run.weights_cache.weights is None, "nothing is replaced before somebody says so"
    importing.load(read, pairing)
    finish_jobs(importing)
    found = tiny.session.run.weights_cache.weights
    assert found is not None
    assert all(torch.allclose(found[key], weights[key], atol=1e-3) for key in pairing.loaded)
    assert tiny.messages[-1] == f"loaded {len(weights) - 1} of {len(weights)} weights from a.ckpt"


def test_what_was_offered_for_another_network_is_not_loaded(
    tiny: Quiet, weights: Weights, tmp_path: Path
) -> None:
    offered: list[ReadWeights] = []
    importing = tiny.session.importing
    importing.offered.connect(offered.append)
    save_file(weights, tmp_path / "a.safetensors")
    importing.read(tmp_path / "a.safetensors")
    finish_jobs(importing)
    tiny.session.editor.load_preset("mlp")
    importing.load(offered[0], offered[0].pairings["name"])
    finish_jobs(importing)
    assert "was changed" in tiny.failures.pop()
    assert tiny.session.run.weights_cache.weights is None


def test_a_file_with_numbers_that_are_not_finite_is_offered_with_a_warning(
    tiny: Quiet, weights: Weights, tmp_path: Path
) -> None:
    offered: list[ReadWeights] = []
    tiny.session.importing.offered.connect(offered.append)
    bad = next(iter(weights))
    save_file(weights | {bad: torch.full_like(weights[bad], torch.nan)}, tmp_path / "a.safetensors")
    tiny.session.importing.read(tmp_path / "a.safetensors")
    finish_jobs(tiny.session.importing)
    assert bad in offered[0].warning


def test_a_file_of_another_network_is_refused_with_the_first_thing_that_differs(
    tiny: Quiet, tmp_path: Path
) -> None:
    save_file({"other.weight": torch.zeros(3)}, tmp_path / "a.safetensors")
    tiny.session.importing.read(tmp_path / "a.safetensors")
    finish_jobs(tiny.session.importing)
    words = tiny.failures.pop()
    assert words.startswith("a.safetensors: none of ")
    assert "\n" not in words
    assert tiny.session.run.weights_cache.weights is None


def test_a_damaged_file_is_refused_in_one_line_and_what_was_trained_stays(
    quiet: Quiet, tmp_path: Path
) -> None:
    trained = quiet.adopt()
    (tmp_path / "a.safetensors").write_bytes(b"\xff" * 40)
    quiet.session.importing.read(tmp_path / "a.safetensors")
    finish_jobs(quiet.session.importing)
    words = quiet.failures.pop()
    assert "a.safetensors" in words
    assert "\n" not in words
    assert quiet.session.run.weights_cache.trained is trained


def test_a_network_with_faults_takes_no_weights_and_says_why(tiny: Quiet, tmp_path: Path) -> None:
    tiny.session.editor.set_fields(("dense-1",), "units", 3)
    assert "problems" in tiny.session.importing.disabled_reason()
    tiny.session.importing.read(tmp_path / "a.safetensors")
    assert "problems" in tiny.failures.pop()


def test_weights_that_come_when_a_run_was_started_do_not_wipe_its_curves(
    tiny: Quiet, weights: Weights, tmp_path: Path, qtbot: QtBot
) -> None:
    save_file(weights, tmp_path / "a.safetensors")
    session = tiny.session
    session.importing.read(tmp_path / "a.safetensors")
    assert session.run.start()
    finish_jobs(session.importing)
    assert "a run has started" in tiny.failures.pop()
    qtbot.waitUntil(lambda: len(session.run.history) > 0, timeout=60_000)
    history = session.run.history
    session.run.shutdown()
    assert session.run.history is history


@pytest.mark.parametrize("told", [True, False])
def test_weights_of_a_network_with_other_classes_than_the_data_can_be_saved_and_exported(
    tiny: Quiet, tmp_path: Path, told: bool
) -> None:
    session = tiny.session
    session.editor.apply(replace_head(session.editor.network, 12))
    names = tuple(f"letter {n}" for n in range(12)) if told else ()
    network = TrainedNetwork(
        network=session.editor.network,
        weights=weights_of(build(session.editor.network, seed=1)),
        preprocessing=Preprocessing(input=session.editor.network.input.shape, mean=(0.1,), std=(0.3,)),
        classes=names,
        trained=True,
    )
    export(network, "safetensors", tmp_path / "a.safetensors", 0)
    _load(session, tmp_path / "a.safetensors")
    assert session.run.weights_cache.facts is not None
    assert session.run.weights_cache.facts.classes == (names or tuple(f"class {n}" for n in range(1, 13)))
    session.document.save(tmp_path / "mine.cnnplay")
    finish_jobs(session.document)
    assert not session.document.dirty
