"""How much CPU time a redraw of the curves takes: `python tests/benchmarks/bench_plots.py [--redraws 60]`.

Train's two panels of a run in progress, and the comparison of eight finished runs and of one that is written
meanwhile. A redraw takes new events, computes the lines and paints the widget, without a screen.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterator
from itertools import product

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtWidgets import QApplication, QWidget

from cnnplay.spec.events import EpochDone, Event, Started, Stepped
from cnnplay.spec.settings import TrainConfig
from cnnplay.ui.runs.run_curves import AXES, SPLITS, DrawnRun, RunCurvesModel, SplitChoice
from cnnplay.ui.runs.views.run_plot import RunPlot
from cnnplay.ui.train.curves import CurvesModel
from cnnplay.ui.train.history import Axis, History
from cnnplay.ui.train.views.curves import CurvePlot

SIZE = (640, 300)
PER_EPOCH = 500
RUNS = 8


def started(total: int) -> Started:
    return Started(
        run="r",
        network="n",
        data="d",
        config=TrainConfig(epochs=total // PER_EPOCH),
        device="cpu",
        parameters=1,
        train_size=32_000,
        validation_size=1_000,
        steps_per_epoch=PER_EPOCH,
    )


def events(first: int, last: int, seed: int = 0) -> Iterator[Event]:
    """Steps of a noisy run that learns, and its epochs."""
    rng = np.random.default_rng([seed, first])
    noise = rng.normal(1.0, 0.2, last - first + 1)
    for step, factor in zip(range(first, last + 1), noise.tolist(), strict=True):
        epoch, loss = 1 + (step - 1) // PER_EPOCH, 0.1 + 2.2 / (1 + step / 300)
        share = round(64 * min(1.0, (1 - 0.3 * loss) * factor)) / 64
        yield Stepped(run="r", step=step, epoch=epoch, loss=loss * factor, accuracy=share, images=64)
        if step % PER_EPOCH == 0:
            metrics = {
                "train_loss": loss,
                "validation_loss": 1.05 * loss,
                "train_accuracy": 1 - 0.3 * loss,
                "validation_accuracy": 1 - 0.33 * loss,
            }
            yield EpochDone(
                run="r",
                epoch=epoch,
                step=step,
                metrics=metrics,
                seconds=2.0,
                images_per_second=1.0,
                best=True,
            )


class OneRun:
    """What `CurvePlot` reads."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.previous: History | None = None


def show(widget: QWidget) -> None:
    widget.resize(*SIZE)
    widget.show()
    QApplication.processEvents()


def measured(redraws: int, redraw: Callable[[int], None], *widgets: QWidget) -> str:
    """`redraw` gets the number of the redraw; the widgets are painted after it."""
    took = []
    for number in range(redraws):
        start = time.thread_time()
        redraw(number)
        for widget in widgets:
            widget.viewport().repaint()  # type: ignore[attr-defined]
        took.append(1e3 * (time.thread_time() - start))
    return f"median {statistics.median(took):6.2f} ms, 95 % below {np.percentile(took, 95):6.2f} ms"


def train(steps: int, redraws: int, logarithmic: bool) -> None:
    """Twenty new steps a redraw, as at 10 Hz and 200 steps a second."""
    model, run = CurvesModel(), OneRun(History([started(2 * steps), *events(1, steps)]))
    model.set_logarithmic(logarithmic)
    plots = [CurvePlot("loss", run, model), CurvePlot("primary", run, model)]
    for plot in plots:
        show(plot)

    def redraw(number: int) -> None:
        first = steps + 1 + 20 * number
        run.history.extend(events(first, first + 19))
        for plot in plots:
            plot.refresh()

    scale = ", log scale" if logarithmic else ""
    print(f"Train, both panels, {steps:6,} steps{scale}: {measured(redraws, redraw, *plots)}", flush=True)


def comparison(steps: int, redraws: int, axis: Axis, splits: SplitChoice) -> None:
    model = RunCurvesModel()
    model.set_axis(axis)
    model.set_splits(splits)
    runs = [History([started(2 * steps), *events(1, steps, seed)]) for seed in range(RUNS)]
    drawn = [DrawnRun(f"{slot}", f"run {slot}", slot, run) for slot, run in enumerate(runs)]
    model.show(drawn)
    plots = [RunPlot("loss", model), RunPlot("primary", model)]
    for plot in plots:
        show(plot)

    def redraw(number: int) -> None:
        first = steps + 1 + 20 * number
        runs[0].extend(events(first, first + 19))
        model.show(drawn)

    text = measured(redraws, redraw, *plots)
    print(f"Comparison of {RUNS} runs of {steps:6,} steps, {splits} by {axis}: {text}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--redraws", type=int, default=60)
    asked = parser.parse_args()
    application = QApplication([])
    for steps in (1_000, 50_000):
        for logarithmic in (False, True):
            train(steps, asked.redraws, logarithmic)
        for axis, splits in product(AXES, SPLITS[::2]):
            comparison(steps, asked.redraws, axis, splits)
    application.quit()


if __name__ == "__main__":
    main()
