"""What the engine does while another program burns a core, beside the best loop with one thread.

Each pair: LeNet-5 is trained for ten seconds in quiet, then a process burns a core. From three seconds after
its start on, the engine and the one-thread best loop take turns, the burner going on; then it ends. Printed:
the engine's rate in its turns over that of the best loop; how long after the load's start the threads were
fewer, and how long after its end they were as many as before for good.
"""

import statistics
import subprocess
import sys
import threading
import time

from track import HERE, THREADS, Racer

QUIET, FIRST, TURNS, TURN, AFTER = 10.0, 3.0, 4, 3.0, 15.0


class _Burner:
    """A process that keeps a core busy."""

    def __enter__(self) -> None:
        self._process = subprocess.Popen([sys.executable, "-c", "while True: pass"])

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()


class _Threads:
    """Watches with how many threads a racer computes."""

    def __init__(self, racer: Racer) -> None:
        self._racer = racer
        self._ended = threading.Event()
        self.changes: list[tuple[float, int]] = []
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.02):
            threads = int(self._racer.track.cells[THREADS])
            if not self.changes or self.changes[-1][1] != threads:
                self.changes.append((time.monotonic(), threads))


def under_load(engine: str, pairs: int) -> None:
    ratios = []
    for number in range(pairs):
        with Racer(HERE / "best_loop.py", "--threads", "1") as best, Racer(HERE / engine) as ours:
            watched = _Threads(ours)
            ours.go_on()
            quiet = ours.rate(QUIET)
            start = time.monotonic()
            with _Burner():
                time.sleep(FIRST)
                loaded = [ours.rate(TURN)]
                ours.stop()
                alone = [best.go(TURN)]
                for _ in range(TURNS - 1):
                    loaded.append(ours.go(TURN))
                    alone.append(best.go(TURN))
                ours.go_on()
                time.sleep(1.0)
            end = time.monotonic()
            time.sleep(AFTER)
            watched.end()
        ratios.append(statistics.fmean(loaded) / statistics.fmean(alone))
        before = next(threads for when, threads in reversed(watched.changes) if when < start)
        fewer = [when - start for when, threads in watched.changes if start < when < end and threads < before]
        print(
            f"pair {number + 1}: images/s: quiet {quiet:,.0f}, loaded {statistics.fmean(loaded):,.0f}, best "
            f"loop with one thread {statistics.fmean(alone):,.0f}; fewer threads after "
            f"{min(fewer, default=float('nan')):.1f} s, back after {_settled(watched.changes, end, before)}",
            flush=True,
        )
    print(
        f"under load: engine / one-thread best loop: median {statistics.median(ratios):.3f}, from "
        f"{min(ratios):.3f} to {max(ratios):.3f} (wanted 0.9)"
    )


def _settled(changes: list[tuple[float, int]], end: float, threads: int) -> str:
    """How long after the load's end there were as many threads as before, for good."""
    if changes[-1][1] < threads:
        return "more than was watched"
    before_end = [number for when, number in changes if when <= end]
    back = changes[-1][0] if before_end[-1] < threads or changes[-1][0] > end else end
    return f"{max(0.0, back - end):.1f} s"
