"""NETWORK and RUN on the command line: a preset key, a .cnnplay file or a run folder."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cnnplay.cli.errors import UserError, as_user_errors
from cnnplay.cli.output import warn
from cnnplay.data.paths import expand_user
from cnnplay.modules.trained_weights import WHICH
from cnnplay.network.network import Network
from cnnplay.network.presets import preset, preset_keys
from cnnplay.spec.nearest import nearest

if TYPE_CHECKING:
    from cnnplay.modules.trained_weights import Which
    from cnnplay.modules.weights import Weights
    from cnnplay.project.project import Project
    from cnnplay.runs.folder import RunFolder


class Found(NamedTuple):
    """A network and its origin: a project, a run, or (neither) a preset."""

    network: Network
    project: "Project | None" = None
    run: "RunFolder | None" = None


def find_network(text: str) -> Found:
    """The network that NETWORK names. UserError, with the nearest preset, if there is none."""
    if text in preset_keys():
        return Found(preset(text).network)
    path = run_path(text)
    if path.is_dir():
        run = open_run(path)
        return Found(run.network, run=run)
    if path.is_file():
        from cnnplay.project.store import ProjectError, load

        with as_user_errors(ProjectError):
            project = load(path)
        return Found(project.network, project=project)
    near = nearest(text, preset_keys())
    hint = f"did you mean {near}?" if near else f"the presets are {', '.join(preset_keys())}"
    raise UserError(f"NETWORK must be a preset key, a .cnnplay file or a run folder; got {text}; {hint}")


def described_network(text: str) -> Network:
    """The network that NETWORK names, from its description alone: it reads no weights and needs no torch.
    UserError as in `find_network`."""
    path = run_path(text)
    if text in preset_keys() or not (path.is_dir() or path.is_file()):
        return find_network(text).network
    if path.is_dir():
        from cnnplay.runs.record import RunError
        from cnnplay.runs.summary import read_record

        with as_user_errors(RunError):
            return read_record(path).network
    from cnnplay.project.document import described
    from cnnplay.project.errors import ProjectError

    with as_user_errors(ProjectError):
        return described(path).network


def has_trained_weights(text: str) -> bool:
    """Whether NETWORK is a run or a project with trained weights. Reads none and needs no torch."""
    path = run_path(text)
    if text in preset_keys():
        return False
    if path.is_dir():
        from cnnplay.runs.files import files_of

        return any(file.kind in WHICH for file in files_of(path))
    from cnnplay.project.document import described

    return described(path).trained_network is not None


def run_path(text: str | Path) -> Path:
    """The path as given or, if nothing is there, the run of that name in the store."""
    from cnnplay.runs.run_store import store_folder

    path = expand_user(text)
    if path.name == str(path) and not path.exists() and (store_folder() / path).is_dir():
        return store_folder() / path
    return path


def open_run(path: Path) -> "RunFolder":
    """The run in a folder. UserError if it is not a run."""
    from cnnplay.runs.folder import RunError, RunFolder

    with as_user_errors(RunError):
        return RunFolder.open(run_path(path))


def remember_run(folder: Path) -> None:
    """Adds a run outside the store to the list of runs. Ignores disk errors."""
    from cnnplay.runs import run_store

    with suppress(OSError):
        run_store.remember(run_store.store_folder(), folder)


def chosen_weights(run: "RunFolder", which: "Which") -> "Which":
    """The weights to use if `which` is asked for. Warns on stderr if there was a best epoch and its weights
    are missing.
    """
    from cnnplay.runs.folder import RunError

    chosen = run.chosen(which)
    if chosen == which:
        return which
    with suppress(RunError):
        best = run.outcome().fields()["best_epoch"]
        if best is not None and run.last_epoch >= best:  # else they are just being written
            what = f"the weights of the best epoch, {best:,}, are missing"
            warn(f"cnnplay: warning: {what}; using the last ones")
    return chosen


def run_weights(run: "RunFolder", which: "Which") -> "Weights":
    """A run's weights. UserError if they are damaged or of a type that no network has."""
    from cnnplay.runs.folder import RunError

    with as_user_errors(RunError):
        weights = run.weights(which)
    return checked_weights(run, which, weights)


def checked_weights(run: "RunFolder", which: "Which", weights: "Weights") -> "Weights":
    """Returns a run's weights. UserError if they are of a type that no network has."""
    from cnnplay.project.errors import WeightsError
    from cnnplay.project.tensors import checked

    try:
        return checked(weights)
    except WeightsError as error:
        raise UserError(f"{run.path}, {which} weights: {error}") from None


def warn_where_not_finite(weights: "Weights") -> None:
    """Warns on stderr if weights contain NaN or infinity."""
    from cnnplay.project.tensors import not_finite

    lines = not_finite(weights)
    if lines:
        more = f" (and {len(lines) - 1:,} more)" if len(lines) > 1 else ""
        warn(f"cnnplay: warning: {lines[0]}{more}: the network's outputs are meaningless")
