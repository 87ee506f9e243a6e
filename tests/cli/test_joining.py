"""One process of several that train together, while it waits for the others."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cnnplay.training.devices import DeviceError
from cnnplay.training.distributed import DistributedContext
from tests.cli.conftest import Command

TRAIN = ("train", "tiny-cnn", "--data", "mnist-sample", "--epochs", "1", "--device", "cpu")


def in_a_team(monkeypatch: pytest.MonkeyPatch, rank: int) -> None:
    for name, value in {"RANK": rank, "WORLD_SIZE": 2, "LOCAL_RANK": rank, "LOCAL_WORLD_SIZE": 2}.items():
        monkeypatch.setenv(name, str(value))


def test_while_processes_wait_for_one_another_signals_end_them_and_no_folder_is_made(
    cnnplay: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = signal.getsignal(signal.SIGINT)
    found = []

    @contextmanager
    def joined(distributed: DistributedContext, device: str) -> Iterator[None]:
        found.extend(signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM))
        assert not (tmp_path / "run").exists()
        raise DeviceError("each needs a GPU of its own")
        yield

    in_a_team(monkeypatch, 0)
    monkeypatch.setattr("cnnplay.training.distributed.process_group", joined)
    assert "each needs a GPU of its own" in cnnplay(*TRAIN, "--out", tmp_path / "run").complains()
    assert found == [signal.SIG_DFL, signal.SIG_DFL]
    assert signal.getsignal(signal.SIGINT) is before
    assert not (tmp_path / "run").exists()


def test_only_the_leading_process_minds_that_the_place_is_taken(
    cnnplay: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To one that comes late the folder that the leading one has made is there already."""

    def joined(distributed: DistributedContext, device: str) -> None:
        raise DeviceError(f"process {distributed.rank} joins")

    monkeypatch.setattr("cnnplay.training.distributed.process_group", joined)
    (tmp_path / "run.json").touch()
    in_a_team(monkeypatch, 1)
    assert "process 1 joins" in cnnplay(*TRAIN, "--out", tmp_path).complains()
    in_a_team(monkeypatch, 0)
    assert "--out must be a new or empty folder" in cnnplay(*TRAIN, "--out", tmp_path).complains()


def test_a_process_without_a_gpu_is_refused_before_anything_is_estimated(
    cnnplay: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("devices", "distributed"):
        monkeypatch.setattr(f"cnnplay.training.{module}.devices", lambda: ("cpu", "cuda:0"))
    in_a_team(monkeypatch, 1)
    assert "GPU of its own; it has cpu, cuda:0" in cnnplay(*TRAIN[:-1], "auto").complains()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_process_whose_others_never_come_ends_by_a_signal(number: signal.Signals, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    team = {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    command = [sys.executable, "-m", "cnnplay", *TRAIN, "--out", str(tmp_path / "run")]
    with subprocess.Popen(
        command, env={**os.environ, **team}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            until_heard(port)
            process.send_signal(number)
            assert process.wait(timeout=10) == -number
        finally:
            process.kill()
    assert not (tmp_path / "run").exists()


def until_heard(port: int) -> None:
    """Until the leading process waits for the others at its port."""
    end = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            assert time.monotonic() < end
            time.sleep(0.05)
        else:
            return
