"""`cnnplay open` and `cnnplay demo`: handed on to what the composition root gave."""

from pathlib import Path

from cnnplay.cli.commands import Openers
from cnnplay.cli.problems import Mistake


def open_project(openers: Openers, file: Path) -> int:
    """Opens the window with a file; a name that is none is said here, before a window stands there empty."""
    if file.is_dir():
        raise Mistake(f"{file}: expected a .cnnplay file; found a folder")
    if not file.exists():
        raise Mistake(f"{file}: expected a .cnnplay file; found nothing")
    return openers.open_window(str(file))


def demonstrate(openers: Openers, folder: Path, seed: int, json: bool) -> int:
    """Runs the demonstration into a folder, which is made if need be."""
    if folder.exists() and not folder.is_dir():
        raise Mistake(f"{folder}: expected a folder, or nothing yet; found a file")
    return openers.run_demo(folder, seed)
