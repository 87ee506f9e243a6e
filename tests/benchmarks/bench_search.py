"""Twenty trials in one process, and in two that share them: time, who did how many, and what the study costs.

``python tests/benchmarks/bench_search.py [--trials 20] [--epochs 2]``. Both searches draw the same trials.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SPACE = {
    "vary": {
        "learning_rate": {"low": 1e-4, "high": 1e-1, "log": True},
        "batch_size": {"low": 32, "high": 128, "step": 32},
        "optimizer": ["momentum", "adam"],
        "conv-2.filters": [8, 16, 32],
    }
}


def searched(workers: int, trials: int, epochs: int, home: Path) -> tuple[float, list[list[dict[str, Any]]]]:
    """Seconds from the first process's start to the last one's end, and what each reported."""
    command = [
        sys.executable, "-m", "cnnplay", "search", "lenet-5", "--data", "mnist-sample", "--json",
        "--trials", str(trials), "--epochs", str(epochs), "--threads", "1", "--study", "bench",
        "--space", str(home / "space.json"), "--storage", f"sqlite:///{home}/{workers}.db",
    ]  # fmt: skip
    environment = {**os.environ, "XDG_DATA_HOME": str(home / "data")}
    start = time.perf_counter()
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) for _ in range(workers)
    ]
    reported = [[json.loads(line) for line in process.communicate()[0].splitlines()] for process in running]
    return time.perf_counter() - start, reported


def main() -> None:
    """Prints a line for one process and one for two."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=2)
    asked = parser.parse_args()
    values = []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "space.json").write_text(json.dumps(SPACE))
        for workers in (1, 2):
            seconds, reported = searched(workers, asked.trials, asked.epochs, home)
            trials = [[line for line in lines if line["event"] == "trial"] for lines in reported]
            last = reported[0][-1]
            values.append(
                {line["number"]: (line["settings"], line["value"]) for part in trials for line in part}
            )
            trained = sum(line["seconds"] for part in trials for line in part)
            print(
                f"{workers} process{'es' if workers > 1 else ''}: {last['trials']} trials in {seconds:.1f} s "
                f"({' + '.join(str(len(part)) for part in trials)}), {trained:.1f} s of trials; "
                f"best {last['best']['value']:.3f}, trial {last['best']['number']}"
            )
    same = sum(values[0][number] == values[1][number] for number in values[0])
    print(f"{same} of {len(values[0])} trials have the same settings and accuracy in both")


if __name__ == "__main__":
    main()
