"""Deleting and cleaning up runs: what it would do, and doing it. Call the functions in a thread."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from cnnplay.runs import run_store
from cnnplay.runs.files import has_record
from cnnplay.runs.record import RunError
from cnnplay.runs.remove import Cleanup, clean_up, cleanable, deletable, delete
from cnnplay.runs.summary import read_record
from cnnplay.ui.kit.text import bytes_text

CLEANUP_TEXTS: dict[Cleanup, tuple[str, str]] = {
    "best only": (
        "Keep best weights only",
        "Deletes their last weights and checkpoints: these runs can no longer be resumed.",
    ),
    "checkpoints": (
        "Delete checkpoints of finished runs",
        "Best and last weights, curves and settings are kept.",
    ),
}


class DeletionPlan(msgspec.Struct, frozen=True):
    """What deleting or cleaning up would do: to which runs, the bytes it frees, and why others are kept.

    `opened`: it would delete the run that is open in the editor.
    """

    cleanup: Cleanup | None
    paths: tuple[str, ...]
    bytes: int
    kept: tuple[str, ...] = ()
    opened: bool = False

    @property
    def question(self) -> str:
        """``Delete 3 runs? This frees 12 MB.``"""
        runs = "1 run" if len(self.paths) == 1 else f"{len(self.paths):,} runs"
        action = "Delete" if self.cleanup is None else "Clean up"
        return f"{action} {runs}? This frees {bytes_text(self.bytes)}."

    @property
    def details(self) -> str:
        """What is lost, and what is kept because it must not be deleted."""
        what = (
            "Weights, curves, settings and notes are deleted permanently."
            if self.cleanup is None
            else CLEANUP_TEXTS[self.cleanup][1]
        )
        lines = [what]
        if self.opened:
            which = "It" if len(self.paths) == 1 else "One of them"
            rest = "its weights stay there, and further training is a new run"
            lines.append(f"{which} is open in the editor: {rest}.")
        if self.kept:
            more = f" (and {len(self.kept) - 1:,} more)" if len(self.kept) > 1 else ""
            lines.append(f"Kept: {self.kept[0]}{more}")
        return "\n".join(lines)


def plan_deletion(
    paths: Sequence[str], cleanup: Cleanup | None, in_editor: Path | None = None
) -> DeletionPlan:
    """What it would do to these runs. `in_editor` is the folder of the run that is open in the editor."""
    taken, kept, size = [], [], 0
    for path in paths:
        try:
            files = deletable(Path(path)) if cleanup is None else cleanable(Path(path), cleanup)
        except RunError as error:
            kept.append(str(error))
            continue
        if files or cleanup is None:
            taken.append(path)
            size += sum(file.size for file in files)
    deleted = {Path(path).resolve() for path in taken} if cleanup is None else set()
    opened = in_editor is not None and in_editor.resolve() in deleted
    return DeletionPlan(cleanup, tuple(taken), size, tuple(kept), opened)


def apply(plan: DeletionPlan) -> tuple[str, str]:
    """Deletes or cleans up. Returns a text of what was done, and the problems, one per line."""
    freed, done, problems = 0, 0, []
    for path in plan.paths:
        try:
            removed = delete(Path(path)) if plan.cleanup is None else clean_up(Path(path), plan.cleanup)
        except RunError as error:
            problems.append(str(error))
            continue
        freed, done = freed + removed.bytes, done + 1
        if removed.stays:
            problems.append(f"{path}: the folder is kept, with other files: {', '.join(removed.stays[:5])}")
    runs = "1 run" if done == 1 else f"{done:,} runs"
    action = "deleted" if plan.cleanup is None else "cleaned up"
    return f"{action} {runs}, freed {bytes_text(freed)}", "\n".join(problems[:5])


def remember_runs(store: Path, folder: Path) -> tuple[Path, ...]:
    folder = folder.resolve()
    if has_record(folder):
        found = [folder]
    else:
        found = sorted(one for one in folder.iterdir() if has_record(one))
    if not found:
        raise RunError(f"{folder}: expected a run folder, or a folder of runs; found no run.json")
    for one in found:
        read_record(one)
        run_store.remember(store, one)
    return tuple(found)
