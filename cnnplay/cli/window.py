"""`cnnplay open` and `cnnplay demo`, which call what the composition root passed in."""

import io
from contextlib import redirect_stdout
from pathlib import Path

from cnnplay.cli.commands import Openers
from cnnplay.cli.errors import CommandError, UserError
from cnnplay.cli.output import print_json

REPORT = "demo.json"
"""The demonstration's report, in its folder."""


def open_project(openers: Openers, file: Path) -> int:
    """Opens the window with a file. UserError, before an empty window appears, if there is no such file."""
    if file.is_dir():
        raise UserError(f"{file}: expected a .cnnplay file; found a folder")
    if not file.exists():
        raise UserError(f"{file}: expected a .cnnplay file; found nothing")
    return openers.open_window(str(file))


def demonstrate(openers: Openers, folder: Path, seed: int, json: bool) -> int:
    """Runs the demonstration; the folder is made if needed. With `json`, prints only the report."""
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder}: expected a folder or a new name; found a file")
    if not json:
        return openers.run_demo(folder, seed)
    report = folder / REPORT
    report.unlink(missing_ok=True)
    with redirect_stdout(io.StringIO()):
        status = openers.run_demo(folder, seed)
    if not report.exists():
        if status:  # it said why
            return status
        raise CommandError(f"the demonstration did not write {report}")
    import msgspec

    print_json(msgspec.json.decode(report.read_bytes()))
    return status
