"""What a crash leaves: an autosave, which also names its file and the run, whose folder may be newer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from cnnplay.runs.files import files_of
from cnnplay.runs.summary import RunReader, state_of
from cnnplay.ui.runs.run_loader import LoadedRun, read_run
from cnnplay.ui.train.trained import Trained

if TYPE_CHECKING:
    from cnnplay.project.project import Project

KEY = "recovery"
"""Where the origin is in the project's `view`."""


class Origin(msgspec.Struct, frozen=True):
    """What an autosave was made of."""

    file: str = ""
    """The project's file; "" if it was never saved."""
    run: str = ""
    """The id of the active run, or of the one that left the weights; "" for neither."""
    folder: str = ""
    """The folder of that run."""
    weights: str = ""
    """The id of the run that the weights in the autosave are from."""


class Recovered(NamedTuple):
    """An autosave as it is opened. `trained` comes from the run's folder where that is newer."""

    project: Project
    trained: Trained | None
    file: Path | None
    """The project's file; None if there is none, or if it was written after the autosave."""
    problem: str = ""
    """What could not be read from the run's folder."""


def with_origin(project: Project, origin: Origin) -> Project:
    """The project as it is autosaved."""
    return msgspec.structs.replace(project, view={**project.view, KEY: msgspec.to_builtins(origin)})


def read_autosave(path: Path) -> Recovered:
    """Reads an autosave and the run's folder. ProjectError if the autosave cannot be read."""
    from cnnplay.project.store import load

    project = load(path)
    origin = _origin(project)
    own = None if project.trained is None else Trained(project.trained, project.history)
    found = _run(origin)
    problem = "" if found is None else found.problem
    return Recovered(project, _newest(own, found, origin), _file(origin, path), problem)


def _origin(project: Project) -> Origin:
    try:
        return msgspec.convert(project.view.get(KEY, {}), Origin)
    except msgspec.ValidationError:
        return Origin()


def _file(origin: Origin, autosave: Path) -> Path | None:
    if not origin.file:
        return None
    file = Path(origin.file)
    try:
        # Another window saved it: saving this one must ask first.
        newer = file.exists() and file.stat().st_mtime > autosave.stat().st_mtime
        return None if newer or not file.parent.is_dir() else file
    except (OSError, ValueError):
        return None


def _run(origin: Origin) -> LoadedRun | None:
    """The run that the autosave names; None if it has no folder, or another run is there now."""
    if not origin.folder:
        return None
    folder = Path(origin.folder)
    try:
        row = RunReader(folder).row(files_of(folder))
        active = state_of(row) in ("running", "paused")
        found = read_run(folder, active)
    except (OSError, ValueError):  # it is gone or damaged: the autosave has what it has
        return None
    return found if found.record.run == origin.run else None


def _newest(own: Trained | None, found: LoadedRun | None, origin: Origin) -> Trained | None:
    """The weights in the autosave, or those in the run's folder if that has got further. The folder always
    has the longer curve: its events are written at once, weights in the background.
    """
    run = None if found is None else found.trained
    if own is None or run is None:
        return own or run
    if origin.weights == origin.run and own.weights.last_epoch > run.weights.last_epoch:
        return replace(run, weights=own.weights)
    return run
