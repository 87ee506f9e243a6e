"""Why an action on the run is unavailable, for tooltips: a disabled control says why."""

from __future__ import annotations

from typing import Literal, TypeAlias

from cnnplay.network.network import Network
from cnnplay.shapes.class_count import class_problems
from cnnplay.shapes.report import Report
from cnnplay.spec.settings import SettingProblem
from cnnplay.ui.data.data import DataModel
from cnnplay.ui.kit.devices import AUTO, resolvable, torch_is_imported

Action: TypeAlias = Literal[
    "train", "from_scratch", "pause", "step", "stop", "replace", "restore_previous", "use_best"
]
State: TypeAlias = Literal["idle", "starting", "running", "paused", "stopping"]

BUSY = "a run is in progress: stop it first"
NO_RUN = "no run is in progress"
STOPPING = "the run is stopping after the current batch"
NO_PREVIOUS = "there are no previous weights: the network on screen was not trained twice in a row"
NO_BEST = "no epoch of this network was better than its last one"


def disabled_reasons(
    state: State, blocked: str, ready: str, has_previous: bool, has_best: bool
) -> dict[Action, str]:
    """Why each action is unavailable; "" if it is available. `blocked`: why no run can start at all; `ready`:
    why the network in the editor cannot be trained.
    """
    start = blocked or ready
    during = STOPPING if state == "stopping" else ""
    idle = state == "idle"
    return {
        "train": "" if state == "paused" else start if idle else BUSY,
        "from_scratch": start if idle else BUSY,
        "pause": NO_RUN if idle else during,
        "step": start if idle else during,
        "stop": NO_RUN if idle else "the run is already stopping" if during else "",
        "replace": ready,
        "restore_previous": BUSY if not idle else "" if has_previous else NO_PREVIOUS,
        "use_best": BUSY if not idle else "" if has_best else NO_BEST,
    }


def ready_reason(
    network: Network, report: Report, problems: tuple[SettingProblem, ...], device: str, data: DataModel
) -> str:
    """Why this network cannot be trained with these settings on this data set; "" if it can."""
    return (
        _network(network, report)
        or _data(data)
        or (problems[0].message if problems else "")
        or _device(device)
        or _classes(network, data)
    )


def _network(network: Network, report: Report) -> str:
    if not network.stack:
        return "the network is empty: add layers in Build"
    if not report.valid:
        first, others = report.problems[0].message, len(report.problems) - 1
        more = f" (and {others} more)" if others else ""
        return f"fix the network in Build first: {first}{more}"
    return report.untrainable_reason


def _data(data: DataModel) -> str:
    if data.state == "loading":
        return data.summary
    return "" if data.images is not None else f"choose a data set first: {data.summary}"


def _device(device: str) -> str:
    """The device may have been chosen on another machine, or a GPU removed."""
    if device in (AUTO, "cpu") or not torch_is_imported() or resolvable(device):
        return ""
    return f"this machine has no {device}: choose another device above"


def _classes(network: Network, data: DataModel) -> str:
    images = data.images
    assert images is not None
    problems = class_problems(network, images.title, len(images.classes))
    return f"{problems[0].message}: set the number of classes in Build" if problems else ""
