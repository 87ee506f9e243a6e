"""Paths as people write them."""

from pathlib import Path


def at_home(path: str | Path) -> Path:
    """The path with ``~`` as the user's folder; with the name of an unknown user it stays as it is."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def is_text(path: str | Path) -> bool:
    """Whether the name is UTF-8, as everything must be that is written into a file of ours."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True
