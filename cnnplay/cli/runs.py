"""`cnnplay runs`: the runs in the store, newest first."""

import msgspec

from cnnplay.cli.errors import UserError
from cnnplay.cli.output import Column, count, echo, metric_text, print_json, table, warn
from cnnplay.runs.filter import parse
from cnnplay.runs.library import Library
from cnnplay.runs.row import RunRow, metric_columns
from cnnplay.spec.plurals import plural
from cnnplay.spec.tasks import LOSS, primary_metrics


def list_runs(terms: list[str], rebuild: bool, json: bool) -> None:
    """Prints the runs that match the filter terms. UserError for a term that cannot be understood."""
    filter_ = parse(" ".join(map(_quoted, terms)))
    if filter_.problem:
        raise UserError(filter_.problem)
    library = Library()
    listing = library.refresh(rebuild)
    if listing.trouble:
        warn(f"cnnplay: {listing.trouble}")
    rows = [row for row in listing.rows if filter_.takes(row)]
    if json:
        print_json({"store": str(library.store), "runs": [_as_json(row) for row in rows]})
        return
    if not rows:
        none = f"no runs in {library.store} yet; start one: cnnplay train tiny-cnn …"
        echo("no runs match the filter" if listing.rows else none)
        return
    table(_columns(), (_cells(row) for row in rows))
    echo(f"{plural(len(rows), 'run')}; runs without --out are in {library.store}")


def _quoted(term: str) -> str:
    """Quotes a term with spaces, which the shell kept together."""
    if " " not in term:
        return term
    field, found, value = term.rpartition(":")
    return f'{field}{found}"{value}"'


def _as_json(row: RunRow) -> dict[str, object]:
    """The row, and the metrics that decide also as single values, as in earlier versions."""
    return {**msgspec.structs.asdict(row), **metric_columns(row)}


def _columns() -> tuple[Column, ...]:
    """A column for the primary metric of each task that there is."""
    return (
        Column("run"),
        Column("network"),
        Column("data"),
        Column("state"),
        Column("epochs", "right"),
        *(Column(metric.title, "right") for metric in primary_metrics()),
        Column("loss", "right"),
        Column("images/s", "right"),
        Column("MB", "right"),
        Column("tags"),
    )


def _cells(row: RunRow) -> tuple[str, ...]:
    rate = row.images_per_second
    return (
        row.title,
        row.name,
        row.data,
        row.state,
        f"{row.epochs_done:,}/{row.epochs_asked:,}",
        *(metric_text(metric, row.best.get(metric.name), digits=3) for metric in primary_metrics()),
        metric_text(LOSS, row.best.get("loss"), digits=3),
        count(None if rate is None else round(rate)),
        f"{row.bytes / 1e6:,.1f}",
        " ".join(row.tags),
    )
