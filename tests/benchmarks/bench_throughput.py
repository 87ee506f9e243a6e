"""How fast the engine trains beside the best hand-written loop, the usual DataLoader script and Lightning.

    python tests/benchmarks/bench_throughput.py [--pairs 5] [--turns 10] [--seconds 2] [--window] [--load]
                                                [--network lenet-5] [--network resnet-8]

Batch 64, Adam; LeNet-5 at 32 × 32 and a ResNet-8 at 3 × 32 × 32, both unless one is named. Each kind is a
process of its own; for every pair all start again and take turns, only one running at a time (see track.py):
shared machines were seen to go by a third faster or slower from one second to the next and for ten seconds or
more, and that is to fall on all of them. A turn takes longer than the live views' period: who was stopped has
all views due at once, and of a shorter turn they would take more than of a run that nobody stops. Prints the
mean rates of each pair, and median and spread of the ratios. With `--window` the engine is timed inside the
real window, all live views of Train open. Lightning is left out where it is not installed. With `--load` a
process that burns a core comes and goes: see load.py.
"""

import argparse
import importlib.util
import statistics
from contextlib import ExitStack

from load import under_load
from track import HERE, THREADS, Racer

WANTED = {
    "lenet-5": {"best": 0.95, "dataloader": 1.25, "lightning": 1.4},
    "resnet-8": {"dataloader": 1.25, "lightning": 1.4},
}


def compare(network: str, pairs: int, turns: int, seconds: float, engine: str) -> list[dict[str, float]]:
    """One dictionary a pair: the rates of engine, best (with one and with two threads), dataloader, and
    lightning where it is there.
    """
    kinds = {
        "engine": (engine,),
        "best": ("best_loop.py", "--threads", "2"),
        "dataloader": ("dataloader_loop.py",),
        "best-1": ("best_loop.py", "--threads", "1"),
    }
    if importlib.util.find_spec("lightning") is not None:
        kinds["lightning"] = ("lightning_loop.py",)
    found = []
    for number in range(pairs):
        with ExitStack() as stack:
            racers = {
                name: stack.enter_context(Racer(HERE / script, *more, "--network", network))
                for name, (script, *more) in kinds.items()
            }
            rates: dict[str, list[float]] = {name: [] for name in kinds}
            threads: list[int] = []
            for turn in range(turns):
                order = list(racers) if turn % 2 == 0 else list(reversed(racers))
                for name in order:
                    rates[name].append(racers[name].go(seconds))
                threads.append(round(racers["engine"].track.cells[THREADS]))
        pair = {name: statistics.fmean(values) for name, values in rates.items()}
        pair["best"] = max(pair["best"], pair.pop("best-1"))
        found.append(pair)
        reported = ", ".join(f"{name} {value:,.0f}" for name, value in pair.items())
        least, most = min(threads), max(threads)
        reported += f"; engine with {most} threads" + (f" (at times {least})" if least < most else "")
        print(f"{network}, pair {number + 1}: images/s: {reported}", flush=True)
    return found


def report(found: list[dict[str, float]], network: str) -> None:
    """Median, least and most of each ratio, and whether it is what is wanted."""
    for other, wanted in WANTED[network].items():
        if other not in found[0]:
            print(f"engine / {other}: not installed")
            continue
        ratios = sorted(pair["engine"] / pair[other] for pair in found)
        middle = statistics.median(ratios)
        result = "enough" if middle >= wanted else "too slow"
        print(
            f"{network}: engine / {other}: median {middle:.3f}, from {ratios[0]:.3f} to {ratios[-1]:.3f} "
            f"(wanted {wanted}: {result})",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--turns", type=int, default=10, help="of each kind in a pair")
    parser.add_argument("--seconds", type=float, default=2.0, help="that a turn takes")
    parser.add_argument("--network", choices=tuple(WANTED), action="append")
    parser.add_argument("--load", action="store_true", help="what happens while another program burns a core")
    parser.add_argument("--window", action="store_true", help="time the engine inside the real window")
    asked = parser.parse_args()
    engine = "engine_in_window.py" if asked.window else "engine_loop.py"
    if asked.load:
        under_load(engine, asked.pairs)
        return
    for network in asked.network or WANTED:
        report(compare(network, asked.pairs, asked.turns, asked.seconds, engine), network)


if __name__ == "__main__":
    main()
