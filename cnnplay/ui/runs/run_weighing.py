"""What deleting and cleaning up would do, and the doing of it: for a thread, and in words for people."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from cnnplay.runs import run_store as place
from cnnplay.runs.record import RunError
from cnnplay.runs.remove import Cleanup, clean_up, cleanable, deletable, delete
from cnnplay.runs.summary import read_record
from cnnplay.ui.kit.text import bytes_text

SWEEP_WORDS: dict[Cleanup, tuple[str, str]] = {
    "best only": (
        "Keep best weights only",
        "Their last weights and checkpoints are deleted: they cannot go on from where they stopped.",
    ),
    "checkpoints": (
        "Delete checkpoints of finished runs",
        "Best and last weights, curves and settings stay.",
    ),
}


class Weighed(msgspec.Struct, frozen=True):
    """What deleting or cleaning up would do: to which runs, the bytes it frees, and why others stay."""

    sweep: Cleanup | None
    paths: tuple[str, ...]
    bytes: int
    kept: tuple[str, ...] = ()

    @property
    def question(self) -> str:
        """``Delete 3 runs? This frees 12 MB.``"""
        runs = "1 run" if len(self.paths) == 1 else f"{len(self.paths):,} runs"
        deed = "Delete" if self.sweep is None else "Clean up"
        return f"{deed} {runs}? This frees {bytes_text(self.bytes)}."

    @property
    def words(self) -> str:
        """What is lost, and what stays because it may not be touched."""
        what = (
            "Weights, curves, settings and notes are gone for good."
            if self.sweep is None
            else SWEEP_WORDS[self.sweep][1]
        )
        if not self.kept:
            return what
        more = f" (and {len(self.kept) - 1:,} more)" if len(self.kept) > 1 else ""
        return f"{what}\nNot touched: {self.kept[0]}{more}"


def weighed(paths: Sequence[str], sweep: Cleanup | None) -> Weighed:
    taken, kept, size = [], [], 0
    for path in paths:
        try:
            files = deletable(Path(path)) if sweep is None else cleanable(Path(path), sweep)
        except RunError as error:
            kept.append(str(error))
            continue
        if files or sweep is None:
            taken.append(path)
            size += sum(file.size for file in files)
    return Weighed(sweep, tuple(taken), size, tuple(kept))


def carried_out(order: Weighed) -> tuple[str, str]:
    """What was done in words, and what went wrong."""
    freed, done, problems = 0, 0, []
    for path in order.paths:
        try:
            removed = delete(Path(path)) if order.sweep is None else clean_up(Path(path), order.sweep)
        except RunError as error:
            problems.append(str(error))
            continue
        freed, done = freed + removed.bytes, done + 1
        if removed.stays:
            problems.append(f"{path}: stays with what is no part of the run: {', '.join(removed.stays[:5])}")
    runs = "1 run" if done == 1 else f"{done:,} runs"
    deed = "deleted" if order.sweep is None else "cleaned up"
    return f"{deed} {runs}, freed {bytes_text(freed)}", "\n".join(problems[:5])


def added(store: Path, folder: Path) -> tuple[Path, ...]:
    folder = folder.resolve()
    if (folder / "run.json").exists():
        found = [folder]
    else:
        found = sorted(one for one in folder.iterdir() if (one / "run.json").is_file())
    if not found:
        raise RunError(f"{folder}: expected a run's folder, or one that holds some; found no run.json")
    for one in found:
        read_record(one)
        place.remember(store, one)
    return tuple(found)
