"""What Train would do now, in words: begin, go on where a run was stopped or paused, train more."""

from typing import NamedTuple

from cnnplay.ui.train.order import what_is_left
from cnnplay.ui.train.run import RunModel

TRAIN = "Train the network: pictures go in, errors come back, weights move"


class TrainWords(NamedTuple):
    """A button's text, a menu entry's, and a tooltip."""

    short: str
    entry: str
    hint: str


def train_words(run: RunModel) -> TrainWords:
    """What to call what `RunModel.start` would do."""
    if run.state == "paused" or run.pausing:
        return TrainWords("Go on", "Go on", "Go on from here")
    trained = run.trained_here
    if run.active or trained is None or not run.can_go_on:
        return TrainWords("Train", "Train", TRAIN)
    left = what_is_left(run.editor.network, run.settings.config, trained)
    epochs = "1 epoch" if left.epochs == 1 else f"{left.epochs:,} epochs"
    if left.exactly:
        entry = f"Go on: {epochs} left"
        hint = f"{entry} of {left.of:,}. It goes on in epoch {left.epoch:,}, just where it was stopped"
    elif left.epochs < run.settings.config.epochs:
        entry = f"Go on: {epochs} left"
        hint = f"{entry} of {left.of:,}, from the weights there are, with the settings as they are now"
    else:
        entry = f"Go on: {epochs} more"
        hint = f"{entry}, from the weights there are"
    return TrainWords("Go on", entry, hint)
