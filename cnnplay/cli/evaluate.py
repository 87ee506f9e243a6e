"""`cnnplay evaluate RUN`: accuracy, loss and confusion matrix."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

from cnnplay.cli.arguments import check_choice
from cnnplay.cli.errors import as_user_errors
from cnnplay.cli.networks import chosen_weights, open_run, run_weights, warn_where_not_finite
from cnnplay.cli.output import Column, echo, first_few, percent, plural, print_json, table, warn
from cnnplay.modules.trained_weights import WHICH

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet, Split
    from cnnplay.runs.record import RunRecord
    from cnnplay.training.evaluate import Evaluation

SPLITS = ("validation", "train", "test", "all")
WIDEST = 20
"""A confusion matrix of more classes is not printed; the most frequent mistakes are."""


def evaluate_run(path: Path, data: str | None, split: str, weights: str, json: bool) -> None:
    """Evaluates a run's weights, by default on its own validation set."""
    check_choice("--split", split, SPLITS)
    which = check_choice("--weights", weights, WHICH)
    folder = open_run(path)
    from cnnplay.data.catalog import load
    from cnnplay.data.images import DataError
    from cnnplay.modules.build import BuildError
    from cnnplay.training.evaluate import evaluate
    from cnnplay.training.tasks import LossConfig

    key = data or folder.record.data
    which = chosen_weights(folder, which)
    kept = run_weights(folder, which)
    with as_user_errors(DataError, BuildError):
        images = load(key)
        aim = LossConfig.for_evaluation(folder.record.config)
        found = evaluate(
            folder.network, kept, images, cast("Split", split), facts=folder.facts, loss_config=aim
        )
    warn_where_not_finite(kept)
    _warn_of_others(folder.record, images, data is None and split != "all")
    if json:
        print_json(
            {
                "run": str(path),
                "data": key,
                "split": split,
                "weights": which,
                "pictures": len(found.labels),
                "metrics": found.metrics,
                "classes": found.classes,
                "confusion": found.confusion.tolist(),
                "problems": found.problems,
            }
        )
        return
    echo(
        f"{path} on {key}, {split} ({plural(len(found.labels), 'image')}), {which} weights: "
        f"accuracy {percent(found.metrics.get('accuracy'))}, loss {found.metrics['loss']:.4f}"
    )
    for problem in first_few(found.problems):
        echo(f"left out: {problem}")
    _print_confusion(found.classes, found)


def _warn_of_others(record: "RunRecord", images: "ImageSet", own: bool) -> None:
    """Warns on stderr if the run's own data is split differently than during training."""
    if own and record.mark and record.mark != images.mark:
        warn(
            f"cnnplay: warning: {images.title} has changed since the run: the validation set differs, and "
            "some of its images may have been used for training"
        )


def _print_confusion(classes: tuple[str, ...], found: "Evaluation") -> None:
    """The counts, a row per true class; for many classes, the most frequent mistakes."""
    rows = found.confusion.tolist()
    if len(classes) <= WIDEST:
        columns = (Column("true class"), *(Column(name, "right") for name in classes))
        table(columns, ([name, *(f"{n:,}" for n in row)] for name, row in zip(classes, rows, strict=True)))
        return
    wrong = sorted(
        ((n, i, j) for i, row in enumerate(rows) for j, n in enumerate(row) if i != j and n), reverse=True
    )
    columns = (Column("true class"), Column("predicted"), Column("images", "right"))
    table(columns, ((classes[i], classes[j], f"{n:,}") for n, i, j in wrong[:WIDEST]))
