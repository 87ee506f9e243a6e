"""Errors of the command line, each with its exit status."""

from collections.abc import Iterator
from contextlib import contextmanager

DONE, FAILED, USER_ERROR, INTERRUPTED = 0, 1, 2, 130


class CommandError(Exception):
    """Ends a command with one line on stderr and an exit status."""

    status = FAILED


class UserError(CommandError):
    """Something the user can fix: a name, a value, a file."""

    status = USER_ERROR


@contextmanager
def as_user_errors(*kinds: type[Exception], problem: type[Exception] | tuple[()] = ()) -> Iterator[None]:
    """Turns errors of these kinds, whose messages are for people, into UserError, but errors of the kind
    `problem` into CommandError: those the user did not cause, such as a full disk."""
    try:
        yield
    except problem as error:
        raise CommandError(str(error)) from None
    except kinds as error:
        raise UserError(str(error)) from None


def one_line(text: object) -> str:
    """A message without line breaks."""
    return " ".join(str(text).split())
