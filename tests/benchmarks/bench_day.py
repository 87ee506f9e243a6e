"""A day of training in two minutes: `python tests/benchmarks/bench_day.py [--hours 24] [--rate 200]`.

The real window with all live views of Train open, its run model, mailbox, poller and recording. LeNet-5 is
trained for one epoch; from then on a source emits steps, epochs, validations and weights as a run does, as
fast as the window takes them in. There is a pause in it. Prints the memory of the process over the
simulated hours, its slope, what a redraw of both curves costs the window's thread, and what lies on the disk.
"""

import argparse
import dataclasses
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

HOME = tempfile.mkdtemp()
for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
    os.environ[variable] = str(Path(HOME) / variable)
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_LOGGING_RULES", "qt.qpa.*=false")

from PySide6.QtWidgets import QApplication  # noqa: E402

from cnnplay.app import make_window  # noqa: E402
from cnnplay.demo.ui_driver import UiDriver  # noqa: E402
from cnnplay.spec.events import EpochDone, Paused, Planned, Resumed, Started, Stepped  # noqa: E402
from cnnplay.spec.settings import TrainConfig  # noqa: E402
from cnnplay.ui.train.worker import Ended, Worker, _job  # noqa: E402

FULL = 20_000
"""Letters in the box at which the source waits for the window."""
LOOK = 0.5
"""Seconds of real time between two looks of the probes."""
WARM_UP = 4.0
"""Simulated hours before the memory counts."""


class Day(Worker):
    """In place of the thread that trains."""

    hours, rate = 24.0, 200
    step = 0

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._thread.daemon = True
        self.may_go = threading.Event()
        self.may_go.set()

    def _work(self) -> None:
        from cnnplay.training.loop import train

        self.recording.begin()
        seen: list[Any] = []
        job = _job(self.request)
        short = dataclasses.replace(job, config=TrainConfig(epochs=1, threads=1))
        started: list[Any] = []
        result = train(short, started.append, lambda found: seen.append(found) if found.checkpoint else None)
        self._hear(self._start(started))
        last = self._emit(next(e for e in started if isinstance(e, Planned)), seen[-1], self._per_epoch)
        ended = dataclasses.replace(result, reason="stopped", last_epoch=last, step=self.step)
        self.recording.end(ended)
        self._box.put(Ended(ended))

    def _start(self, seen: list[Any]) -> Started:
        first = next(event for event in seen if isinstance(event, Started))
        self._per_epoch = first.steps_per_epoch
        epochs = round(self.hours * 3600 * self.rate / self._per_epoch) + 1
        return msgspec.structs.replace(first, config=TrainConfig(epochs=epochs))

    def _emit(self, plan: Planned, seen: Any, per_epoch: int) -> int:
        run, total = self.request.run, round(self.hours * 3600 * self.rate)
        rng = np.random.default_rng(0)
        looked, best, epoch = 0.0, 0.0, 0
        for epoch in range(1, total // per_epoch + 1):
            level = 0.05 + 2.2 / (1 + epoch / 50)
            losses = (level * rng.gamma(4.0, 0.25, per_epoch)).tolist()
            right = (rng.binomial(64, 1 - min(level / 3, 0.9), per_epoch) / 64).tolist()
            for loss, accuracy in zip(losses, right, strict=True):
                self.step += 1
                self._hear(
                    Stepped(run=run, step=self.step, epoch=epoch, loss=loss, accuracy=accuracy, images=64)
                )
            accuracy = float(rng.binomial(1000, 0.97 - 0.5 / (1 + epoch / 20))) / 1000
            is_best = accuracy > best
            best = max(best, accuracy)
            metrics = {
                "train_loss": sum(losses) / per_epoch, "train_accuracy": sum(right) / per_epoch,
                "validation_loss": level * 1.1 + rng.normal(0, 0.01), "validation_accuracy": accuracy,
            }  # fmt: skip
            self._hear(
                EpochDone(
                    run=run, epoch=epoch, step=self.step, metrics=metrics, seconds=per_epoch / self.rate,
                    images_per_second=64.0 * self.rate, best=is_best,
                )
            )  # fmt: skip
            if epoch % 500 == 0:
                self._hear(msgspec.structs.replace(plan, step=self.step))
            checkpoint = dataclasses.replace(
                seen.checkpoint, epoch=epoch, step=self.step, best=is_best, metrics=metrics
            )
            self._box.put(checkpoint)
            if time.monotonic() - looked > LOOK:
                looked = time.monotonic()
                self._observe(dataclasses.replace(seen, step=self.step, epoch=epoch, checkpoint=checkpoint))
            if not self._go_on(run):
                break
        return epoch

    def _go_on(self, run: str) -> bool:
        while len(self._box._messages) > FULL:
            time.sleep(0.005)
        self.may_go.wait()
        if self.control.pending and not (requests := self.control.take()).stop and not requests.proceed:
            self._hear(Paused(run=run, step=self.step))
            while not (requests := self.control.take()).proceed and not requests.stop:
                self.control.wait()
            self._hear(Resumed(run=run, step=self.step))
        return not self.control.stopping


def resident() -> float:
    """MB of memory that the process has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def wait(driver: UiDriver, reached: Callable[[], bool]) -> None:
    """Lets the window live until then, however long that takes."""
    while not reached():
        driver.settle(20)
        if driver.failures:
            raise RuntimeError("; ".join(driver.failures))


def redraw(window: Any, driver: UiDriver) -> float:
    """Microseconds of the window's thread for one curve, redrawn: the median of 20 of both."""
    times = []
    for _ in range(20):
        for panel in (window.page("train").workspace.loss, window.page("train").workspace.primary):
            start = time.thread_time()
            panel._redraw()
            panel.plot.viewport().repaint()
            times.append(1e6 * (time.thread_time() - start))
        driver.settle(1)
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--rate", type=int, default=200, help="steps a second")
    parser.add_argument("--trace", action="store_true", help="say where memory was taken in the last half")
    asked = parser.parse_args()
    Day.hours, Day.rate = asked.hours, asked.rate
    from cnnplay.ui.train import run as module

    module.Worker = Day  # type: ignore[misc]
    application = QApplication([])
    window = make_window()
    sys.excepthook = sys.__excepthook__
    window.resize(1366, 768)
    window.show()
    driver = UiDriver(window, Path(tempfile.mkdtemp()), lambda *_: None)
    session = window.session
    driver.until(lambda: session.data.state == "ready", "the digits")
    driver.until(lambda: session.warm, "torch")
    window.show_workspace("train")
    driver.click(window.controls.train_button)
    run, found, costs, begun = session.run, [], {}, time.monotonic()
    driver.until(lambda: run.state == "running", "the first epoch")
    source = run._worker
    hour = lambda: source.step / asked.rate / 3600  # noqa: E731
    marks, paused = iter(np.arange(0.5, asked.hours + 0.25, 0.5)), False
    tracing: Any = None
    for mark in marks:
        wait(driver, lambda at=mark: run.state == "idle" or hour() >= min(at, asked.hours - 0.01))
        if run.state == "idle":
            break
        found.append((hour(), resident()))
        if mark in (1.0, asked.hours - 0.5):
            source.may_go.clear()
            driver.settle(300)
            costs[mark] = redraw(window, driver)
            source.may_go.set()
        if asked.trace and mark == asked.hours / 2:
            import tracemalloc

            tracemalloc.start(12)
            driver.settle(1000)
            tracing = tracemalloc.take_snapshot()
        if mark >= asked.hours / 4 and not paused:
            paused = True
            run.pause()
            driver.until(lambda: run.state == "paused", "the pause")
            before = source.step
            driver.settle(500)
            assert source.step == before
            run.resume()
            driver.until(lambda: run.state == "running", "going on")
    if tracing is not None:
        import tracemalloc

        for line in tracemalloc.take_snapshot().compare_to(tracing, "lineno")[:15]:
            print(line)
    if run.state != "idle":
        wait(driver, lambda: run.state == "idle" or hour() >= asked.hours - 0.02)
    run.stop()
    wait(driver, lambda: run.state == "idle")
    report(found, costs, run, time.monotonic() - begun, asked.hours)
    session.document.dirty = False
    window.close()
    del application


def report(
    found: list[tuple[float, float]], costs: dict[float, float], run: Any, took: float, hours: float
) -> None:
    for at, memory in found[1::4]:
        print(f"hour {at:5.1f}: {memory:7.1f} MB")
    table = np.asarray([row for row in found if row[0] >= min(WARM_UP, hours / 3)])
    slope = np.polyfit(table[:, 0], table[:, 1], 1)[0]
    events = sum(file.stat().st_size for file in Path(HOME).rglob("events.jsonl")) / 1e6
    history = run.history
    print(f"{hours:.0f} simulated hours in {took:.0f} s: {int(history.numbers[-1]):,} steps")
    print(f"slope of the memory from hour {table[0, 0]:.0f} on: {slope:+.3f} MB an hour")
    for at, cost in costs.items():
        print(f"redraw of a curve at hour {at:g}: {cost:,.0f} µs")
    print(
        f"kept: {len(history):,} steps, {len(history.epochs):,} epochs; events on the disk: {events:.1f} MB"
    )


if __name__ == "__main__":
    main()
