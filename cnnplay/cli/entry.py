"""The entry point: parses arguments, runs the command, turns every error into one line and an exit status."""

import os
import sys
import traceback
import warnings
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnplay.cli.errors import DONE, FAILED, INTERRUPTED, USER_ERROR, CommandError, UserError, one_line
from cnnplay.cli.output import make_streams_lenient, warn
from cnnplay.data.paths import is_utf8

if TYPE_CHECKING:
    from cnnplay.cli.commands import Openers


def main(
    argv: Sequence[str],
    open_window: Callable[[str | None], int],
    run_demo: Callable[[Path, int], int],
    ignore_signals: Callable[[Iterable[int]], None] = lambda _: None,
) -> int:
    """Runs ``cnnplay ARGV``. `app` passes in `open_window(path)`, `run_demo(folder, seed)` and
    `ignore_signals(signals)`.

    Returns the exit status: 0; 2 for a user's error; 1 for any other; 130 after Ctrl-C.
    """
    make_streams_lenient()
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    try:
        from cnnplay.cli.commands import Openers

        _check_text(argv)
        status = _run(argv, Openers(open_window, run_demo, ignore_signals))
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        _let_go_of_stdout()
        return DONE
    except KeyboardInterrupt:
        warn("cnnplay: interrupted")
        return INTERRUPTED
    except CommandError as problem:
        warn(f"cnnplay: {one_line(problem)}")
        return problem.status
    except Exception as error:
        warn(f"cnnplay: {_error_text(error)}")
        _drop_unwritten()
        return FAILED


def _check_text(argv: Sequence[str]) -> None:
    """Names are written to our files, which are UTF-8."""
    for argument in argv:
        if not is_utf8(argument):
            raise UserError(f"expected arguments in UTF-8; found other bytes in {argument}")


def _run(argv: Sequence[str], openers: "Openers") -> int:
    import typer

    from cnnplay.cli.commands import app

    command = typer.main.get_command(app)
    # Where typer keeps the base class of its usage errors differs between versions.
    usage_errors: tuple[type[Exception], ...] = tuple(
        base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException"
    )
    try:
        # Not command.main(): it would handle closed pipes and Ctrl-C itself.
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
        return USER_ERROR
    return status if isinstance(status, int) else DONE


def _value_of(parameter: Any, argv: Sequence[str]) -> str | None:
    """The value of a rejected option, for its message, which only says what was expected."""
    names = tuple(getattr(parameter, "opts", ()))
    for index, argument in enumerate(argv):
        name, equals, value = argument.partition("=")
        if name in names and name.startswith("-"):
            return value if equals else next(iter(argv[index + 1 :]), None)
    return None


def _error_text(error: Exception) -> str:
    """The message for an unexpected error. Anything but disk and memory errors goes to the log file."""
    if isinstance(error, OSError) and error.strerror:
        place = f"{error.filename}: " if error.filename else ""
        return one_line(f"{place}{error.strerror}")
    text = one_line(error)
    if isinstance(error, MemoryError) or "out of memory" in text or "can't allocate memory" in text:
        return "not enough memory; a smaller network, image or batch needs less"
    log = _write_log(error)
    kind = type(error).__name__
    return f"unexpected error ({kind}: {text}); details are in {log}" if log else f"{kind}: {text}"


def _write_log(error: Exception) -> Path | None:
    """Appends the traceback to the window's log file. None if it cannot be written."""
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
    """Discards output that a full disk did not take: at exit Python would print a traceback for it."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        _let_go_of_stdout()


def _let_go_of_stdout() -> None:
    """The reader of the output is gone. Python would report an error when it flushes at exit."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
