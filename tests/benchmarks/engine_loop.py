"""cnnplay's own loop, as the command line runs it: all events told, every epoch judged.

Prints {"images_per_second": …}: pictures learned from a second of training. Judging the validation part,
which the loops beside it leave out, is not in that time; "with_validation" is the rate with it.
"""

import argparse
import json
import time

from engine_networks import engine_network, engine_pictures

from cnnplay.spec.events import EpochDone, Event, Planned, Stepped
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.control import Control
from cnnplay.training.job import Job
from cnnplay.training.loop import train

WARM_UP = 1.0


class Counter:
    """A sink that takes the time of every step."""

    def __init__(self, seconds: float, control: Control, announce: bool = False) -> None:
        self.announce = announce
        self.seconds = seconds
        self.control = control
        self.first: float | None = None
        self.start = 0.0
        self.before: float | None = None
        self.images = 0
        self.training = 0.0
        self.total = 0.0
        self.plans: list[str] = []
        self.begun = time.time()
        self.timeline: list[tuple[float, int]] = []
        """When (seconds since 1970), and with how many threads from then on."""
        self.rates: list[tuple[float, int]] = []
        """When, and the pictures learned from until then."""

    def __call__(self, event: Event) -> None:
        if isinstance(event, Planned):
            self.plans.append(f"{event.threads}: {event.reason}")
            self.timeline.append((time.time(), event.threads))
        elif isinstance(event, EpochDone):
            self.before = time.perf_counter()
        elif isinstance(event, Stepped):
            self.step(event, time.perf_counter())

    def step(self, event: Stepped, now: float) -> None:
        if self.first is None and self.announce:
            print("begun", flush=True)
        self.first = self.first or now
        if now - self.first < WARM_UP:
            self.before = self.start = now
            return
        if self.before is not None:
            self.training += now - self.before
            self.images += event.images
            self.rates.append((time.time(), self.images))
        self.before = now
        self.total = now - self.start
        if self.total >= self.seconds:
            self.control.stop()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--network", default="lenet-5")
    parser.add_argument("--announce", action="store_true", help="print a line at the first step")
    asked = parser.parse_args()
    control = Control()
    counter = Counter(asked.seconds, control, asked.announce)
    config = TrainConfig(epochs=100_000, batch_size=64, device="cpu", threads=asked.threads)
    job = Job("bench", engine_network(asked.network), config, engine_pictures(asked.network))
    train(job, counter, None, control)
    found = {
        "images_per_second": counter.images / counter.training,
        "with_validation": counter.images / counter.total,
        "plans": counter.plans,
        "timeline": counter.timeline,
        "rates": counter.rates[:: max(1, len(counter.rates) // 2000)],
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
