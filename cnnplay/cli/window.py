"""`cnnplay open` and `cnnplay demo`: handed on to what the composition root gave."""

import io
from contextlib import redirect_stdout
from pathlib import Path

from cnnplay.cli.commands import Openers
from cnnplay.cli.output import emit
from cnnplay.cli.problems import Mistake, Problem

REPORT = "demo.json"
"""Where the demonstration leaves its report, in its folder."""


def open_project(openers: Openers, file: Path) -> int:
    """Opens the window with a file; a name that is none is said here, before a window stands there empty."""
    if file.is_dir():
        raise Mistake(f"{file}: expected a .cnnplay file; found a folder")
    if not file.exists():
        raise Mistake(f"{file}: expected a .cnnplay file; found nothing")
    return openers.open_window(str(file))


def demonstrate(openers: Openers, folder: Path, seed: int, json: bool) -> int:
    """Runs the demonstration into a folder, which is made if need be. As JSON, it prints its report alone."""
    if folder.exists() and not folder.is_dir():
        raise Mistake(f"{folder}: expected a folder, or nothing yet; found a file")
    if not json:
        return openers.run_demo(folder, seed)
    report = folder / REPORT
    report.unlink(missing_ok=True)
    with redirect_stdout(io.StringIO()):
        status = openers.run_demo(folder, seed)
    if not report.exists():
        raise Problem(f"the demonstration left no {report}")
    import msgspec

    emit(msgspec.json.decode(report.read_bytes()))
    return status
