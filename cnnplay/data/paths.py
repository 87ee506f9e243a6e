"""Paths as users type them."""

from pathlib import Path


def expand_user(path: str | Path) -> Path:
    """Expands ``~`` to the user's home folder; a path with an unknown user's name is returned unchanged."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def is_utf8(path: str | Path) -> bool:
    """Whether the name is valid UTF-8, which everything written to our files must be."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def printable(path: str | Path) -> str:
    """Replaces bytes that are not valid text by question marks."""
    return str(path).encode("utf-8", "replace").decode()
