"""The way in: reads the arguments, runs the command, and turns every end into an exit status and one line."""

import os
import sys
import traceback
import warnings
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnplay.cli.output import forgiving_streams, warn
from cnnplay.cli.problems import DONE, FAILED, INTERRUPTED, MISTAKEN, Mistake, Problem, one_line
from cnnplay.data.paths import is_text

if TYPE_CHECKING:
    from cnnplay.cli.commands import Openers


def main(
    argv: Sequence[str],
    open_window: Callable[[str | None], int],
    run_demo: Callable[[Path, int], int],
    hear_no_more: Callable[[Iterable[int]], None] = lambda _: None,
) -> int:
    """Runs ``cnnplay ARGV``. `open_window(path)`, `run_demo(folder, seed)` and `hear_no_more(signals)` are
    what `app` hands over.

    Returns the exit status: 0; 2 for a user's mistake; 1 for what failed otherwise; 130 after Ctrl-C.
    """
    forgiving_streams()
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    try:
        from cnnplay.cli.commands import Openers

        _check_text(argv)
        status = _run(argv, Openers(open_window, run_demo, hear_no_more))
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
        _drop_unwritten()
        return FAILED


def _check_text(argv: Sequence[str]) -> None:
    """Names go into files of ours, which are in UTF-8."""
    for argument in argv:
        if not is_text(argument):
            raise Mistake(f"expected arguments in UTF-8; found other bytes in {argument}")


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
        value = _value_of(getattr(error, "param", None), argv)
        if value is not None and value not in message:
            message = f"{message.rstrip('.')}; got {value}"
        found = getattr(error, "ctx", None)
        where = found.command_path if found is not None else "cnnplay"
        warn(f"cnnplay: {message.rstrip('.')}; see {where} --help")
        return MISTAKEN
    return status if isinstance(status, int) else DONE


def _value_of(parameter: Any, argv: Sequence[str]) -> str | None:
    """What was given for an option that was refused; its message says what was expected."""
    names = tuple(getattr(parameter, "opts", ()))
    for index, argument in enumerate(argv):
        name, parted, value = argument.partition("=")
        if name in names and name.startswith("-"):
            return value if parted else next(iter(argv[index + 1 :]), None)
    return None


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


def _drop_unwritten() -> None:
    """What a full disk did not take would fail once more, with a traceback, at Python's end."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        _let_go_of_stdout()


def _let_go_of_stdout() -> None:
    """Whoever read the output has gone. Python would complain when it flushes at its end."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
