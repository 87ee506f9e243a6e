"""A small network, easy images and all models that a run needs, for tests of Train."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from pytestqt.qtbot import QtBot

from cnnplay.data.images import ImageSet
from cnnplay.network.edits import insert
from cnnplay.network.network import Place
from cnnplay.network.nodes import ReLU
from cnnplay.network.presets import preset
from cnnplay.shapes.adapt import adapt
from cnnplay.spec.settings import TrainConfig
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.data.data import DataModel
from cnnplay.ui.kit.background import close_jobs
from cnnplay.ui.train.augmentation import AugmentationModel
from cnnplay.ui.train.estimate import EstimateModel
from cnnplay.ui.train.run import RunModel
from cnnplay.ui.train.settings import SettingsModel
from cnnplay.ui.train.views.notices import RunNotices

WAIT = 60_000
ENDLESS = 10_000
"""Epochs that no test waits for."""


def blobs(count: int = 160, size: int = 8) -> ImageSet:
    """Two classes that are easily told apart: dark and light images. 120 train, 40 validate."""
    rng = np.random.default_rng(0)
    labels = np.arange(count, dtype=np.int64) % 2
    images = rng.integers(0, 80, (count, size, size, 1)) + 150 * labels[:, None, None, None]
    return ImageSet(
        key="blobs",
        title="blobs",
        classes=("dark", "light"),
        images=images.astype(np.uint8),
        labels=labels,
        train=np.arange(count * 3 // 4),
        validation=np.arange(count * 3 // 4, count),
        shape=(1, size, size),
        channels=1,
    )


class Bench:
    """The models; a batch of 16 makes 8 steps an epoch."""

    def __init__(self, **settings: Any) -> None:
        network = adapt(preset("tiny-cnn").network, (1, 8, 8), 2, "stem").edited.network
        usual = {"epochs": 2, "batch_size": 16, "threads": 1}
        self.editor = EditorModel(network)
        self.settings = SettingsModel(TrainConfig(**{**usual, **settings}))
        self.data = DataModel()
        self.data.use(blobs())
        self.run = RunModel(self.editor, self.settings, self.data)
        self.estimate = EstimateModel(self.editor, self.settings, self.data)
        self.augmentation = AugmentationModel(self.editor, self.settings, self.data)

    def edit(self) -> None:
        """A structural edit of the network in the editor."""
        self.editor.apply(insert(self.editor.network, Place("", 0, 1), ReLU(id="relu-99")))

    def shutdown(self) -> None:
        self.run.shutdown()
        close_jobs(self.estimate, self.augmentation, self.data)


@contextmanager
def bench(**settings: Any) -> Iterator[Bench]:
    """Models whose threads are joined at the end, whatever happens."""
    made = Bench(**settings)
    try:
        yield made
    finally:
        made.shutdown()


def until(qtbot: QtBot, run: RunModel, state: str) -> None:
    """Waits for that state of the run."""
    qtbot.waitUntil(lambda: run.state == state, timeout=WAIT)


def notices_of(qtbot: QtBot, one: Bench) -> RunNotices:
    """The notices of the run, as a window."""
    made = RunNotices(one.run, one.settings)
    qtbot.addWidget(made)
    return made
