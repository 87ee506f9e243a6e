"""What the tests of Look inside share: the models, real digits, and a small network that really learned."""

from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image
from pytestqt.qtbot import QtBot

from cnnplay.data.catalog import load
from cnnplay.data.images import ImageSet
from cnnplay.modules.trained_weights import TrainedWeights
from cnnplay.network.network import Network
from cnnplay.network.presets import preset
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.job import Job, Result
from cnnplay.training.loop import train
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.data.data import DataModel
from cnnplay.ui.kit.background import close_jobs
from cnnplay.ui.look.look import LookModel
from cnnplay.ui.train.run import RunModel
from cnnplay.ui.train.settings import SettingsModel
from cnnplay.ui.train.trained import Trained

WAIT = 60_000
CONFIG = TrainConfig(epochs=1, threads=1, learning_rate=3e-3)


@cache
def digits() -> ImageSet:
    return load("mnist-sample")


@cache
def learned() -> Result:
    """One epoch of tiny-cnn on the digits."""
    result = train(Job("test", preset("tiny-cnn").network, CONFIG, digits()), lambda _: None)
    assert result.reason == "done"
    return result


@cache
def learned_weights() -> TrainedWeights:
    """What `learned` left."""
    weights = learned().trained_weights(preset("tiny-cnn").network, CONFIG)
    assert weights is not None
    return weights


def pets(root: Path) -> Path:
    """A folder of two classes with six small gray images each."""
    for shade, name in ((40, "cat"), (200, "dog")):
        (root / name).mkdir(parents=True)
        for number in range(6):
            Image.new("L", (28, 28), shade + number).save(root / name / f"{number}.png")
    return root


class LookBench:
    """All models that looking needs. `adopt` gives them the weights of `learned`."""

    def __init__(self, network: Network | None = None, **settings: Any) -> None:
        self.editor = EditorModel(network or preset("tiny-cnn").network)
        self.settings = SettingsModel(TrainConfig(**{"threads": 1, "epochs": 1, **settings}))
        self.data = DataModel()
        self.data.use(digits())
        self.run = RunModel(self.editor, self.settings, self.data)
        self.look = LookModel(self.editor, self.run, self.data, self.settings)

    def adopt(self) -> None:
        self.run.adopt(Trained(learned_weights()))

    def want(self, *kinds: Any) -> None:
        """As if views of these kinds were on screen."""
        for kind in kinds:
            self.look.want(kind, self, True)

    def wait(self, qtbot: QtBot) -> None:
        """Until all that was asked for is there."""
        qtbot.waitUntil(lambda: not self.look.busy, timeout=WAIT)

    def shutdown(self) -> None:
        self.run.shutdown()
        close_jobs(self.look, self.data)
