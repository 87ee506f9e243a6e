"""`cnnplay evaluate RUN`: accuracy, loss and the confusion of classes."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

from cnnplay.cli.arguments import one_of
from cnnplay.cli.export import WEIGHTS
from cnnplay.cli.networks import open_run, run_weights, there, warn_where_not_finite
from cnnplay.cli.output import Column, counted, emit, percent, say, shortened, table, warn
from cnnplay.cli.problems import mistakes

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet, Split
    from cnnplay.runs.folder import Which
    from cnnplay.runs.record import RunRecord
    from cnnplay.training.evaluate import Evaluation

SPLITS = ("validation", "train", "test", "all")
WIDEST = 20
"""A confusion of more classes than this is not printed for people."""


def judge(path: Path, data: str | None, split: str, weights: str, json: bool) -> None:
    """Judges a run's weights on its own validation part, or on what is asked for."""
    one_of("--split", split, SPLITS)
    one_of("--weights", weights, WEIGHTS)
    folder = open_run(path)
    from cnnplay.data.catalogue import load
    from cnnplay.data.images import DataError
    from cnnplay.modules.build import BuildError
    from cnnplay.training.evaluate import evaluate
    from cnnplay.training.tasks import Aim

    key = data or folder.record.data
    weights = there(folder, weights)
    kept = run_weights(folder, cast("Which", weights))
    with mistakes(DataError, BuildError):
        images = load(key)
        aim = Aim.judging(folder.record.config)
        found = evaluate(folder.network, kept, images, cast("Split", split), facts=folder.facts, aim=aim)
    warn_where_not_finite(kept)
    _warn_of_others(folder.record, images, data is None and split != "all")
    if json:
        emit(
            {
                "run": str(path),
                "data": key,
                "split": split,
                "weights": weights,
                "pictures": len(found.labels),
                "metrics": found.metrics,
                "classes": found.classes,
                "confusion": found.confusion.tolist(),
                "problems": found.problems,
            }
        )
        return
    say(
        f"{path} on {key}, {split} ({counted(len(found.labels), 'picture')}), {weights} weights: "
        f"accuracy {percent(found.metrics.get('accuracy'))}, loss {found.metrics['loss']:.4f}"
    )
    for problem in shortened(found.problems):
        say(f"left out: {problem}")
    _print_confusion(found.classes, found)


def _warn_of_others(record: "RunRecord", images: "ImageSet", own: bool) -> None:
    """A line on stderr where the run's own pictures are parted otherwise than when it learned."""
    if own and record.mark and record.mark != images.mark:
        warn(
            f"cnnplay: warning: {images.title} has changed since the run: other pictures validate now, and "
            "some of them may be among those that it learned from"
        )


def _print_confusion(classes: tuple[str, ...], found: "Evaluation") -> None:
    """The counts, a row for each true class; or for many classes nothing but what was taken for what most."""
    rows = found.confusion.tolist()
    if len(classes) <= WIDEST:
        columns = (Column("truth"), *(Column(name, "right") for name in classes))
        table(columns, ([name, *(f"{n:,}" for n in row)] for name, row in zip(classes, rows, strict=True)))
        return
    wrong = sorted(
        ((n, i, j) for i, row in enumerate(rows) for j, n in enumerate(row) if i != j and n), reverse=True
    )
    columns = (Column("truth"), Column("taken for"), Column("pictures", "right"))
    table(columns, ((classes[i], classes[j], f"{n:,}") for n, i, j in wrong[:WIDEST]))
