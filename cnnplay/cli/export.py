"""`cnnplay export NETWORK`: weights, code or a project as a file."""

from pathlib import Path
from typing import TYPE_CHECKING

from cnnplay.cli.arguments import check_choice
from cnnplay.cli.errors import CommandError, UserError, as_user_errors
from cnnplay.cli.networks import Found, chosen_weights, find_network, run_weights, warn_where_not_finite
from cnnplay.cli.output import echo, print_json, warn
from cnnplay.data.paths import expand_user
from cnnplay.export.catalog import FORMATS, Format
from cnnplay.export.sidecar import is_sidecar
from cnnplay.modules.trained_weights import WHICH, Which, choose_weights
from cnnplay.spec.events import Event

if TYPE_CHECKING:
    from cnnplay.export.trained import Exported, TrainedNetwork
    from cnnplay.project.project import Project
    from cnnplay.runs.folder import RunFolder


def export_network(text: str, format_key: str, path: Path, seed: int, weights: str, json: bool) -> None:
    """Writes the file and prints what is in it."""
    row = FORMATS[check_choice("--format", format_key, tuple(FORMATS))]
    which = check_choice("--weights", weights, WHICH)
    found = find_network(text)
    _check_place(path, text, found, format_key)
    if row.importable and path.suffix != row.suffix:
        raise UserError(
            f"{path}: expected a name that ends in {row.suffix}, so that Python can import it; "
            f"found {path.name}"
        )
    which = _chosen(found, which)
    match row.source:
        case "project":
            written = _project(found, row, path)
        case "history":
            written = _history(found, row, path)
        case "weights":
            written = _weights(found, format_key, path, seed, which)
    if json:
        print_json(
            {
                "path": str(written.path),
                "format": format_key,
                "bytes": written.bytes,
                "trained": written.trained,
                "weights": which if written.trained else None,
                "also": [str(other) for other in written.also],
            }
        )
        return
    also = "".join(f", with {other.name}" for other in written.also)
    origin = _origin(found, written, seed, which)
    echo(f"{written.path}: {format_key}, {written.bytes:,} bytes{also}; {origin}")


def _chosen(found: Found, which: Which) -> Which:
    """The weights to use if `which` is asked for."""
    if found.run is not None:
        return chosen_weights(found.run, which)
    trained = None if found.project is None else found.project.trained
    return which if trained is None else choose_weights(which, trained.available)


def _origin(found: Found, written: "Exported", seed: int, which: Which) -> str:
    if written.format == "csv":
        return "training history"
    if written.format == "json":
        return "network and settings, without weights and history"
    if written.format == "project":
        return "with trained weights" if written.trained else "not trained, without weights"
    if written.trained:
        return f"trained weights ({which})"
    if found.run is not None:
        return "the run's initial weights: it has learned nothing yet"
    return f"untrained network: random weights (seed {seed})"


def _weights(found: Found, format_key: str, path: Path, seed: int, which: Which) -> "Exported":
    from cnnplay.export.formats import export
    from cnnplay.export.trained import ExportError, ExportWriteError

    with as_user_errors(ExportError, problem=ExportWriteError):
        return export(_trained(found, which), format_key, path, seed)


def _trained(found: Found, which: Which) -> "TrainedNetwork":
    """The network with the requested weights, if it has any."""
    import msgspec

    from cnnplay.export.trained import TrainedNetwork, trained_network

    weights, facts, learned, trained = None, None, found.network, True
    if found.run is not None:
        weights, facts, trained = run_weights(found.run, which), found.run.facts, found.run.learned(which)
    elif found.project is not None:
        kept = found.project.trained
        if which == "averaged" and (kept is None or kept.averaged is None):
            raise UserError(f"{found.network.name}: the project has no averaged weights")
        if kept is not None:
            weights, facts, learned = kept.chosen(which), kept.facts, kept.network
    if weights is None:
        untrained = TrainedNetwork(network=found.network)
        if found.project is None:
            return untrained
        return msgspec.structs.replace(untrained, initialisation=found.project.config.initialisation)
    warn_where_not_finite(weights)
    return msgspec.structs.replace(trained_network(found.network, weights, learned, facts), trained=trained)


def _project(found: Found, row: Format, path: Path) -> "Exported":
    from cnnplay.export.trained import Exported
    from cnnplay.project.errors import ProjectError, ProjectWriteError

    project = _as_project(found)
    with as_user_errors(ProjectError, problem=ProjectWriteError):
        row.load()(project, path)
    trained = row.key == "project" and project.trained is not None
    return Exported(path=path, format=row.key, bytes=path.stat().st_size, trained=trained)


def _as_project(found: Found) -> "Project":
    from cnnplay.project.project import Project
    from cnnplay.runs.folder import RunError

    if found.project is not None:
        return found.project
    if found.run is None:
        return Project(network=found.network)
    with as_user_errors(RunError):
        return _project_of(found.run)


def _project_of(run: "RunFolder") -> "Project":
    from cnnplay.project.project import Project

    record = run.record
    if not run.learned("last"):
        return Project(network=record.network, config=record.config, data_key=record.data)
    return Project(
        network=record.network,
        config=record.config,
        data_key=record.data,
        trained=run.trained_weights(
            run_weights(run, "last"),
            run_weights(run, "best") if run.has("best") else None,
            run_weights(run, "averaged") if run.has("averaged") else None,
            run.last_epoch,
        ),
        history=_events_of(run),
    )


def _history(found: Found, row: Format, path: Path) -> "Exported":
    from cnnplay.export.history import epoch_rows
    from cnnplay.export.trained import ExportWriteError

    if found.run is None and found.project is None:
        raise UserError("csv exports the history of a run or a project; a preset has none")
    events = _events_of(found.run) if found.run is not None else _as_project(found).history
    try:
        written: Exported = row.load()(epoch_rows(events), path)
    except ExportWriteError as error:
        raise CommandError(str(error)) from None
    return written


def _events_of(run: "RunFolder") -> tuple[Event, ...]:
    from cnnplay.runs.folder import RunError

    with as_user_errors(RunError):
        events = run.events()
    if run.damage:
        warn(f"cnnplay: warning: {run.path}: {run.damage}")
    return events


def _check_place(path: Path, text: str, found: Found, format_key: str) -> None:
    """UserError unless a file can be written there without replacing what is read."""
    if path.is_dir():
        raise UserError(f"{path}: expected a file's name; found a folder")
    if not path.parent.is_dir():
        raise UserError(f"{path}: expected an existing folder to write into; found none at {path.parent}")
    if found.run is not None and found.run.path.resolve() in path.resolve().parents:
        raise UserError(f"{path}: expected a path outside the run's own folder, which is read")
    network = expand_user(text)
    if found.project is not None and path.exists() and path.samefile(network):
        raise UserError(f"{path}: expected a file other than NETWORK, which is read")
    if format_key == "json" and is_sidecar(path):
        raise UserError(f"{path}: expected another name: this file belongs to the weights next to it")
