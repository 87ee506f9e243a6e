"""What the engine does while another program burns a core, beside the best loop with one thread.

Each pair: the engine runs for 45 s (LeNet-5); from 10 s to 30 s after its first step a process burns a core.
Then the one-thread best loop runs under the same load. Printed: the engine's rate from 3 s after the load's
start to its end, over that of the best loop; how long after the load's start the threads were fewer, and how
long after its end they were as many as before.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
QUIET, LOADED, AFTER, WARM_UP = 10.0, 20.0, 15.0, 1.0


def under_load(engine: Path, pairs: int) -> None:
    ratios = []
    for number in range(pairs):
        found, start, end = _engine(engine)
        alone = _best_alone()
        loaded = _rate(found["rates"], start + 3.0, end)
        ratios.append(loaded / alone)
        before = found["timeline"][0][1]
        fewer = [
            when - start for when, threads in found["timeline"] if start < when < end and threads < before
        ]
        quiet = _rate(found["rates"], 0, start)
        back = _settled(found["timeline"], end, before)
        print(
            f"pair {number + 1}: images/s: quiet {quiet:,.0f}, loaded {loaded:,.0f}, "
            f"best loop with one thread {alone:,.0f}; fewer threads after "
            f"{min(fewer, default=float('nan')):.1f} s, back after {back:.1f} s",
            flush=True,
        )
    print(
        f"under load: engine / one-thread best loop: median {statistics.median(ratios):.3f}, from "
        f"{min(ratios):.3f} to {max(ratios):.3f} (wanted 0.9)"
    )


def _engine(engine: Path) -> tuple[dict[str, Any], float, float]:
    """What the engine found, and when the load came and went."""
    process = _begin(engine, QUIET + LOADED + AFTER, "--announce")
    assert process.stdout is not None
    process.stdout.readline()  # its first step
    time.sleep(WARM_UP + QUIET)
    start = time.time()
    with _Burner():
        time.sleep(LOADED)
        end = time.time()
    found: dict[str, Any] = json.loads(process.communicate()[0].splitlines()[-1])
    return found, start, end


def _best_alone() -> float:
    with _Burner():
        done = _begin(HERE / "best_loop.py", 8.0, "--threads", "1").communicate()[0]
    return float(json.loads(done.splitlines()[-1])["images_per_second"])


class _Burner:
    """A process that keeps a core busy."""

    def __enter__(self) -> None:
        self._process = subprocess.Popen([sys.executable, "-c", "while True: pass"])

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()


def _begin(script: Path, seconds: float, *more: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1]), "QT_QPA_PLATFORM": "offscreen"}
    environment.pop("OMP_NUM_THREADS", None)
    command = [sys.executable, str(script), "--seconds", str(seconds), *more]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def _rate(rates: list[tuple[float, int]], start: float, end: float) -> float:
    inside = [(when, images) for when, images in rates if start <= when <= end]
    (first, before), (last, after) = inside[0], inside[-1]
    return (after - before) / (last - first)


def _settled(timeline: list[tuple[float, int]], end: float, threads: int) -> float:
    """Seconds after the load's end until there were as many threads as before, for good."""
    back = float("nan")
    for when, number in timeline:
        if number < threads:
            back = float("nan")
        elif back != back:
            back = max(0.0, when - end)
    return back


if __name__ == "__main__":
    under_load(HERE / "engine_in_window.py", 5)
