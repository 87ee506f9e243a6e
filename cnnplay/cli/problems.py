"""What may go wrong at the command line, and the exit status that it stands for."""

from collections.abc import Iterator
from contextlib import contextmanager

DONE, FAILED, MISTAKEN, INTERRUPTED = 0, 1, 2, 130


class Problem(Exception):
    """Ends a command with one line on stderr and an exit status."""

    status = FAILED


class Mistake(Problem):
    """Something that the user can put right: a name, a value, a file that is none."""

    status = MISTAKEN


@contextmanager
def mistakes(*kinds: type[Exception], problem: type[Exception] | tuple[()] = ()) -> Iterator[None]:
    """Errors of these kinds, whose messages are for people, become mistakes of the user's; of those the kind
    `problem` is not the user's to put right, as where the disk is the reason."""
    try:
        yield
    except problem as error:
        raise Problem(str(error)) from None
    except kinds as error:
        raise Mistake(str(error)) from None


def one_line(text: object) -> str:
    """A message without line breaks."""
    return " ".join(str(text).split())
