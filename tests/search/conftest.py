"""Small searches: few digits, one thread, a storage of the test's own."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cnnplay.data.catalog import load
from cnnplay.data.images import ImageSet
from cnnplay.network.network import Classification, Input, Network
from cnnplay.network.nodes import Convolution, Dense, Dropout, Flatten, MaxPooling, ReLU, Skip
from cnnplay.search.control import SearchControl
from cnnplay.search.engine import SearchRequest, search
from cnnplay.search.events import Event, SearchDone, TrialDone
from cnnplay.search.optuna_extra import require_optuna
from cnnplay.search.space import Entry, Range, Space
from cnnplay.spec.settings import TrainConfig

require_optuna()
RATE: dict[str, Entry] = {"learning_rate": Range(1e-4, 1e-1, log=True)}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Tests share the machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def few() -> ImageSet:
    """100 digits for training and 50 for validation."""
    digits = load("mnist-sample")
    return ImageSet(
        key="few",
        title="A few digits",
        classes=digits.classes,
        images=digits.array if digits.array is not None else np.empty(0),
        labels=digits.labels,
        train=digits.train[::40],
        validation=digits.validation[::20],
        shape=digits.shape,
        channels=1,
    )


@pytest.fixture
def small() -> Network:
    """With a skip: its body's filters must stay as they are."""
    return Network(
        name="small",
        input=Input(1, 12, 12),
        task=Classification(10),
        stack=(
            Convolution(id="conv-1", filters=4),
            ReLU(id="relu-1"),
            Skip(id="skip-1", body=(Convolution(id="conv-2", filters=4),)),
            MaxPooling(id="max-pool-1"),
            Flatten(id="flatten-1"),
            Dropout(id="dropout-1", p=0.3),
            Dense(id="dense-1", units=10),
        ),
    )


class Search:
    """A finished search and its events."""

    def __init__(
        self, order: SearchRequest, hear: Callable[[Event, SearchControl], None] | None = None
    ) -> None:
        self.events: list[Event] = []
        self.control = SearchControl()

        def note(event: Event) -> None:
            self.events.append(event)
            if hear is not None:
                hear(event, self.control)

        self.done: SearchDone = search(order, note, self.control)

    @property
    def trials(self) -> list[TrialDone]:
        return [event for event in self.events if isinstance(event, TrialDone)]


@pytest.fixture
def order(few: ImageSet, small: Network, tmp_path: Path) -> Callable[..., SearchRequest]:
    """A request for a small search; keywords change it."""

    def make(vary: dict[str, Entry] | None = None, trials: int = 3, **more: Any) -> SearchRequest:
        config = TrainConfig(epochs=more.pop("epochs", 1), batch_size=50, threads=1, device="cpu")
        given: dict[str, Any] = {
            "study": "a study",
            "storage": f"sqlite:///{tmp_path / 'studies.sqlite3'}",
        }
        return SearchRequest(
            network=small,
            config=config,
            images=few,
            space=Space(vary or RATE),
            trials=trials,
            **(given | more),
        )

    return make
