"""Small runs: few images, one thread, every event kept."""

import queue
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

import msgspec
import numpy as np
import pytest
import torch

from cnnplay.data.catalog import load
from cnnplay.data.images import ImageSet
from cnnplay.network.network import Classification, Input, Network
from cnnplay.network.nodes import (
    BatchNormalisation,
    Convolution,
    Dense,
    Dropout,
    Flatten,
    MaxPooling,
    ReLU,
)
from cnnplay.spec import events
from cnnplay.spec.events import Event
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.control import Control
from cnnplay.training.job import Job, Observation, Result
from cnnplay.training.loop import train
from cnnplay.training.meter import Meter

E = TypeVar("E", bound=events.BaseEvent)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Tests share the machine: threads that wait for each other would make them slow."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def digits() -> ImageSet:
    return load("mnist-sample")


@pytest.fixture(scope="session")
def few(digits: ImageSet) -> ImageSet:
    """200 digits to learn from and 50 to be evaluated on."""
    return ImageSet(
        key="few",
        title="A few digits",
        classes=digits.classes,
        images=digits.array if digits.array is not None else np.empty(0),
        labels=digits.labels,
        train=digits.train[::20],
        validation=digits.validation[::20],
        shape=digits.shape,
        channels=1,
    )


@pytest.fixture
def config() -> TrainConfig:
    return TrainConfig(epochs=2, batch_size=32, threads=1, device="cpu")


@pytest.fixture
def small() -> Network:
    """A network with batch norm and dropout: everything that a step can depend on."""
    return Network(
        name="small",
        input=Input(1, 16, 16),
        task=Classification(10),
        stack=(
            Convolution(id="conv-1", filters=6, bias=False),
            BatchNormalisation(id="batch-norm-1"),
            ReLU(id="relu-1"),
            MaxPooling(id="max-pool-1"),
            Convolution(id="conv-2", filters=8, kernel_size=(3, 3)),
            ReLU(id="relu-2"),
            MaxPooling(id="max-pool-2"),
            Flatten(id="flatten-1"),
            Dropout(id="dropout-1", p=0.3),
            Dense(id="dense-1", units=10),
        ),
    )


class Kept:
    """A sink that keeps every event."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def trained(few: ImageSet, small: Network, config: TrainConfig, kept: Kept) -> Callable[..., Result]:
    """Trains the small network on a few digits; keywords change the settings or the job."""

    def run(
        network: Network = small,
        images: ImageSet = few,
        observer: Callable[[Observation], None] | None = None,
        control: Control | None = None,
        job: dict[str, object] | None = None,
        **settings: object,
    ) -> Result:
        chosen = msgspec.structs.replace(config, **settings)
        given = Job("run-1", network, chosen, images, **(job or {}))  # type: ignore[arg-type]
        return train(given, kept, observer, control)

    return run


@pytest.fixture
def as_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Losses are read some steps later, many at a time."""

    class Late(Meter):
        def __init__(self, device: torch.device, at_once: bool = False) -> None:
            super().__init__(torch.device("cuda"))

    monkeypatch.setattr("cnnplay.training.run.Meter", Late)
    monkeypatch.setattr("cnnplay.training.meter.READ_INTERVAL_S", float("inf"))


class Background:
    """A run in a thread of its own. `until` waits for an event: that is how tests keep in step with it."""

    def __init__(self, job: Job, observer: Callable[[Observation], None] | None = None) -> None:
        self.control = Control()
        self.result: Result | None = None
        self.seen: list[Event] = []
        self._box: queue.Queue[Event] = queue.Queue()
        self._thread = threading.Thread(target=self._work, args=(job, observer), name="cnnplay-test-run")
        self._thread.start()

    def _work(self, job: Job, observer: Callable[[Observation], None] | None) -> None:
        self.result = train(job, self._box.put, observer, self.control)

    def until(self, kind: type[E]) -> E:
        while True:
            event = self._box.get(timeout=60)
            self.seen.append(event)
            if isinstance(event, kind):
                return event

    def end(self) -> Result:
        self._thread.join(timeout=60)
        assert not self._thread.is_alive()
        while not self._box.empty():
            self.seen.append(self._box.get())
        assert self.result is not None
        return self.result


@pytest.fixture
def background(few: ImageSet, small: Network, config: TrainConfig) -> Iterator[Callable[..., Background]]:
    """Starts runs of very many epochs, and stops what a test leaves running."""
    started: list[Background] = []

    def start(observer: Callable[[Observation], None] | None = None, **settings: object) -> Background:
        chosen = msgspec.structs.replace(config, **{"epochs": 100_000, **settings})
        started.append(Background(Job("run-1", small, chosen, few), observer))
        return started[-1]

    yield start
    for run in started:
        run.control.stop()
        run.end()
