"""The way in: reads the arguments, runs the command, and turns every end into an exit status and one line."""

import os
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cnnplay.cli.output import forgiving_streams, warn
from cnnplay.cli.problems import DONE, FAILED, INTERRUPTED, MISTAKEN, Problem, one_line

if TYPE_CHECKING:
    from cnnplay.cli.commands import Openers


def main(
    argv: Sequence[str], open_window: Callable[[str | None], int], run_demo: Callable[[Path, int], int]
) -> int:
    """Runs ``cnnplay ARGV``. `open_window(path)` and `run_demo(folder, seed)` are what `app` hands over.

    Returns the exit status: 0; 2 for a user's mistake; 1 for what failed otherwise; 130 after Ctrl-C.
    """
    from cnnplay.cli.commands import Openers

    forgiving_streams()
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    try:
        status = _run(argv, Openers(open_window, run_demo))
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        _let_go_of_stdout()
        return DONE
    except KeyboardInterrupt:
        warn("cnnplay: interrupted")
        return INTERRUPTED
    except Problem as problem:
        warn(f"cnnplay: {one_line(problem)}")
        return problem.status
    except Exception as error:
        warn(f"cnnplay: {_words(error)}")
        return FAILED


def _run(argv: Sequence[str], openers: "Openers") -> int:
    import typer

    from cnnplay.cli.commands import app

    command = typer.main.get_command(app)
    # typer's own name for the base of its usage errors has moved between versions.
    usage_errors: tuple[type[Exception], ...] = tuple(
        base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException"
    )
    try:
        # Not command.main(): it would take a closed pipe and Ctrl-C for itself.
        with command.make_context("cnnplay", list(argv), obj=openers) as context:
            status = command.invoke(context)
    except typer.Exit as end:
        return end.exit_code
    except typer.Abort:
        raise KeyboardInterrupt from None
    except usage_errors as error:
        message = one_line(error.format_message()) if hasattr(error, "format_message") else one_line(error)
        found = getattr(error, "ctx", None)
        where = found.command_path if found is not None else "cnnplay"
        warn(f"cnnplay: {message.rstrip('.')}; see {where} --help")
        return MISTAKEN
    return status if isinstance(status, int) else DONE


def _words(error: Exception) -> str:
    """What failed: the disk, the memory, or something unforeseen, which goes into a log file."""
    if isinstance(error, OSError) and error.strerror:
        place = f"{error.filename}: " if error.filename else ""
        return one_line(f"{place}{error.strerror}")
    text = one_line(error)
    if isinstance(error, MemoryError) or "out of memory" in text or "can't allocate memory" in text:
        return "the memory does not suffice for this; a smaller network, picture or batch needs less"
    log = _write_log(error)
    kind = type(error).__name__
    return f"an unforeseen error ({kind}: {text}); the details are in {log}" if log else f"{kind}: {text}"


def _write_log(error: Exception) -> Path | None:
    """Appends the traceback to the same file as the window's. None where it cannot be written."""
    from platformdirs import user_data_path

    path = user_data_path("cnnplay", appauthor=False) / "errors.log"
    details = "".join(traceback.format_exception(error))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{datetime.now().astimezone().isoformat(timespec='seconds')}\n{details}\n")
    except OSError:
        return None
    return path


def _let_go_of_stdout() -> None:
    """Whoever read the output has gone. Python would complain when it flushes at its end."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
