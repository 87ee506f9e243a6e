"""The text of the Train button: train, resume a stopped or paused run, or train for more epochs."""

from typing import NamedTuple

from cnnplay.ui.train.order import what_is_left
from cnnplay.ui.train.run import RunModel

TRAIN = "Train the network: images go in, gradients flow back, weights are updated"


class TrainWords(NamedTuple):
    """A button's text, a menu entry's, and a tooltip."""

    short: str
    entry: str
    hint: str


def train_words(run: RunModel) -> TrainWords:
    """Describes what `RunModel.start` would do."""
    if run.state == "paused" or run.pausing:
        return TrainWords("Resume", "Resume", "Resume training after the pause")
    trained = run.trained_here
    if run.active or trained is None or not run.can_go_on:
        return TrainWords("Train", "Train", TRAIN)
    left = what_is_left(run.editor.network, run.settings.config, trained)
    epochs = "1 epoch" if left.epochs == 1 else f"{left.epochs:,} epochs"
    if left.exactly:
        entry = f"Resume: {epochs} left"
        hint = f"{entry} of {left.of:,}. Training continues in epoch {left.epoch:,}, exactly where it stopped"
    elif left.epochs < run.settings.config.epochs:
        entry = f"Resume: {epochs} left"
        hint = f"{entry} of {left.of:,}, from the existing weights, with the current settings"
    else:
        entry = f"Resume: {epochs} more"
        hint = f"{entry}, from the existing weights"
    return TrainWords("Resume", entry, hint)
