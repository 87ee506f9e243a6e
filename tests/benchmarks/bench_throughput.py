"""How fast the engine trains beside the best hand-written loop, the usual DataLoader script and Lightning.

    python tests/benchmarks/bench_throughput.py [--pairs 5] [--turns 3] [--seconds 4] [--window] [--load]
                                                [--network lenet-5] [--network resnet-8]

Batch 64, Adam; LeNet-5 at 32 × 32 and a ResNet-8 at 3 × 32 × 32, both unless one is named. Each measurement
is a process of its own. The kinds take turns, several times in every pair: shared machines were seen to go by
a third faster or slower for ten seconds or more, and that is to fall on all of them. Prints the mean rates of
each pair, and median and spread of the ratios. With `--window` the engine is timed inside the real window,
all live views of Train open. Lightning is left out where it is not installed. With `--load` a process that
burns a core comes ten seconds after the engine began and goes twenty seconds later: see load.py.
"""

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
WINDOW = HERE / "engine_in_window.py"
WANTED = {
    "lenet-5": {"best": 0.95, "dataloader": 1.25, "lightning": 1.4},
    "resnet-8": {"dataloader": 1.25, "lightning": 1.4},
}


def rate(script: Path, seconds: float, *more: str) -> float:
    """Images a second, as a fresh process finds them."""
    command = [sys.executable, str(script), "--seconds", str(seconds), *more]
    path = os.pathsep.join([str(HERE.parents[1]), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path, "QT_QPA_PLATFORM": "offscreen"}
    environment.pop("OMP_NUM_THREADS", None)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{script.name} failed:\n{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return float(found["images_per_second"])


def measure(pairs: int, turns: int, seconds: float, engine: Path, network: str) -> list[dict[str, float]]:
    """One dictionary a pair: engine, best (with one or two threads, whichever is better), dataloader, and
    lightning where it is there.
    """
    best, which = HERE / "best_loop.py", ("--network", network)
    tried = {threads: rate(best, seconds, "--threads", str(threads), *which) for threads in (1, 2)}
    threads = max(tried, key=tried.__getitem__)
    print(
        f"{network}: best loop: {', '.join(f'{n} threads {value:,.0f}' for n, value in tried.items())}",
        flush=True,
    )
    kinds: dict[str, tuple[Path, tuple[str, ...]]] = {
        "engine": (engine, which),
        "best": (best, ("--threads", str(threads), *which)),
        "dataloader": (HERE / "dataloader_loop.py", which),
    }
    if importlib.util.find_spec("lightning") is not None:
        kinds["lightning"] = (HERE / "lightning_loop.py", which)
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


def report(found: list[dict[str, float]], network: str) -> None:
    """Median, least and most of each ratio, and whether it is what is wanted."""
    for other, wanted in WANTED[network].items():
        if other not in found[0]:
            print(f"engine / {other}: not installed")
            continue
        ratios = sorted(pair["engine"] / pair[other] for pair in found)
        middle = statistics.median(ratios)
        verdict = "enough" if middle >= wanted else "too slow"
        print(
            f"{network}: engine / {other}: median {middle:.3f}, from {ratios[0]:.3f} to {ratios[-1]:.3f} "
            f"(wanted {wanted}: {verdict})"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--network", choices=tuple(WANTED), action="append")
    parser.add_argument("--load", action="store_true", help="what happens while another program burns a core")
    parser.add_argument("--window", action="store_true", help="time the engine inside the real window")
    asked = parser.parse_args()
    engine = WINDOW if asked.window else HERE / "engine_loop.py"
    if not engine.exists():
        sys.exit(f"{engine} does not exist")
    if asked.load:
        from load import under_load

        under_load(engine, asked.pairs)
        return
    for network in asked.network or WANTED:
        report(measure(asked.pairs, asked.turns, asked.seconds, engine, network), network)


if __name__ == "__main__":
    main()
