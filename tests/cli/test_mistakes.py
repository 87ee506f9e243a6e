"""User errors: one line on stderr that names what is wrong, and exit status 2."""

import os
from pathlib import Path
from typing import Any, Protocol

import pytest

from cnnplay.cli import main
from cnnplay.network.network import Classification, Input, Network
from cnnplay.network.nodes import AveragePooling, Dense, Flatten
from cnnplay.project.project import Project
from cnnplay.project.store import save


class Command(Protocol):
    def __call__(self, *arguments: object) -> Any: ...


TRAIN = ("train", "lenet-5", "--data", "mnist-sample", "--epochs", "1")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Missing command"),
        (("nonsense",), "No such command 'nonsense'"),
        (("resume", "nowhere"), "nowhere: not a run: no such folder"),
        (("presets", "--colour"), "--colour"),
        (("summary",), "NETWORK"),
        (("summary", "lenet5"), "did you mean lenet-5?"),
        (("summary", "lenet-5", "--input", "28,28"), "--input must be C,H,W"),
        (("summary", "lenet-5", "--input", "1,0,28"), "got 1,0,28"),
        (("open", "nowhere.cnnplay"), "nowhere.cnnplay"),
        (("train", "lenet-5", "--epochs", "1"), "--data"),
        (("train", "lenet-5", "--data", "mnist-sample"), "--epochs"),
        (("train", "lenet-5", "--data", "nothing", "--epochs", "1"), "data set 'nothing'"),
        (("train", "lenet-5", "--data", "minst", "--epochs", "1"), "'minst'; did you mean mnist?"),
        (("train", "lenet-5", "--data", "folder:/nowhere", "--epochs", "1"), "/nowhere"),
        (("train", "lenet-5", "--data", "mnist-sample", "--epochs", "two"), "got two"),
        (("train", "lenet-5", "--data", "mnist-sample", "--epochs=two"), "got two"),
        (("demo", "x", "--seed", "-1"), "got -1"),
        (("summary", os.fsdecode(b"\xff")), "expected arguments in UTF-8"),
        ((*TRAIN, "--out", os.fsdecode(b"\xff")), "expected arguments in UTF-8"),
        (("summary", "~nobody-here/x"), "got ~nobody-here/x"),
        (("evaluate", "~nobody-here/x"), "~nobody-here/x: not a run"),
        ((*TRAIN, "--fit", "stem", "--size", "9000,20"), "each at most 8,192; got 9000,20"),
        (("train", "lenet-5", "--data", "mnist-sample", "--epochs", "0"), "epochs must be 1 or more; got 0"),
        ((*TRAIN, "--optimizer", "magic"), "momentum, nesterov, rmsprop, adam or adamw; got magic"),
        ((*TRAIN, "--lr", "0"), "learning rate must be"),
        ((*TRAIN, "--lr", "nan"), "learning rate must be"),
        ((*TRAIN, "--batch-size", "-3"), "batch size must be 1 or more; got -3"),
        ((*TRAIN, "--threads", "0"), "threads must be 1 or more; got 0"),
        ((*TRAIN, "--device", "abacus"), "device must be auto or one of cpu"),
        ((*TRAIN, "--set", "epochs=3"), "epochs is given twice, by --epochs and by --set epochs=3"),
        ((*TRAIN, "--lr", "0.1", "--set", "learning-rate=1"), "learning_rate is given twice, by --lr and by"),
        ((*TRAIN, "--set", "loss=x", "--set", "loss=y"), "twice, by --set loss=x and by --set loss=y"),
        ((*TRAIN, "--set", "optimiser=sgd"), "did you mean optimizer? `cnnplay settings` lists them all"),
        ((*TRAIN, "--set", "lr=0.1"), "setting lr; did you mean learning_rate?"),
        ((*TRAIN, "--set", "sync-batch-norm=1"), "its own option, --sync-batch-norm"),
        ((*TRAIN, "--fit", "crop"), "--fit must be resize or stem; got crop"),
        ((*TRAIN, "--size", "20,20"), "--size needs --fit stem"),
        ((*TRAIN, "--fit", "stem", "--size", "20"), "--size must be H,W"),
        ((*TRAIN, "--out", "/"), "--out must be a new or empty folder; got /"),
        ((*TRAIN, "--out", ""), "--out must be the name of a folder; got an empty name"),
        (("evaluate", "nowhere"), "nowhere"),
        (("export", "lenet-5", "--format", "docx", "-o", "x"), "must be safetensors, pt, torchvision, onnx"),
        (("export", "lenet-5", "--format", "torchvision", "-o", "x"), "torchvision has no model"),
        (("export", "lenet-5", "--format", "pt", "-o", "/nowhere/x.pt"), "found none at /nowhere"),
        (("export", "lenet-5", "--format", "pt", "-o", "/"), "found a folder"),
        (("export", "mlp", "--format", "python", "-o", "m.python"), "a name that ends in .py"),
        (("export", "lenet-5", "--format", "csv", "-o", "x.csv"), "a preset has none"),
        (("export", "mlp", "--format", "pt", "-o", "x.pt", "--weights", "worst"), "best, last or averaged"),
    ],
)  # fmt: skip
def test_a_user_error_gives_one_line_and_status_2(
    cnnplay: Command, arguments: tuple[str, ...], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for more in ((), ("--json",)) if arguments and arguments[0] != "open" else ((),):
        assert words in cnnplay(*arguments, *more).complains()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_a_project_gives_one_line(cnnplay: Command, tmp_path: Path) -> None:
    path = tmp_path / "x.cnnplay"
    path.write_bytes(b"PK\x03\x04 not really")
    assert "x.cnnplay" in cnnplay("summary", path).complains()


def test_a_folder_that_is_not_a_run_gives_one_line(cnnplay: Command, tmp_path: Path) -> None:
    for arguments in (("summary", tmp_path), ("evaluate", tmp_path)):
        assert str(tmp_path) in cnnplay(*arguments).complains()


def test_open_and_demo_are_passed_on(tmp_path: Path) -> None:
    seen: list[object] = []
    project = tmp_path / "a.cnnplay"
    project.touch()
    assert main(["open", str(project)], lambda path: seen.append(path) or 3, lambda *_: 4) == 3  # type: ignore[func-returns-value]
    assert main(["demo", "here", "--seed", "2"], lambda _: 3, lambda *given: seen.append(given) or 4) == 4  # type: ignore[func-returns-value]
    assert seen == [str(project), (Path("here"), 2)]


def test_a_demonstration_as_json_prints_its_report_alone(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def run_demo(folder: Path, seed: int) -> int:
        print("training")
        (folder / "demo.json").write_text(f'{{\n"seed": {seed}\n}}')
        return 0

    assert main(["demo", str(tmp_path), "--seed", "1", "--json"], lambda _: 3, run_demo) == 0
    assert capfd.readouterr() == ('{"seed":1}\n', "")


def test_an_unexpected_error_goes_to_the_log_and_is_one_line(
    capfd: pytest.CaptureFixture[str], own_folders: Path, tmp_path: Path
) -> None:
    def broken(path: str | None) -> int:
        raise RuntimeError("a screw\nis loose")

    project = tmp_path / "a.cnnplay"
    project.touch()
    assert main(["open", str(project)], broken, lambda *_: 0) == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert "a screw is loose" in err
    log = own_folders / "data" / "cnnplay" / "errors.log"
    assert str(log) in err
    assert "Traceback" in log.read_text()


def test_a_full_disk_and_spent_memory_are_status_1(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    project = tmp_path / "a.cnnplay"
    project.touch()
    for error, words in (
        (OSError(28, "No space left on device", "run.json"), "run.json: No space"),
        (MemoryError(), "memory"),
    ):

        def fail(path: str | None, error: Exception = error) -> int:
            raise error

        assert main(["open", str(project)], fail, lambda *_: 0) == 1
        _, err = capfd.readouterr()
        assert words in err
        assert len(err.splitlines()) == 1


def test_ctrl_c_is_status_130(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    def interrupted(path: str | None) -> int:
        raise KeyboardInterrupt

    project = tmp_path / "a.cnnplay"
    project.touch()
    assert main(["open", str(project)], interrupted, lambda *_: 0) == 130
    assert capfd.readouterr().err == "cnnplay: interrupted\n"


def test_a_network_with_four_channels_is_refused_with_the_supported_numbers(
    cnnplay: Command, tmp_path: Path
) -> None:
    network = Network(
        name="four",
        input=Input(4, 8, 8),
        task=Classification(10),
        stack=(Flatten(id="flatten-1"), Dense(id="dense-1", units=10)),
    )
    save(Project(network=network), tmp_path / "four.cnnplay")
    command = ("train", tmp_path / "four.cnnplay", "--data", "mnist-sample", "--epochs", "1")
    words = cnnplay(*command).complains()
    assert "must have 1 channel (grayscale) or 3 (RGB); it has 4" in words
    assert "--fit stem" in words
    assert "another data set" not in words
    assert cnnplay(*command, "--fit", "stem", "--out", tmp_path / "run").status == 0


def test_a_network_without_weights_is_not_trained(cnnplay: Command, tmp_path: Path) -> None:
    network = Network(
        name="mean",
        input=Input(1, 8, 20),
        task=Classification(10),
        stack=(
            AveragePooling(id="avg-pool-1", kernel_size=(4, 4), stride=(4, 4)),
            Flatten(id="flatten-1"),
        ),
    )
    save(Project(network=network), tmp_path / "mean.cnnplay")
    done = cnnplay("train", tmp_path / "mean.cnnplay", "--data", "mnist-sample", "--epochs", "1")
    assert "mean: the network has no parameters to train" in done.complains()
