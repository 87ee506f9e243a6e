"""How fast the engine trains beside the best hand-written loop and the usual DataLoader script.

    python tests/benchmarks/bench_throughput.py [--pairs 5] [--turns 3] [--seconds 4] [--window]

LeNet-5, 32 × 32, batch 64, Adam. Each measurement is a process of its own. The kinds take turns, several
times in every pair: shared machines were seen to go by a third faster or slower for ten seconds or more, and
that is to fall on all of them. Prints the mean rates of each pair, and median and spread of the ratios.
With `--window` the engine is timed inside the real window, all live views of a workspace open:
engine_in_window.py, which takes `--seconds` and prints one JSON object with "images_per_second".
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
WINDOW = HERE / "engine_in_window.py"
WANTED = {"best": 0.9, "dataloader": 1.15}


def rate(script: Path, seconds: float, *more: str) -> float:
    """Images a second, as a fresh process finds them."""
    command = [sys.executable, str(script), "--seconds", str(seconds), *more]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1]), "QT_QPA_PLATFORM": "offscreen"}
    environment.pop("OMP_NUM_THREADS", None)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{script.name} failed:\n{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return float(found["images_per_second"])


def measure(pairs: int, turns: int, seconds: float, engine: Path) -> list[dict[str, float]]:
    """One dictionary a pair: engine, best (with one or two threads, whichever is better), dataloader."""
    best = HERE / "best_loop.py"
    tried = {threads: rate(best, seconds, "--threads", str(threads)) for threads in (1, 2)}
    threads = max(tried, key=tried.__getitem__)
    print(f"best loop: {', '.join(f'{n} threads {value:,.0f}' for n, value in tried.items())}", flush=True)
    kinds: dict[str, tuple[Path, tuple[str, ...]]] = {
        "engine": (engine, ()),
        "best": (best, ("--threads", str(threads))),
        "dataloader": (HERE / "dataloader_loop.py", ()),
    }
    found = []
    for number in range(pairs):
        rates: dict[str, list[float]] = {name: [] for name in kinds}
        for _ in range(turns):
            for name, (script, more) in kinds.items():
                rates[name].append(rate(script, seconds, *more))
        pair = {name: statistics.fmean(values) for name, values in rates.items()}
        found.append(pair)
        print(
            f"pair {number + 1}: images/s: {', '.join(f'{n} {v:,.0f}' for n, v in pair.items())}", flush=True
        )
    return found


def report(found: list[dict[str, float]]) -> None:
    """Median, least and most of each ratio, and whether it is what is wanted."""
    for other, wanted in WANTED.items():
        ratios = sorted(pair["engine"] / pair[other] for pair in found)
        middle = statistics.median(ratios)
        verdict = "enough" if middle >= wanted else "too slow"
        print(
            f"engine / {other}: median {middle:.3f}, from {ratios[0]:.3f} to {ratios[-1]:.3f} "
            f"(wanted {wanted}: {verdict})"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--window", action="store_true", help="time the engine inside the real window")
    asked = parser.parse_args()
    engine = WINDOW if asked.window else HERE / "engine_loop.py"
    if not engine.exists():
        sys.exit(f"{engine} does not exist")
    report(measure(asked.pairs, asked.turns, asked.seconds, engine))


if __name__ == "__main__":
    main()
