"""Commands that describe: presets, summary, data list."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Protocol

import msgspec
import pytest

from cnnplay.modules.build import build
from cnnplay.modules.trained_weights import TrainedWeights
from cnnplay.modules.weights import weights_of
from cnnplay.network.codec import encode
from cnnplay.network.edits import insert, remove
from cnnplay.network.network import Place, leaves
from cnnplay.network.nodes import Tanh
from cnnplay.network.presets import preset, preset_keys
from cnnplay.project.project import Project
from cnnplay.project.store import save
from cnnplay.shapes.infer import infer
from cnnplay.spec.preprocessing import Preprocessing
from cnnplay.spec.settings import TrainConfig, setting_fields
from cnnplay.spec.trained import DataFacts
from tests.runs_bench import make_run


class Command(Protocol):
    def __call__(self, *arguments: object) -> Any: ...


PUBLISHED = {
    "lenet-5": 61_706,
    "alexnet": 62_378_344,
    "vgg-16": 138_357_544,
    "resnet-18": 11_689_512,
    "resnet-34": 21_797_672,
}


def test_presets_as_json_hold_key_title_year_parameters_and_input(cnnplay: Command) -> None:
    rows = cnnplay("presets", "--json").json
    assert [row["key"] for row in rows] == list(preset_keys())
    for row in rows:
        assert {"key", "title", "year", "parameters", "input"} <= set(row)
        assert row["input"] == list(preset(row["key"]).network.input.shape)
    counts = {row["key"]: row["parameters"] for row in rows}
    assert PUBLISHED.items() <= counts.items()


def test_presets_for_people_are_a_plain_table_with_separators(cnnplay: Command) -> None:
    done = cnnplay("presets")
    assert done.status == 0
    assert "61,706" in done.out
    assert "\x1b" not in done.out


@pytest.mark.parametrize("key", ["lenet-5", "resnet-18", "mini-resnet"])
def test_a_summary_agrees_with_inference_leaf_by_leaf(cnnplay: Command, key: str) -> None:
    network = preset(key).network
    report = infer(network)
    found = cnnplay("summary", key, "--json").json
    assert found["input"] == list(network.input.shape)
    assert found["parameters"] == report.parameters == sum(layer["parameters"] for layer in found["layers"])
    assert found["multiply_adds"] == report.multiply_adds
    assert sum(layer["multiply_adds"] for layer in found["layers"]) == report.multiply_adds
    assert found["problems"] == found["faults"] == []
    assert [layer["id"] for layer in found["layers"]] == [node.id for node in leaves(network)]
    for layer in found["layers"]:
        assert set(layer) == {"id", "kind", "output", "parameters", "multiply_adds"}
        output = report.nodes[layer["id"]].output
        assert output is not None
        assert layer["output"] == list(output)
        if layer["kind"] not in ("conv", "dense"):
            assert layer["multiply_adds"] == 0


def test_another_input_replaces_the_input_and_nothing_else(cnnplay: Command) -> None:
    found = cnnplay("summary", "lenet-5", "--input", "1,28,28", "--json").json
    network = preset("lenet-5").network
    other = msgspec.structs.replace(
        network, input=msgspec.structs.replace(network.input, height=28, width=28)
    )
    assert found["input"] == [1, 28, 28]
    assert found["layers"][0]["output"] == [6, 24, 24]
    assert [problem["message"] for problem in found["faults"]] == [
        problem.message for problem in infer(other).problems
    ]
    assert found["problems"] == found["faults"]
    assert found["faults"]
    for problem in found["faults"]:
        assert problem["mend"] == problem["fix"]
        assert {"node", "field", "message", "expected", "found"} <= set(problem)


def test_a_profile_adds_each_layers_time_and_how_it_was_measured(cnnplay: Command) -> None:
    arguments = ("summary", "lenet-5", "--profile", "--batch-size", 4, "--threads", 1, "--device", "cpu")
    plain, found = cnnplay("summary", "lenet-5", "--json").json, cnnplay(*arguments, "--json").json
    how = found.pop("profile")
    assert (how["batch_size"], how["device"], how["threads"]) == (4, "cpu", 1)
    assert how["repetitions"] >= 1
    assert how["other_ms"] > 0
    for name in ("forward_ms", "backward_ms"):
        times = [layer.pop(name) for layer in found["layers"]]
        assert all(time > 0 for time in times)
        assert how[name] == pytest.approx(sum(times))
    assert found == plain
    shown = cnnplay(*arguments).out
    for text in ("forward ms", "backward ms", "total", "a batch of 4 on cpu, 1 thread"):
        assert text in shown


def test_options_of_a_profile_are_checked(cnnplay: Command) -> None:
    for option, value in (("--batch-size", 4), ("--device", "cpu"), ("--threads", 1)):
        done = cnnplay("summary", "lenet-5", option, value)
        assert done.status == 2
        assert f"{option} needs --profile" in done.err
    for arguments, named in ((("--batch-size", 0), "batch size"), (("--device", "cuda:9"), "cuda:9")):
        done = cnnplay("summary", "lenet-5", "--profile", *arguments)
        assert done.status == 2
        assert named in done.err


def test_problems_are_listed_for_people_with_their_fixes(cnnplay: Command) -> None:
    done = cnnplay("summary", "lenet-5", "--input", "1,8,8")
    assert done.status == 0
    assert "problem: " in done.out
    assert "(fix: " in done.out


def test_data_are_listed(cnnplay: Command) -> None:
    for arguments in (("data", "list", "--json"), ("data", "--json"), ("data", "--json", "list")):
        row = cnnplay(*arguments).json[0]
        expected = {"key": "mnist-sample", "classes": 10, "size": 5000, "available": True, "download": 0}
        assert expected.items() <= row.items()
    assert "path of a folder" in cnnplay("data").out


def test_help_names_every_command(cnnplay: Command) -> None:
    words = cnnplay("--help").out.split()
    named = {
        "open",
        "demo",
        "presets",
        "settings",
        "summary",
        "data",
        "train",
        "resume",
        "search",
        "runs",
        "evaluate",
        "export",
    }
    assert named <= set(words)


def test_presets_import_neither_torch_nor_qt() -> None:
    code = (
        "import sys; from cnnplay.app import main; status = main(['presets', '--json']);"
        "sys.exit(status or any(name in sys.modules for name in ('torch', 'PySide6', 'numpy')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_summary_of_a_project_and_of_a_run_needs_no_torch(cnnplay: Command, tmp_path: Path) -> None:
    assert cnnplay("export", "tiny-cnn", "--format", "project", "-o", tmp_path / "a.cnnplay").status == 0
    make_run(tmp_path / "run")
    for path in (tmp_path / "a.cnnplay", tmp_path / "run"):
        code = (
            f"import sys; from cnnplay.app import main; status = main(['summary', {str(path)!r}, '--json']);"
            "sys.exit(status or any(name in sys.modules for name in ('torch', 'PySide6')))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["parameters"] == 4150


def test_a_reader_that_goes_away_ends_it_quietly() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "cnnplay", "presets"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_a_name_in_a_file_cannot_steer_the_terminal(cnnplay: Command, tmp_path: Any) -> None:
    network = msgspec.structs.replace(preset("tiny-cnn").network, name="a\x1b[31mb\nc")
    save(Project(network=network), tmp_path / "a.cnnplay")
    out = cnnplay("summary", tmp_path / "a.cnnplay").out
    assert "\x1b" not in out
    assert out.startswith("a [31mb c: input")


def test_output_that_the_terminal_cannot_show_does_not_fail() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cnnplay", "summary", "lenet-5"],
        capture_output=True,
        check=False,
        env={"PYTHONIOENCODING": "ascii", "PATH": "/usr/bin:/bin", "HOME": "/nonexistent"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == b""


def test_networks_are_read_from_project_files(cnnplay: Command, tmp_path: Any) -> None:
    path = tmp_path / "mine.cnnplay"
    assert cnnplay("export", "tiny-cnn", "--format", "project", "-o", path).status == 0
    found = cnnplay("summary", path, "--json").json
    assert found["parameters"] == 4150
    assert encode(preset("tiny-cnn").network)


def test_a_project_that_was_edited_without_touching_a_weight_exports_what_summary_shows(
    cnnplay: Command, tmp_path: Path
) -> None:
    learned = preset("tiny-cnn").network
    edited = insert(remove(learned, ("relu-1",)).network, Place("", 0, 1), Tanh()).network
    project = Project(
        network=edited,
        trained=TrainedWeights(
            learned,
            TrainConfig(),
            DataFacts(
                key="mnist-sample",
                classes=tuple("0123456789"),
                preprocessing=Preprocessing(input=learned.input.shape, mean=(0.1,), std=(0.3,)),
            ),
            weights_of(build(learned, seed=1)),
        ),
    )
    save(project, tmp_path / "mine.cnnplay")
    shown = [row["id"] for row in cnnplay("summary", tmp_path / "mine.cnnplay", "--json").json["layers"]]
    assert shown[1] == "tanh-1"
    assert (
        cnnplay("export", tmp_path / "mine.cnnplay", "--format", "python", "-o", tmp_path / "m.py").status
        == 0
    )
    assert "Tanh()" in (tmp_path / "m.py").read_text()


def test_settings_are_listed_with_limits_units_and_choices(cnnplay: Command) -> None:
    rows = {row["name"]: row for row in cnnplay("settings", "--json").json}
    assert list(rows) == [field.name for field in setting_fields()]
    assert (rows["shift"]["maximum"], rows["shift"]["unit"], rows["shift"]["default"]) == (64, "px", 0)
    assert "cosine" in rows["schedule"]["choices"]
    lines = cnnplay("settings").out.splitlines()
    assert any(line.split()[:5] == ["shift", "0", "0", "to", "64"] for line in lines)
    assert any("default, he, xavier, lecun, small, zero" in line for line in lines)
