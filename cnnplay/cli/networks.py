"""NETWORK on the command line: a preset's key, a .cnnplay file or a run's folder."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cnnplay.cli.output import warn
from cnnplay.cli.problems import Mistake, mistakes
from cnnplay.data.paths import at_home
from cnnplay.network.network import Network
from cnnplay.network.presets import preset, preset_keys
from cnnplay.spec.nearest import nearest

if TYPE_CHECKING:
    from cnnplay.modules.weights import Weights
    from cnnplay.project.project import Project
    from cnnplay.runs.folder import RunFolder, Which


class Found(NamedTuple):
    """A network, and where it came from: a preset where there is neither a project nor a run."""

    network: Network
    project: "Project | None" = None
    run: "RunFolder | None" = None


def find_network(text: str) -> Found:
    """What NETWORK names. Mistake, with the nearest preset, where it names nothing."""
    if text in preset_keys():
        return Found(preset(text).network)
    path = run_path(text)
    if path.is_dir():
        run = open_run(path)
        return Found(run.network, run=run)
    if path.is_file():
        from cnnplay.project.store import ProjectError, load

        with mistakes(ProjectError):
            project = load(path)
        return Found(project.network, project=project)
    near = nearest(text, preset_keys())
    hint = f"did you mean {near}?" if near else f"the presets are {', '.join(preset_keys())}"
    raise Mistake(f"NETWORK must be a preset's key, a .cnnplay file or a run's folder; got {text}; {hint}")


def run_path(text: str | Path) -> Path:
    """A path as it was written; where nothing lies there, the store's run of that name, if it has one."""
    from cnnplay.runs.place import store_folder

    path = at_home(text)
    if path.name == str(path) and not path.exists() and (store_folder() / path).is_dir():
        return store_folder() / path
    return path


def open_run(path: Path) -> "RunFolder":
    """The run in a folder. Mistake where it is none."""
    from cnnplay.runs.folder import RunError, RunFolder

    with mistakes(RunError):
        return RunFolder.open(run_path(path))


def remember_run(folder: Path) -> None:
    """Has the list of all runs show it too, wherever it lies, as far as the disk allows."""
    from cnnplay.runs import place

    with suppress(OSError):
        place.remember(place.store_folder(), folder)


def there(run: "RunFolder", weights: str) -> str:
    """The weights that are asked for; the last ones, called so, where no epoch was judged best. A line on
    stderr where one was, and its weights are gone.
    """
    from cnnplay.runs.folder import RunError

    if weights != "best" or run.has_best:
        return weights
    with suppress(RunError):
        best = run.outcome().fields()["best_epoch"]
        if best is not None and run.last_epoch >= best:  # else it is just being written
            what = f"the weights of the best epoch, {best:,}, are missing"
            warn(f"cnnplay: warning: {what}: these are the last ones")
    return "last"


def run_weights(run: "RunFolder", which: "Which") -> "Weights":
    """The weights that a run keeps. Mistake where they are damaged, or of a type that no network has."""
    from cnnplay.runs.folder import RunError

    with mistakes(RunError):
        weights = run.weights(which)
    return usual(run, which, weights)


def usual(run: "RunFolder", which: "Which", weights: "Weights") -> "Weights":
    """The same weights of a run. Mistake where they are of a type that no network has."""
    from cnnplay.project.errors import WeightsError
    from cnnplay.project.tensors import checked

    try:
        return checked(weights)
    except WeightsError as error:
        raise Mistake(f"{run.path}, {which} weights: {error}") from None


def warn_where_not_finite(weights: "Weights") -> None:
    """A line on stderr where weights hold NaN or infinity."""
    from cnnplay.project.tensors import not_finite

    lines = not_finite(weights)
    if lines:
        more = f" (and {len(lines) - 1:,} more)" if len(lines) > 1 else ""
        warn(f"cnnplay: warning: {lines[0]}{more}: such a network answers nothing")
