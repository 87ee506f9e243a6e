"""`cnnplay evaluate RUN`: the metrics, and the confusion matrix of a classification."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

from cnnplay.cli.arguments import check_choice
from cnnplay.cli.errors import as_user_errors
from cnnplay.cli.networks import chosen_weights, open_run, run_weights, warn_where_not_finite
from cnnplay.cli.output import Column, echo, first_few, metric_text, print_json, table, warn
from cnnplay.modules.trained_weights import WHICH
from cnnplay.spec.plurals import plural
from cnnplay.spec.tasks import LOSS, TaskInfo, task_info

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
    from cnnplay.training.task import LossConfig

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
    if found.remark:
        warn(f"cnnplay: warning: {found.remark}")
    details = _details(found)
    if json:
        print_json(
            {
                "run": str(path),
                "data": key,
                "split": split,
                "weights": which,
                "pictures": found.images,
                "metrics": found.metrics,
                "classes": found.classes,
                **details,
                "problems": found.problems,
            }
        )
        return
    echo(
        f"{path} on {key}, {split} ({plural(found.images, 'image')}), {which} weights: "
        f"{_metrics_text(task_info(folder.network.task), found.metrics)}"
    )
    for problem in first_few(found.problems):
        echo(f"left out: {problem}")
    if "confusion" in details:
        _print_confusion(found.classes, details["confusion"])


def _warn_of_others(record: "RunRecord", images: "ImageSet", own: bool) -> None:
    """Warns on stderr if the run's own data is split differently than during training."""
    if own and record.mark and record.mark != images.mark:
        warn(
            f"cnnplay: warning: {images.title} has changed since the run: the validation set differs, and "
            "some of its images may have been used for training"
        )


def _metrics_text(info: TaskInfo, metrics: dict[str, float]) -> str:
    """``accuracy 96.4 %, loss 0.1203``."""
    return ", ".join(
        f"{metric.title} {metric_text(metric, metrics[metric.name])}" for metric in (*info.metrics, LOSS)
    )


def _details(found: "Evaluation") -> dict[str, list[list[int]]]:
    """What a classification has beside its metrics."""
    from cnnplay.training.classification import ClassResults

    details = found.details
    return {"confusion": details.confusion.tolist()} if isinstance(details, ClassResults) else {}


def _print_confusion(classes: tuple[str, ...], rows: list[list[int]]) -> None:
    """The counts, a row per true class; for many classes, the most frequent mistakes."""
    if len(classes) <= WIDEST:
        columns = (Column("true class"), *(Column(name, "right") for name in classes))
        table(columns, ([name, *(f"{n:,}" for n in row)] for name, row in zip(classes, rows, strict=True)))
        return
    wrong = sorted(
        ((n, i, j) for i, row in enumerate(rows) for j, n in enumerate(row) if i != j and n), reverse=True
    )
    columns = (Column("true class"), Column("predicted"), Column("images", "right"))
    table(columns, ((classes[i], classes[j], f"{n:,}") for n, i, j in wrong[:WIDEST]))
