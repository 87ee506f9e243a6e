"""Why a run cannot be steered so now, in words for a tooltip: a disabled control says why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from cnnplay.shapes.class_count import class_problems
from cnnplay.ui.kit.devices import AUTO, resolvable, torch_is_imported

if TYPE_CHECKING:
    from cnnplay.ui.train.run import RunModel

Action: TypeAlias = Literal["train", "afresh", "pause", "step", "stop", "replace", "bring_back"]


def why_not(run: RunModel, action: Action) -> str:
    """ "" when it can be done."""
    match action:
        case "train":
            return _train(run)
        case "afresh":
            return "a run is on: stop it first" if run.active else run.elsewhere() or _ready(run)
        case "pause":
            if run.state == "idle":
                return "no run is on"
            return _busy(run) if run.state == "stopping" else ""
        case "step":
            if run.state == "idle":
                return _train(run)
            return _busy(run) if run.state == "stopping" else ""
        case "stop":
            if run.state == "idle":
                return "no run is on"
            return "the run is stopping already" if run.state == "stopping" else ""
        case "replace":
            return _ready(run)
        case "bring_back":
            return _bring_back(run)


def _bring_back(run: RunModel) -> str:
    if run.active:
        return "a run is on: stop it first"
    there = run.store.before(run.editor.network) is not None
    return "" if there else "the network on screen was not trained twice, the last time just now"


def _busy(run: RunModel) -> str:
    return "the run is stopping: it ends after the batch at hand"


def _train(run: RunModel) -> str:
    if run.state == "paused":
        return ""
    if run.active:
        return "a run is on: stop it first"
    return run.elsewhere() or _ready(run)


def _ready(run: RunModel) -> str:
    return _network(run) or _data(run) or _settings(run) or _device(run) or _classes(run)


def _network(run: RunModel) -> str:
    report = run.editor.report
    if not run.editor.network.stack:
        return "the network is empty: add blocks in Build"
    if not report.valid:
        first, others = report.problems[0].message, len(report.problems) - 1
        more = f" (and {others} more)" if others else ""
        return f"the network has a fault to mend in Build: {first}{more}"
    return report.untrainable_reason


def _data(run: RunModel) -> str:
    if run.data.state == "loading":
        return run.data.words
    return "" if run.data.images is not None else f"choose a data set first: {run.data.words}"


def _settings(run: RunModel) -> str:
    return run.settings.problems[0].message if run.settings.problems else ""


def _device(run: RunModel) -> str:
    """A device that was chosen on another machine, or before a card was taken out."""
    device = run.settings.config.device
    if device in (AUTO, "cpu") or not torch_is_imported() or resolvable(device):
        return ""
    return f"this machine has no {device}: choose another device, above"


def _classes(run: RunModel) -> str:
    images = run.data.images
    assert images is not None
    problems = class_problems(run.editor.network, images.title, len(images.classes))
    return f"{faults[0].message}: set the classes in Build" if problems else ""
