"""A command line without a process: what it prints, and its exit status."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import pytest

from cnnplay.cli import main


class Done(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON value on stdout."""
        (line,) = self.out.splitlines()
        return json.loads(line)

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The JSON objects on stdout, one a line."""
        return [json.loads(line) for line in self.out.splitlines()]

    def complains(self) -> str:
        """The one line on stderr of a user's mistake; nothing may stand on stdout."""
        assert self.status == 2, self
        assert self.out == "", self
        (line,) = self.err.splitlines()
        assert line.startswith("cnnplay: ")
        assert "Traceback" not in line
        return line


Command: TypeAlias = Callable[..., Done]


@pytest.fixture
def cnnplay(capfd: pytest.CaptureFixture[str]) -> Command:
    """Runs ``cnnplay ARGUMENTS`` in this process."""

    def run(*arguments: object) -> Done:
        capfd.readouterr()
        status = main([str(each) for each in arguments], _no_window, _no_demo)
        out, err = capfd.readouterr()
        return Done(status, out, err)

    return run


def _no_window(path: str | None) -> int:
    raise AssertionError(f"a window was opened: {path}")


def _no_demo(folder: Path, seed: int) -> int:
    raise AssertionError(f"a demonstration was run: {folder}, {seed}")
