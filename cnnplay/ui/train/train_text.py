"""The text of the Train button: train, resume a stopped or paused run, or train for more epochs."""

from typing import NamedTuple

from cnnplay.ui.train.run import RunModel
from cnnplay.ui.train.run_request import plan_resume

TRAIN = "Train the network: images go in, gradients flow back, weights are updated"


class TrainText(NamedTuple):
    """A button's text, a menu entry's, and a tooltip."""

    short: str
    entry: str
    hint: str


def train_text(run: RunModel) -> TrainText:
    """Describes what `RunModel.start` would do."""
    if run.state == "paused" or run.pausing:
        return TrainText("Resume", "Resume", "Resume training after the pause")
    trained = run.weights_cache.trained_for_editor
    if run.active or trained is None or not run.can_resume:
        return TrainText("Train", "Train", TRAIN)
    plan = plan_resume(run.editor.network, run.settings.config, trained)
    epochs = "1 epoch" if plan.epochs == 1 else f"{plan.epochs:,} epochs"
    if plan.exactly:
        entry = f"Resume: {epochs} left"
        hint = (
            f"{entry} of {plan.total:,}. Training continues in epoch {plan.epoch:,}, exactly where it stopped"
        )
    elif plan.epochs < run.settings.config.epochs:
        entry = f"Resume: {epochs} left"
        hint = f"{entry} of {plan.total:,}, from the existing weights, with the current settings"
    else:
        entry = f"Resume: {epochs} more"
        hint = f"{entry}, from the existing weights"
    return TrainText("Resume", entry, hint)
