"""However a command ends: whole files, no folder without weights, one line, and never a traceback."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
import torch

from cnnplay.cli.interruptible import _Listener
from cnnplay.runs import recorder
from cnnplay.runs.folder import RunFolder
from cnnplay.runs.recorder import RunRecorder
from cnnplay.runs.writer_lock import LOCK
from cnnplay.spec.events import EpochDone, Event, Started
from cnnplay.training.job import Observation
from cnnplay.training.state import RunState


class Command(Protocol):
    def __call__(self, *arguments: object) -> Any: ...


TRAIN = ("train", "tiny-cnn", "--data", "mnist-sample", "--threads", "1", "--seed", "3")
ENDING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
PROGRAM = [sys.executable, "-m", "cnnplay"]
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals and shells of POSIX")


def begun(path: Path) -> subprocess.Popen[bytes]:
    """A run of very many epochs."""
    return subprocess.Popen(
        [*PROGRAM, *TRAIN, "--epochs", "1000", "--json", "--out", str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def until(process: subprocess.Popen[bytes], kind: str, count: int = 1) -> None:
    """Reads the process's events until so many of a kind were printed."""
    assert process.stdout is not None
    told: Iterator[Any] = (json.loads(line) for line in process.stdout)
    for event in told:
        count -= event["event"] == kind
        if not count:
            return
    raise AssertionError(f"the process ended without {kind}")


@POSIX
def test_after_a_kill_weights_and_events_know_the_same_epochs(tmp_path: Path) -> None:
    path = tmp_path / "run"
    with begun(path) as process:
        until(process, "epoch", 3)
        process.kill()
    folder = RunFolder.open(path)
    done = [event for event in folder.events() if isinstance(event, EpochDone)]
    assert len(done) >= 3, "an epoch that was printed is lost"
    assert folder.last_epoch in (len(done), len(done) + 1)
    assert folder.best_epoch is not None
    assert folder.weights("best").keys() == folder.weights("last").keys()


def test_an_epoch_is_printed_once_its_weights_are_on_disk(
    cnnplay: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, bool]] = []
    tell = _Listener._print

    def watch(self: _Listener, event: Event) -> None:
        if isinstance(event, EpochDone):
            seen.append((event.epoch, event.epoch <= self._folder.last_epoch))
        tell(self, event)

    monkeypatch.setattr(_Listener, "_print", watch)
    assert cnnplay(*TRAIN, "--epochs", "2", "--out", tmp_path / "run").status == 0
    assert seen == [(1, True), (2, True)]
    assert sum(isinstance(e, EpochDone) for e in RunFolder.open(tmp_path / "run").events()) == 2


def test_no_checkpoint_is_newer_than_the_recorded_epochs(
    cnnplay: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run"
    lacking: list[int] = []
    written: list[int] = []
    save = recorder.save_state

    def watch(state: RunState, file: Path) -> None:
        recorded = {event.epoch for event in RunFolder.open(path).events() if isinstance(event, EpochDone)}
        lacking.extend(set(range(1, state.place.epoch)) - recorded)
        written.append(state.place.epoch)
        save(state, file)

    monkeypatch.setattr(recorder, "save_state", watch)
    assert cnnplay(*TRAIN, "--epochs", "3", "--out", path).status == 0
    assert max(written) > 1
    assert not lacking


@POSIX
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_polite_kill_and_a_closed_terminal_end_it_as_ctrl_c_does(
    number: signal.Signals, tmp_path: Path
) -> None:
    path = tmp_path / "run"
    with begun(path) as process:
        until(process, "epoch")
        process.send_signal(number)
        _, words = process.communicate()
    assert process.returncode == 130
    assert len(words.splitlines()) == 1
    assert str(path) in words.decode()
    assert RunFolder.open(path).last_epoch >= 1


@POSIX
def test_ctrl_c_again_and_again_is_no_traceback(tmp_path: Path) -> None:
    with begun(tmp_path / "run") as process:
        until(process, "epoch")
        for _ in range(20):
            process.send_signal(signal.SIGINT)
            try:
                process.wait(0.01)
            except subprocess.TimeoutExpired:
                continue
            break
        _, words = process.communicate()
    assert process.returncode == 130
    assert len(words.splitlines()) == 1, words
    assert b"Traceback" not in words


@POSIX
def test_the_program_hears_no_signal_once_a_run_that_one_ended_has_its_outcome(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\n"
        "import cnnplay.cli.entry as entry\n"
        "from cnnplay.__main__ import main\n"
        "from cnnplay.runs.recorder import RunRecorder\n"
        "sink, warn = RunRecorder.sink, entry.warn\n"
        "def stop(self, event):\n"
        "    sink(self, event)\n"
        "    if type(event).__name__ == 'EpochDone':\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "def late(words):\n"
        "    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):\n"
        "        os.kill(os.getpid(), number)\n"
        "    warn(words)\n"
        "RunRecorder.sink, entry.warn = stop, late\n"
        "sys.exit(main())\n"
    )
    arguments = [*TRAIN, "--epochs", "1000", "--out", str(tmp_path / "run")]
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, check=False)
    assert done.returncode == 130
    (line,) = done.stderr.decode().splitlines()
    assert "the weights are in" in line


@POSIX
def test_ctrl_c_while_the_program_is_being_imported_is_one_line() -> None:
    code = (
        "import builtins, os, signal, sys\n"
        "before = builtins.__import__\n"
        "def slow(name, *rest):\n"
        "    if name == 'cnnplay.app':\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "    return before(name, *rest)\n"
        "builtins.__import__ = slow\n"
        "from cnnplay.__main__ import main\n"
        "sys.exit(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (130, b"cnnplay: interrupted\n")


def test_stopped_before_the_first_step_nothing_is_kept(
    cnnplay: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = RunRecorder.sink

    def interrupt(self: RunRecorder, event: object) -> None:
        sink(self, event)  # type: ignore[arg-type]
        if isinstance(event, Started):
            signal.raise_signal(signal.SIGINT)

    before = {number: signal.getsignal(number) for number in ENDING}
    try:
        monkeypatch.setattr(RunRecorder, "sink", interrupt)
        done = cnnplay(*TRAIN, "--epochs", "1", "--out", tmp_path / "run")
        after = {number: signal.getsignal(number) for number in ENDING}
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert after == before, "a command leaves signals as they were; what comes then is the program's to say"
    assert done.status == 130
    assert "before anything was learned" in done.err
    assert "run: " not in done.out
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_what_ends_a_run_before_it_has_weights_leaves_its_place_free(
    error: BaseException, cnnplay: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("cnnplay.cli.train_report.TextReporter.event", fail)
    done = cnnplay(*TRAIN, "--epochs", "1", "--out", tmp_path / "run")
    assert done.status == (130 if isinstance(error, KeyboardInterrupt) else 1)
    assert len(done.err.splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_a_run_that_a_second_ctrl_c_cut_off_is_not_listed_as_on(
    cnnplay: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def observe(self: RunRecorder, observation: Observation) -> None:
        seen(self, observation)
        if observation.step == 70:  # the first epoch has 63
            self.finish_writing()
            raise KeyboardInterrupt

    seen = RunRecorder.observe
    monkeypatch.setattr(RunRecorder, "observe", observe)
    done = cnnplay(*TRAIN, "--epochs", "2", "--out", tmp_path / "run")
    monkeypatch.setattr(RunRecorder, "observe", seen)
    assert done.status == 130
    assert str(tmp_path / "run") in done.err
    assert "`cnnplay resume`" in done.err
    assert cnnplay("runs", "--json").json["runs"][0]["state"] == "interrupted"
    assert cnnplay("resume", tmp_path / "run").status == 0
    assert not (tmp_path / "run" / LOCK).exists()


def full_disk(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


def test_where_the_disk_takes_no_weights_the_finished_epochs_stay_and_no_run_is_named(
    cnnplay: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cnnplay.runs.recorder.write_checked", full_disk)
    done = cnnplay(*TRAIN, "--epochs", "2", "--out", tmp_path / "run", "--json")
    assert done.status == 1
    (line,) = done.err.splitlines()
    assert ".safetensors: cannot be written (No space left on device)" in line
    assert (done.lines[-1]["event"], done.lines[-1]["run"]) == ("finished", "")
    events = RunFolder.open(tmp_path / "run").events()
    assert [event.epoch for event in events if isinstance(event, EpochDone)] == [1, 2]


def test_a_failure_on_a_full_disk_claims_no_weights_and_an_earlier_ones_claims_what_is_there(
    cnnplay: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: _Listener, event: Event) -> None:
        tell(self, event)
        if isinstance(event, EpochDone) and event.epoch == failing:
            monkeypatch.setattr("cnnplay.runs.recorder.write_checked", full_disk)
            with torch.no_grad():
                for weight in weights:
                    weight.fill_(float("nan"))

    def observe(self: RunRecorder, observation: Observation) -> None:
        weights[:] = observation.module.parameters()
        seen(self, observation)

    weights: list[torch.Tensor] = []
    tell, seen = _Listener._print, RunRecorder.observe
    monkeypatch.setattr(_Listener, "_print", fail)
    monkeypatch.setattr(RunRecorder, "observe", observe)
    failing = 1
    done = cnnplay(*TRAIN, "--epochs", "3", "--out", tmp_path / "one")
    assert done.status == 1
    assert f"Saved in {tmp_path / 'one'}: the weights after 1 epoch." in done.err
    assert RunFolder.open(tmp_path / "one").last_epoch == 1
    failing = 2  # the disk is full from the start
    done = cnnplay(*TRAIN, "--epochs", "3", "--out", tmp_path / "two", "--json")
    assert done.status == 1
    assert "Saved in" not in done.err
    assert (done.lines[-1]["event"], done.lines[-1]["run"]) == ("failed", "")
    assert len(RunFolder.open(tmp_path / "two").events()) > 2


def test_a_disk_that_takes_no_folder_is_status_1_and_a_name_that_none_takes_is_2(
    cnnplay: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "too long" in cnnplay(*TRAIN, "--epochs", "1", "--out", tmp_path / ("x" * 300)).err
    assert cnnplay(*TRAIN, "--epochs", "1", "--out", tmp_path / ("x" * 300)).status == 2

    monkeypatch.setattr("cnnplay.runs.recorder.write_bytes", full_disk)
    done = cnnplay(*TRAIN, "--epochs", "1", "--out", tmp_path / "run")
    assert done.status == 1
    assert "No space left" in done.err


@POSIX
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_stream_that_is_closed_breaks_no_command(closed: str, tmp_path: Path) -> None:
    for command in ("presets", "presets --json", f"export tiny-cnn --format json -o {tmp_path / 'a.json'}"):
        line = f"{sys.executable} -m cnnplay {command} {closed}"
        done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, check=False)
        assert done.returncode == 0, (command, done)
        assert done.stderr == b""
    assert (tmp_path / "a.json").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no such device here")
def test_an_output_that_is_full_is_status_1_and_one_line() -> None:
    for more in ((), ("--json",)):
        with Path("/dev/full").open("wb") as full:
            done = subprocess.run(
                [*PROGRAM, "presets", *more], stdout=full, stderr=subprocess.PIPE, check=False
            )
        assert (done.returncode, done.stderr) == (1, b"cnnplay: No space left on device\n")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a screen")
@pytest.mark.parametrize("more", [{}, {"QT_QPA_PLATFORM": "xcb"}, {"QT_QPA_PLATFORM": "wayland;xcb"}])
def test_without_a_screen_the_window_is_one_line(more: dict[str, str], tmp_path: Path) -> None:
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET", "QT_QPA_PLATFORM")
    without = {name: value for name, value in os.environ.items() if name not in screens} | more
    (tmp_path / "a.cnnplay").touch()
    for arguments in ((), ("open", str(tmp_path / "a.cnnplay"))):
        done = subprocess.run([*PROGRAM, *arguments], capture_output=True, check=False, env=without)
        assert done.returncode == 1
        (line,) = done.stderr.decode().splitlines()
        assert line.startswith("cnnplay: no screen")
        assert "cnnplay demo DIR" in line


@POSIX
@pytest.mark.parametrize(
    ("when", "status"), [("PySide6.QtWidgets", 130), ("cnnplay.ui.shell.views.main_window", 0)]
)
def test_ctrl_c_while_the_window_is_being_made_ends_it_in_order(when: str, status: int) -> None:
    code = (
        "import os, signal, sys\n"
        "class Interrupter:\n"
        "    def find_spec(self, name, *rest):\n"
        f"        if name == {when!r}:\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupter())\n"
        "from cnnplay.__main__ import main\n"
        "sys.exit(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, timeout=60)
    assert done.returncode == status, done.stderr
    assert b"Traceback" not in done.stderr
