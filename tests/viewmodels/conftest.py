"""What tests of the view models share: a whole session without a window."""

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from cnnplay.network.presets import preset
from cnnplay.viewmodels.preferences import Preferences
from cnnplay.viewmodels.session import Session
from cnnplay.viewmodels.trained import Trained
from tests.look_bench import CONFIG, digits, learned


class Quiet:
    """A session, and all that it had to say."""

    def __init__(self) -> None:
        self.session = Session(Preferences())
        self.said: list[str] = []
        self.failures: list[str] = []
        self.session.message.connect(self.said.append)
        self.session.failed.connect(self.failures.append)
        self.session.data.use(digits())

    def adopt(self) -> Trained:
        """The network on screen becomes tiny-cnn, trained for an epoch."""
        self.session.editor.load_preset("tiny-cnn")
        result = learned()
        assert result.facts is not None
        trained = Trained(
            preset("tiny-cnn").network,
            CONFIG,
            result.facts,
            result.weights,
            result.best_weights,
            result.best_epoch,
            result.last_epoch,
        )
        self.session.run.adopt(trained)
        return trained


@pytest.fixture
def quiet(qtbot: QtBot) -> Iterator[Quiet]:
    """A session on the digits. What it had to say in a box and no test took out fails the test."""
    made = Quiet()
    yield made
    made.session.shutdown()
    assert made.failures == []
