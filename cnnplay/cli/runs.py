"""`cnnplay runs`: the runs of the store, newest first."""

from cnnplay.cli.output import Column, count, counted, emit, percent, say, table, warn
from cnnplay.cli.problems import Mistake
from cnnplay.runs.filter import parse
from cnnplay.runs.library import Library
from cnnplay.runs.row import RunRow

COLUMNS = (
    Column("run"),
    Column("network"),
    Column("data"),
    Column("state"),
    Column("epochs", "right"),
    Column("accuracy", "right"),
    Column("loss", "right"),
    Column("images/s", "right"),
    Column("MB", "right"),
    Column("tags"),
)


def list_runs(words: list[str], rebuild: bool, json: bool) -> None:
    """Prints the runs that the words pick. Mistake for a word that asks for nothing."""
    picks = parse(" ".join(map(_quoted, words)))
    if picks.problem:
        raise Mistake(picks.problem)
    library = Library()
    listing = library.refresh(rebuild)
    if listing.trouble:
        warn(f"cnnplay: {listing.trouble}")
    rows = [row for row in listing.rows if picks.takes(row)]
    if json:
        emit({"store": str(library.store), "runs": rows})
        return
    if not rows:
        none = f"no runs in {library.store} yet; make one: cnnplay train tiny-cnn …"
        say("no run is like that" if listing.rows else none)
        return
    table(COLUMNS, (_cells(row) for row in rows))
    say(f"{counted(len(rows), 'run')}; those made without --out are in {library.store}")


def _quoted(word: str) -> str:
    """A word that the shell kept together stays so."""
    if " " not in word:
        return word
    field, found, value = word.rpartition(":")
    return f'{field}{found}"{value}"'


def _cells(row: RunRow) -> tuple[str, ...]:
    rate = row.images_per_second
    return (
        row.title,
        row.name,
        row.data,
        row.state,
        f"{row.epochs_done:,}/{row.epochs_asked:,}",
        percent(row.best_accuracy),
        "–" if row.best_loss is None else f"{row.best_loss:.3f}",
        count(None if rate is None else round(rate)),
        f"{row.bytes / 1e6:,.1f}",
        " ".join(row.tags),
    )
