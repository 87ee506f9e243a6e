"""Why an action on the run is unavailable, for tooltips: a disabled control says why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from cnnplay.shapes.class_count import class_problems
from cnnplay.ui.kit.devices import AUTO, resolvable, torch_is_imported

if TYPE_CHECKING:
    from cnnplay.ui.train.run import RunModel

Action: TypeAlias = Literal["train", "from_scratch", "pause", "step", "stop", "replace", "restore_previous"]


def disabled_reasons(run: RunModel) -> tuple[str, ...]:
    """The reasons of all actions, in order."""
    return tuple(disabled_reason(run, action) for action in get_args(Action))


def disabled_reason(run: RunModel, action: Action) -> str:
    """Why an action is unavailable; "" if it is available."""
    match action:
        case "train":
            return _train(run)
        case "from_scratch":
            return "a run is in progress: stop it first" if run.active else run.blocked or _ready(run)
        case "pause":
            if run.state == "idle":
                return "no run is in progress"
            return _busy(run) if run.state == "stopping" else ""
        case "step":
            if run.state == "idle":
                return _train(run)
            return _busy(run) if run.state == "stopping" else ""
        case "stop":
            if run.state == "idle":
                return "no run is in progress"
            return "the run is already stopping" if run.state == "stopping" else ""
        case "replace":
            return _ready(run)
        case "restore_previous":
            return _restore_previous(run)


def _restore_previous(run: RunModel) -> str:
    if run.active:
        return "a run is in progress: stop it first"
    there = run.previous_for_editor is not None
    return (
        "" if there else "there are no previous weights: the network on screen was not trained twice in a row"
    )


def _busy(run: RunModel) -> str:
    return "the run is stopping after the current batch"


def _train(run: RunModel) -> str:
    if run.state == "paused":
        return ""
    if run.active:
        return "a run is in progress: stop it first"
    return run.blocked or _ready(run)


def _ready(run: RunModel) -> str:
    return _network(run) or _data(run) or _settings(run) or _device(run) or _classes(run)


def _network(run: RunModel) -> str:
    report = run.editor.report
    if not run.editor.network.stack:
        return "the network is empty: add layers in Build"
    if not report.valid:
        first, others = report.problems[0].message, len(report.problems) - 1
        more = f" (and {others} more)" if others else ""
        return f"fix the network in Build first: {first}{more}"
    return report.untrainable_reason


def _data(run: RunModel) -> str:
    if run.data.state == "loading":
        return run.data.summary
    return "" if run.data.images is not None else f"choose a data set first: {run.data.summary}"


def _settings(run: RunModel) -> str:
    return run.settings.problems[0].message if run.settings.problems else ""


def _device(run: RunModel) -> str:
    """The device may have been chosen on another machine, or a GPU removed."""
    device = run.settings.config.device
    if device in (AUTO, "cpu") or not torch_is_imported() or resolvable(device):
        return ""
    return f"this machine has no {device}: choose another device above"


def _classes(run: RunModel) -> str:
    images = run.data.images
    assert images is not None
    problems = class_problems(run.editor.network, images.title, len(images.classes))
    return f"{problems[0].message}: set the number of classes in Build" if problems else ""
