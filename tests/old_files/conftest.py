"""What the tests of old files share: copies of them, what is expected, and the command line."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import torch

from tests.cli.conftest import cnnplay

__all__ = ["cnnplay"]

HERE = Path(__file__).parent

Copied: TypeAlias = Callable[[str], Path]


@pytest.fixture(scope="session")
def expected() -> Any:
    """What the old program said."""
    return json.loads((HERE / "expected.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def exact(expected: Any) -> bool:
    """Whether this machine computes to the last bit as the one that made the files."""
    there = expected["machine"]
    here = there["processor"] + there["capability"]
    return there["torch"] == torch.__version__ and here == _processor()


@pytest.fixture
def copied(tmp_path: Path) -> Copied:
    """Copies a file or a folder to where it may be written."""

    def copy(name: str) -> Path:
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (HERE / name).is_dir():
            return Path(shutil.copytree(HERE / name, target))
        return Path(shutil.copy(HERE / name, target))

    return copy


@pytest.fixture
def store(own_folders: Path) -> Path:
    """The run store of the test's own user, with the three old runs in it."""
    runs = own_folders / "data" / "cnnplay" / "runs"
    for name in ("finished", "interrupted", "window-run"):
        shutil.copytree(HERE / name, runs / name)
    return runs


def _processor() -> str:
    """With what the last bits may change."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] + torch.backends.cpu.get_cpu_capability() if names else ""
