"""How soon the window answers, and its worker ends, while a large network trains.

    python tests/benchmarks/bench_stop.py [--seconds 30] [--times 5]

VGG-16 at 3 × 224 × 224 with a batch of 4 trains in the real window, all live views of Train open. Printed
are: by how much a 5 ms timer in the window's event loop was late meanwhile; how long a click on Pause and on
Stop keeps the window, and when all is done (a pause comes after the step at hand, or after the epoch's
validation); and the same for closing the window. Wanted: 100 ms for the window, 2 s for the worker's end.
Processor time taken by other machines on the same hardware is reported separately.
"""

import argparse
import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["QT_LOGGING_RULES"] = "qt.qpa.*=false"

PICTURES = 40
STOLEN = 0.02
"""Seconds of processor time that were taken away between two looks, from which on the delay is not ours."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=30.0, help="of training with the clock running")
    parser.add_argument("--times", type=int, default=5, help="that it is paused and stopped")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
            os.environ[name] = str(Path(home, name))
        Trial(Path(home)).run(asked.seconds, asked.times)


class Trial:
    """The window with the network in it."""

    def __init__(self, home: Path) -> None:
        from PySide6.QtWidgets import QApplication

        from cnnplay.app import make_window
        from cnnplay.data.images import ImageSet
        from cnnplay.demo.ui_driver import Clock, UiDriver
        from cnnplay.network.presets import preset
        from cnnplay.shapes.adapt import adapt

        self.application = QApplication([])
        self.window = make_window()
        self.window.resize(1440, 900)
        self.window.show()
        self.driver = UiDriver(self.window, home, print)
        self.clock: Callable[[], Clock] = Clock
        session = self.session = self.window.session
        self.driver.until(lambda: session.data.state == "ready", "the digits")
        noise = np.random.default_rng(0).integers(0, 256, (PICTURES, 224, 224, 3), dtype=np.uint8)
        session.data.use(
            ImageSet(
                key="noise",
                title="noise",
                classes=tuple("0123456789"),
                images=noise,
                labels=np.arange(PICTURES, dtype=np.int64) % 10,
                train=np.arange(PICTURES - 8),
                validation=np.arange(PICTURES - 8, PICTURES),
                shape=(3, 224, 224),
                channels=3,
            )
        )
        adapted = adapt(preset("vgg-16").network, (3, 224, 224), 10, "resize").edited
        assert adapted is not None
        session.editor.reset(adapted.network)
        session.settings.set("epochs", 1000)
        session.settings.set("batch_size", 4)
        self.window.show_workspace("train")

    def run(self, seconds: float, times: int) -> None:
        from PySide6.QtWidgets import QMessageBox

        self.begin(0.0)
        report(f"{seconds:g} s of training", self.watched(lambda: self.driver.settle(round(1000 * seconds))))
        for number in range(times):
            wait = 0.37 * (number + 1)
            self.begin(wait)
            report("pause", self.deed(self.window.controls.pause_button, lambda: self.state == "paused"))
            self.driver.click(self.window.controls.pause_button)
            self.begin(wait)
            report("stop", self.deed(self.window.controls.stop_button, lambda: self.state == "idle"))
        self.begin(0.9)
        worker = next(thread for thread in threading.enumerate() if thread.name == "cnnplay-train")
        gone = threading.Event()
        ended: list[float] = []

        def watch() -> None:
            worker.join()
            ended.append(time.perf_counter())
            gone.set()

        threading.Thread(target=watch, daemon=True).start()
        buttons = QMessageBox.StandardButton
        self.window.files.ask_about_changes = lambda: buttons.Discard  # type: ignore[method-assign]
        start = time.perf_counter()
        hidden: list[float] = []
        hide = self.window.hide
        self.window.hide = lambda: (hide(), hidden.append(time.perf_counter()))  # type: ignore[method-assign]
        self.window.close()
        gone.wait()
        report("closing the window", {"window gone": hidden[0] - start, "worker ended": ended[0] - start})

    @property
    def state(self) -> str:
        return self.session.run.state

    def begin(self, wait: float) -> None:
        """It trains, for that many seconds more."""
        run, steps = self.session.run, len(self.session.run.history)

        def learned() -> bool:
            return run.state == "running" and len(run.history) != steps

        def go() -> None:
            if run.state == "idle":
                self.driver.click(self.window.controls.train_button)
            self.driver.until(learned, "the first step")
            self.driver.settle(round(1000 * wait))

        report("start, resume", self.watched(go))

    def deed(self, button: Any, done: Callable[[], bool]) -> dict[str, float]:
        """Clicks, and watches the window until it is done."""
        before = self.session.run.state, button.text(), button.isEnabled()
        start, taken = time.perf_counter(), stolen()
        self.driver.click(button)
        answered = time.perf_counter() - start
        click = "click" if stolen() - taken < STOLEN else "click while the processors were taken away"

        def wait() -> None:
            while not done():
                self.driver.settle(5)

        run = self.session.run
        seen = (run.state, button.text(), button.isEnabled()) != before or run.pausing
        late = self.watched(wait)
        found = {click: answered, **late, "done": time.perf_counter() - start}
        return found if seen else {**found, "not seen to be heard": 1.0}

    def watched(self, what: Callable[[], None]) -> dict[str, float]:
        """The latest that the window's event loop was meanwhile, in seconds."""
        from PySide6.QtCore import QTimer

        clock, late, taken = self.clock(), [0.0], [0.0]
        before, seen = stolen(), 0

        def tick() -> None:
            nonlocal before, seen
            now, latest = stolen(), max(clock.late[seen:], default=0.0) / 1000
            (late if now - before < STOLEN else taken).append(latest)
            before, seen = now, len(clock.late)

        timer = QTimer(interval=5)
        timer.timeout.connect(tick)
        clock.start()
        timer.start()
        what()
        timer.stop()
        clock.stop()
        tick()
        found = {"window late": max(late)}
        if max(taken) > max(late):
            found["late while the processors were taken away"] = max(taken)
        return found


def stolen() -> float:
    """Seconds that the processors were taken away so far, by those who share them (Linux)."""
    if not Path("/proc/stat").exists():
        return 0.0
    return int(Path("/proc/stat").read_text().split()[8]) / os.sysconf("SC_CLK_TCK")


def report(what: str, found: dict[str, float]) -> None:
    print(
        f"{what}: " + ", ".join(f"{name} {1000 * value:,.0f} ms" for name, value in found.items()), flush=True
    )


if __name__ == "__main__":
    main()
