"""What may go wrong with files: each error is one line that names the file, the place, expected and found."""


class ProjectError(ValueError):
    """A project that cannot be read or written."""


class ProjectWriteError(ProjectError):
    """The disk, not the project, is the reason."""


class WeightsError(ValueError):
    """A weights file that cannot be read."""


def one_line(error: BaseException) -> str:
    """The first line of an error's words, or its kind where it has none."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
