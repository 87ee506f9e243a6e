"""How many images a training process has learned from, shared with the process that measures it.

The loops stay as they are and add to a few numbers in a file that both map into memory. So several can be
alive, take turns by the second, and be timed from outside: `Racer.go` lets one go on, watches it and stops it
(SIGSTOP); only one ever runs. Whatever slows this machine down for a while then falls on all of them.
"""

import mmap
import os
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
IMAGES, LEFT_OUT, RESTING, THREADS, CELLS = 0, 1, 2, 3, 4
WARM_UP = 4.0
"""Seconds from the first step that are not counted: the window finds its pace in them."""
RUN_UP = 0.4
"""Seconds after being stopped that are not counted: caches fill, timers that fell due go off."""


class Track:
    """Four numbers in a file: images, seconds that do not count, whether such seconds pass, threads."""

    def __init__(self, path: str) -> None:
        with Path(path).open("r+b") as file:
            mapped = mmap.mmap(file.fileno(), CELLS * struct.calcsize("d"))
        self.cells = memoryview(mapped).cast("d")

    def step(self, images: int) -> None:
        self.cells[IMAGES] += images

    def rest(self) -> None:
        """What comes is not learning (a validation)."""
        self.cells[RESTING] = time.monotonic()

    def go_on(self) -> None:
        self.cells[LEFT_OUT] += time.monotonic() - self.cells[RESTING]
        self.cells[RESTING] = 0.0


@dataclass(frozen=True, slots=True)
class Reading:
    when: float
    images: float
    left_out: float

    def rate_since(self, before: "Reading") -> float:
        """Images learned from a second of learning."""
        seconds = self.when - before.when - (self.left_out - before.left_out)
        return (self.images - before.images) / seconds


def reading(track: Track) -> Reading:
    """How far it is now; that of a moment at which it learns."""
    while track.cells[RESTING]:
        time.sleep(0.001)
    return Reading(time.monotonic(), track.cells[IMAGES], track.cells[LEFT_OUT])


def track_file(folder: str) -> str:
    path = Path(folder, "track")
    path.write_bytes(bytes(CELLS * struct.calcsize("d")))
    return str(path)


class Racer:
    """A script that trains for ever, `--track FILE` telling how far it is. For `with`; begins stopped."""

    def __init__(self, script: Path, *more: str) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True)
        path = track_file(self._home.name)
        self.track = Track(path)
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(HERE.parents[1]), os.environ.get("PYTHONPATH", "")]),
            "QT_QPA_PLATFORM": "offscreen",
            "QT_LOGGING_RULES": "qt.qpa.*=false",
            "TMPDIR": self._home.name,
        }
        environment.pop("OMP_NUM_THREADS", None)
        for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
            environment[name] = str(Path(self._home.name, name))
        command = [sys.executable, str(script), "--track", path, *more]
        self._process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)

    def __enter__(self) -> "Racer":
        self.wait(lambda: self.track.cells[IMAGES] > 0)
        time.sleep(WARM_UP)
        self.stop()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._home.cleanup()

    def go(self, seconds: float) -> float:
        """Goes on for so long, and stops: images a second."""
        self.go_on()
        time.sleep(RUN_UP)
        found = self.rate(seconds)
        self.stop()
        return found

    def rate(self, seconds: float) -> float:
        """Images a second over the next seconds, while it runs."""
        before = self.read()
        time.sleep(seconds)
        return self.read().rate_since(before)

    def read(self) -> Reading:
        self.wait(lambda: not self.track.cells[RESTING])
        return reading(self.track)

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        self.wait(lambda: not self.track.cells[RESTING])
        self._process.send_signal(signal.SIGSTOP)

    def wait(self, reached: Callable[[], bool]) -> None:
        while not reached():
            if self._process.poll() is not None:
                sys.exit(f"{self._process.args} ended with {self._process.returncode}")
            time.sleep(0.002)
