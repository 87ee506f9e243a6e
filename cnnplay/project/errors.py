"""Errors of files. Each message is one line: the file, the place in it, what was expected and found."""


class ProjectError(ValueError):
    """A project that cannot be read or written."""


class ProjectWriteError(ProjectError):
    """Writing failed because of the disk, not the project."""


class WeightsError(ValueError):
    """A weights file that cannot be read."""


def one_line(error: BaseException) -> str:
    """The first line of an error's message, or its type if it has none."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
