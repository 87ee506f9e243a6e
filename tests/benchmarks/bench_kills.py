"""Kills runs at random instants and resumes them, again and again:

    python tests/benchmarks/bench_kills.py [--kills 200] [--seed 0]

Each run is killed (SIGKILL) several times, resumed after each, and then left to end. Printed at the end: the
kills, and how often an epoch's record was lost or came twice, a file could not be read, a temporary file was
left after the next start, or the last weights were others than those of a run that nobody killed. All of
these must be 0; the exit status says so. The processes are forks of one that has imported torch.
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import redirect_stdout
from pathlib import Path

import torch

from cnnplay.cli import main as command_line
from cnnplay.runs.effective_events import effective_events
from cnnplay.runs.files import kind_of
from cnnplay.runs.folder import RunError, RunFolder
from cnnplay.spec.events import EpochDone

EPOCHS = 5
SETTINGS = (
    "schedule=cosine", "averaging=0.5", "shift=2", "flip=true", "erase=0.2", "mixup=0.2",
    "checkpoint_every=0.05",
)  # fmt: skip
TRAIN = [
    "train",
    "mini-resnet",
    "--data",
    "mnist-sample",
    "--epochs",
    str(EPOCHS),
    "--threads",
    "1",
    "--json",
]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--network", default="tiny-cnn")
    asked = parser.parse_args()
    dice, found = random.Random(asked.seed), Counter[str]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        train = [*TRAIN, *(f"--set={pair}" for pair in SETTINGS)]
        train[1] = asked.network
        whole = folder / "whole"
        start = time.perf_counter()
        _ended(_begun([*train, "--out", str(whole)], folder / "output"))
        seconds = time.perf_counter() - start
        number = 0
        while found["kills"] < asked.kills:
            number += 1
            _one(train, folder / f"run-{number}", whole, seconds, dice, found)
    found["runs"] = number
    for what in ("runs", "kills", *CLAIMS):
        print(f"{what:>32}: {found[what]}")
    return int(any(found[what] for what in CLAIMS))


CLAIMS = (
    "reported epochs without a record", "epochs lost at the end", "unreadable files", "leftover files",
    "resumes that failed", "other weights",
)  # fmt: skip


def _one(
    train: list[str], run: Path, whole: Path, seconds: float, dice: random.Random, found: Counter[str]
) -> None:
    """A run that is killed up to six times."""
    output = run.with_suffix(".told")
    for _ in range(6):
        child = _begun(_command(train, run), output)
        time.sleep(dice.uniform(0.0, 0.8 * seconds))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            _note_failure(os.WEXITSTATUS(status), output, found)
            break
        found["kills"] += 1
        _check(run, output, found)
    else:
        _note_failure(_ended(_begun(_command(train, run), output)), output, found)
    _check(run, output, found)
    found["leftover files"] += sum(kind_of(file.name) == "left" for file in run.iterdir())
    folder, other = RunFolder.open(run), RunFolder.open(whole)
    records = [event.epoch for event in effective_events(folder.events()) if isinstance(event, EpochDone)]
    if records != list(range(1, EPOCHS + 1)):
        found["epochs lost at the end"] += 1
        print(f"{run.name} has the epochs {records}", file=sys.stderr)
    for which in ("last", "best", "averaged"):
        mine, its = folder.weights(which), other.weights(which)
        found["other weights"] += not all(torch.equal(mine[key], its[key]) for key in its)


def _command(train: list[str], run: Path) -> list[str]:
    """A run that was killed before it had begun is begun again."""
    return ["resume", str(run), "--json"] if (run / "run.json").exists() else [*train, "--out", str(run)]


def _note_failure(status: int, output: Path, found: Counter[str]) -> None:
    if status:
        found["resumes that failed"] += 1
        print(f"status {status}: {output.with_suffix('.err').read_text().strip()}", file=sys.stderr)


def _check(run: Path, output: Path, found: Counter[str]) -> None:
    """What must hold after every kill."""
    if not (run / "run.json").exists():
        return
    try:
        folder = RunFolder.open(run)
        records = {event.epoch for event in effective_events(folder.events()) if isinstance(event, EpochDone)}
        for which in ("last", "best", "averaged"):
            if (run / f"{which}.safetensors").exists():
                folder.weights(which)
        if folder.has_checkpoint:
            folder.state()
    except RunError as error:
        print(f"unreadable: {error}", file=sys.stderr)
        found["unreadable files"] += 1
        return
    lines = output.read_bytes().splitlines(keepends=True)
    epochs = {
        event["epoch"]
        for event in (json.loads(line) for line in lines if line.endswith(b"}\n"))
        if event["event"] == "epoch"
    }
    found["reported epochs without a record"] += not epochs <= records


def _begun(arguments: list[str], output: Path) -> int:
    """A child that runs the command line, its lines appended to `output`."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        with output.open("a", buffering=1) as file, redirect_stdout(file):
            os.dup2(file.fileno(), 1)
            with output.with_suffix(".err").open("w") as complaints:
                os.dup2(complaints.fileno(), 2)
            status = command_line(arguments, lambda path: 1, lambda folder, seed: 1)
    finally:
        os._exit(status)


def _ended(child: int) -> int:
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main())
