"""Kills resumed trainings in the real window and recovers them, again and again:

    python tests/benchmarks/bench_kills_resumed.py [--kills 60] [--seed 0]

In each cycle one window, offscreen, saves its document, trains, stops and resumes: exactly, with another
learning rate, or after its file was opened anew. At a random instant it is killed (SIGKILL). A second window
starts as the program does, answers what it is asked (*Open*, *Open and resume*, or *Resume* in the notice),
and trains the rest. Printed at the end: how often the file's name, the number of epochs in the settings, the
epochs, the curve or the best weights were others than before the kill. All must be 0; the exit status says
so.

Right after recovery the window must show all that was written before the kill: each epoch, and each step
except those of the last second. Once the run has caught up, everything must be as it was, bit for bit.
"""

import argparse
import hashlib
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

os.environ["QT_QPA_PLATFORM"] = "offscreen"

import numpy  # noqa: F401  (imported once, before the forks)
import torch
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox

from cnnplay.app import make_window
from cnnplay.ui.shell.views.main_window import MainWindow

EPOCHS = 6
SETTINGS = {"epochs": EPOCHS, "threads": 1, "checkpoint_every": 0.05, "shift": 1, "schedule": "cosine"}
FILE = "digits.cnnplay"
RESUMES = ("exactly", "changed", "reopened")
ANSWERS = ("Open", "Open and resume")
FLUSHED = 1.0
"""Seconds after which a step is in the run's folder for certain."""
WAIT = 60.0
CLAIMS = (
    "file names", "epochs in the settings", "epochs lost", "steps lost", "best weights lost",
    "other epochs at the end", "other curves at the end", "other best weights at the end",
    "windows that failed",
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    dice, found = random.Random(asked.seed), Counter[str]()
    start = time.perf_counter()
    for number in range(asked.kills):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
            _cycle(Path(home), number, dice, found)
    print(f"{found['kills']} kills in {time.perf_counter() - start:,.0f} s")
    for what in (*RESUMES, "ended", *ANSWERS, "notice", *CLAIMS):
        print(f"{what:>32}: {found[what]}")
    return int(any(found[what] for what in CLAIMS))


def _cycle(home: Path, number: int, dice: random.Random, found: Counter[str]) -> None:
    resume, answer = RESUMES[number % len(RESUMES)], dice.choice(ANSWERS)
    train, recover = home / "train.jsonl", home / "recover.jsonl"
    child = _forked(
        home, train, lambda window, told: Trains(window, told, home / FILE, resume, dice.randint(1, 3))
    )
    if not _waited(train, child, lambda line: line["resumed"]):
        found["windows that failed"] += 1
        print(f"cycle {number} ({resume}): the first window did not resume", file=sys.stderr)
        print(train.with_suffix(".err").read_text(), file=sys.stderr)
        return
    if number % 4 == 3:  # within a second of the end
        _waited(train, child, lambda line: line["ended"])
        time.sleep(dice.uniform(0.0, 1.0))
    else:
        time.sleep(dice.uniform(0.0, 3.0))
    os.kill(child, signal.SIGKILL)
    killed = time.time()
    os.waitpid(child, 0)
    found["kills"] += 1
    found[resume] += 1
    child = _forked(home, recover, lambda window, told: Recovers(window, told, answer))
    _, status = os.waitpid(child, 0)
    before, after = _lines(train), _lines(recover)
    if status or not after:
        found["windows that failed"] += 1
        print(f"cycle {number} ({resume}, {answer}): the second window failed, {status}", file=sys.stderr)
        print(recover.with_suffix(".err").read_text(), file=sys.stderr)
        return
    found["ended"] += before[-1]["ended"]
    found[after[0]["answered"]] += 1
    for what in _problems(before, after, killed):
        found[what] += 1
        print(f"cycle {number} ({resume}, {after[0]['answered']}): {what}", file=sys.stderr)
        print(f"  before {_brief(before[-1])}", file=sys.stderr)
        print(f"  after  {_brief(after[0])}\n  end    {_brief(after[-1])}", file=sys.stderr)


def _problems(before: list[dict[str, Any]], after: list[dict[str, Any]], killed: float) -> list[str]:
    """Which claims do not hold."""
    was, first, last = before[-1], after[0], after[-1]
    found = []
    if first["name"] != was["name"] or last["name"] != was["name"]:
        found.append("file names")
    if first["field"] != was["field"]:
        found.append("epochs in the settings")
    opened = first["answered"] == "Open"
    if opened and first["epochs"][: len(was["epochs"])] != was["epochs"]:
        found.append("epochs lost")
    written = next((line for line in reversed(before) if line["at"] < killed - FLUSHED), before[0])
    if opened and not dict(written["curve"]).items() <= dict(first["curve"]).items():
        found.append("steps lost")
    known = {tuple(line["best"]) for line in (*before, *after) if line["best"]}
    if was["best"] and (not first["best"] or tuple(first["best"]) not in known):
        found.append("best weights lost")
    caught_up = next((line for line in after if line["epochs"][-1:] >= was["epochs"][-1:]), last)
    if caught_up["epochs"][: len(was["epochs"])] != was["epochs"]:
        found.append("other epochs at the end")
    if not dict(was["curve"]).items() <= dict(last["curve"]).items():
        found.append("other curves at the end")
    if was["epochs"] and caught_up["epochs"] == was["epochs"] and caught_up["best"] != was["best"]:
        found.append("other best weights at the end")
    return found


def _brief(line: dict[str, Any]) -> str:
    kept = {name: value for name, value in line.items() if name != "curve"}
    return f"{kept}, {len(line['curve'])} steps"


def _forked(home: Path, output: Path, use: Any) -> int:
    """A child with a window of its own, which `use` drives; what it shows is written to `output`."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        with output.with_suffix(".err").open("w") as complaints:
            os.dup2(complaints.fileno(), 2)
        for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
            os.environ[name] = str(home / name)
        application = QApplication(["cnnplay"])
        window = make_window()
        window.show()
        kept = use(window, output)
        QTimer.singleShot(int(WAIT * 1000), lambda: os._exit(3))
        status = application.exec()
        del kept
    finally:
        os._exit(status)
    raise AssertionError("not reached")


def _lines(output: Path) -> list[dict[str, Any]]:
    """What a window wrote; a kill may have cut off the last line."""
    whole = output.read_bytes().splitlines(keepends=True) if output.exists() else []
    return [json.loads(line) for line in whole if line.endswith(b"\n")]


def _waited(output: Path, child: int, until: Any) -> bool:
    """Whether a line came of which that holds, before the child ended."""
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        if any(until(line) for line in _lines(output)[-1:]):
            return True
        if os.waitpid(child, os.WNOHANG)[0]:
            return False
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


class Shown:
    """Writes what a window shows, each time that its history changes."""

    def __init__(self, window: MainWindow, output: Path) -> None:
        self.window, self.session = window, window.session
        self.answered = ""
        self.resumed = False
        self._file = output.open("a", buffering=1)
        self._digest: tuple[object, str] = (None, "")
        self.session.run.recorder.changed.connect(self.tell)

    def tell(self) -> None:
        session, history = self.session, self.session.run.history
        trained = session.run.weights_cache.trained
        best: list[object] = []
        if trained is not None and trained.weights.best is not None:
            best = [trained.weights.best_epoch, self._sha(trained.weights.best)]
        places = (history.steps("loss").x * 1000).round().astype(int).tolist()
        line = {
            "at": time.time(),
            "name": self.window.windowTitle(),
            "field": session.settings.config.epochs,
            "epochs": [done.epoch for done in history.epochs],
            "best": best,
            "curve": list(zip(places, history.steps("loss").y.tolist(), strict=True)),
            "resumed": self.resumed,
            "ended": history.ended,
            "answered": self.answered,
        }
        self._file.write(json.dumps(line) + "\n")

    def _sha(self, weights: dict[str, torch.Tensor]) -> str:
        if self._digest[0] is not weights:
            digest = hashlib.sha1(usedforsecurity=False)
            for name in sorted(weights):
                digest.update(weights[name].numpy().tobytes())
            self._digest = (weights, digest.hexdigest())
        return self._digest[1]


class Trains(Shown):
    """Saves, trains, stops after some epochs, resumes, and goes on until it is killed."""

    def __init__(self, window: MainWindow, output: Path, file: Path, resume: str, after: int) -> None:
        super().__init__(window, output)
        self._path, self._resume, self._after = file, resume, after
        self._steps = iter((self._prepare, self._save, self._start, self._stop, self._change, self._again))
        self._next = next(self._steps)
        self._timer = QTimer(window, interval=10)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def _look(self) -> None:
        if self._next():
            self._next = next(self._steps, lambda: False)

    def _prepare(self) -> bool:
        if self.session.data.state != "ready":
            return False
        self.session.editor.load_preset("tiny-cnn")
        for name, value in SETTINGS.items():
            self.session.settings.set(name, value)
        return True

    def _save(self) -> bool:
        self.session.save(self._path)
        return True

    def _start(self) -> bool:
        return not self.session.document.busy and self.session.run.start()

    def _stop(self) -> bool:
        if len(self.session.run.history.epochs) < self._after:
            return False
        self.session.run.stop()
        return True

    def _change(self) -> bool:
        session = self.session
        if session.run.active or session.document.busy:
            return False
        if self._resume == "changed":
            session.settings.set("learning_rate", 2e-3)
        elif self._resume == "reopened" and session.document.dirty:
            session.save(self._path)
            return False
        elif self._resume == "reopened":
            session.document.open(self._path)
        return True

    def _again(self) -> bool:
        if self.session.document.busy or self.session.data.state != "ready":
            return False
        assert self.session.run.can_resume
        assert self.session.run.start()
        self.resumed = True
        return True


class Recovers(Shown):
    """Answers as a user does after a crash, and trains the rest."""

    def __init__(self, window: MainWindow, output: Path, answer: str) -> None:
        super().__init__(window, output)
        self.session.run.recorder.changed.disconnect(self.tell)
        self._wanted, self._recovered = answer, False
        self._timer = QTimer(window, interval=10)
        self._timer.timeout.connect(self._look)
        self._timer.start()
        QTimer.singleShot(0, window, window.offer_recovery)

    def _look(self) -> None:
        if not self.answered:
            self._answer()
        elif not self._recovered:
            self._recover()
        elif not self.session.run.active:
            self._finish()

    def _answer(self) -> None:
        box = QApplication.activeModalWidget()
        if isinstance(box, QMessageBox) and box.isVisible():
            texts = {button.text(): button for button in box.buttons()}
            self.answered = self._wanted if self._wanted in texts else "Open"
            QTest.mouseClick(texts[self.answered], Qt.MouseButton.LeftButton)
        elif box is None and self.window.interrupted_notice.notice.isVisible():
            self.answered = "notice"
            QTest.mouseClick(self.window.interrupted_notice.notice.buttons[0], Qt.MouseButton.LeftButton)

    def _recover(self) -> None:
        """Once the window shows it: writes that, and has the rest trained."""
        session, run = self.session, self.session.run
        ready = not session.document.busy and session.data.state == "ready"
        if not ready or run.weights_cache.trained is None:
            return
        if self.answered != "Open" and not run.active:
            return
        self._recovered = True
        self.tell()
        run.recorder.changed.connect(self.tell)
        state = run.weights_cache.trained.state
        if not run.active and state is not None and state.unfinished:
            run.start()

    def _finish(self) -> None:
        self.tell()
        self._timer.stop()
        self.session.document.dirty = False
        self.window.close()
        QApplication.quit()


if __name__ == "__main__":
    sys.exit(main())
