"""cnnplay's own loop, as the command line runs it: all events reported, every epoch evaluated.

Evaluating the validation split, which the other loops omit, is not timed. It runs until it is killed:
see track.py.
"""

import argparse

from engine_networks import engine_images, engine_network
from track import THREADS, Track

from cnnplay.spec.events import EpochDone, Event, Planned, Stepped
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.control import Control
from cnnplay.training.job import Job
from cnnplay.training.loop import train
from cnnplay.training.run import Run


class Counter:
    """A sink that keeps a track. From an epoch's last step to its figures, the engine evaluates."""

    def __init__(self, track: Track) -> None:
        self._track = track
        evaluate = Run.after_epoch

        def after_epoch(run: Run) -> bool:
            track.rest()
            return evaluate(run)

        Run.after_epoch = after_epoch  # type: ignore[method-assign]

    def __call__(self, event: Event) -> None:
        if isinstance(event, Stepped):
            self._track.step(event.images)
        elif isinstance(event, EpochDone):
            self._track.go_on()
        elif isinstance(event, Planned):
            self._track.cells[THREADS] = event.threads


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--track", required=True)
    parser.add_argument("--network", default="lenet-5")
    asked = parser.parse_args()
    config = TrainConfig(epochs=100_000, batch_size=64, device="cpu")
    job = Job("bench", engine_network(asked.network), config, engine_images(asked.network))
    train(job, Counter(Track(asked.track)), None, Control())


if __name__ == "__main__":
    main()
