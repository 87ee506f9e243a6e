"""The checkout's own environment: .venv with the pinned packages and this project, set up once.

A stamp in .venv has a fingerprint of everything that the setup depends on. It is written last, so that the
next setup continues an interrupted one.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from console import SetupError, Steps, run_watched, say, tail
from qt_check import Screen, ensure_qt, expected_packages
from system_packages import install

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "cnnplay-setup.json"
INSTALLING = VENV / "cnnplay-installing"  # exists while pip runs; if left over, packages may be incomplete
CONSTRAINTS = ROOT / "packaging" / "constraints.txt"
SETUP_STEPS = 3


@dataclass
class Stamp:
    """Records a finished setup."""

    fingerprint: str
    extras: set[str] = field(default_factory=set)
    screens: set[str] = field(default_factory=set)

    def write(self, path: Path) -> None:
        """Writes a temporary file and renames it, so that the stamp is complete or absent."""
        content = {**vars(self), "extras": sorted(self.extras), "screens": sorted(self.screens)}
        temporary = path.with_suffix(".new")
        temporary.write_text(json.dumps(content), encoding="utf-8")
        temporary.replace(path)


def read_stamp(path: Path, fingerprint: str) -> Stamp:
    """The stamp at `path`, or an empty one if it is absent, damaged or out of date."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        stamp = Stamp(content["fingerprint"], set(content["extras"]), set(content["screens"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Stamp(fingerprint)
    return stamp if stamp.fingerprint == fingerprint else Stamp(fingerprint)


def fingerprint_of(files: Iterable[Path], *texts: str) -> str:
    """A hash of the files' contents and of texts (the Python version, the location)."""
    digest = hashlib.sha256()
    for piece in [*(path.read_bytes() for path in files), *(text.encode() for text in texts)]:
        digest.update(len(piece).to_bytes(8, "big") + piece)
    return digest.hexdigest()


def venv_python(venv: Path = VENV) -> Path:
    """The environment's Python interpreter."""
    return venv / "Scripts" / "python.exe" if os.name == "nt" else venv / "bin" / "python"


def prepare(extras: frozenset[str], screen: Screen, steps: Steps) -> Screen:
    """Brings .venv up to date with these extras and checks that Qt starts; returns the usable screen."""
    with _alone():
        fingerprint = fingerprint_of([ROOT / "pyproject.toml", CONSTRAINTS], sys.version, str(ROOT))
        stamp = read_stamp(STAMP, fingerprint) if venv_python().exists() else Stamp(fingerprint)
        if extras <= stamp.extras and screen.name in stamp.screens:
            steps.total -= SETUP_STEPS
            return screen
        return _set_up(extras, screen, stamp, steps)


def _set_up(extras: frozenset[str], screen: Screen, stamp: Stamp, steps: Steps) -> Screen:
    say(f"Setting up {VENV} (only once; later starts skip this)")
    with steps.step("virtual environment"):
        make_venv(screen)
    with steps.step("pinned packages and the project"):
        if not extras <= stamp.extras:
            install_packages(extras)
    stamp.extras |= extras
    stamp.write(STAMP)
    with steps.step("Qt and its system libraries"):
        screen = ensure_qt(venv_python(), screen)
    stamp.screens.add(screen.name)
    stamp.write(STAMP)
    return screen


def make_venv(screen: Screen) -> None:
    """Creates .venv unless there is a usable one of this Python; an incomplete or other one is recreated."""
    if _is_usable(venv_python()) and not INSTALLING.exists():
        return
    if any(importlib.util.find_spec(name) is None for name in ("venv", "ensurepip")):
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        lacking = [f"python{version}-venv", *expected_packages(screen)]
        install(lacking, "Python's venv module (and possibly more) is missing")
    # Not sys.executable: inside .venv, that is the interpreter that is about to be deleted.
    base = getattr(sys, "_base_executable", None) or sys.executable
    log = ROOT / ".venv-setup.log"
    if not run_watched([base, "-m", "venv", "--clear", str(VENV)], log):
        raise SetupError(f"{base} could not create {VENV}:\n{tail(log)}")
    log.unlink()


def install_packages(extras: frozenset[str]) -> None:
    """Installs the pinned packages and the project itself, editable, with these extras."""
    log = VENV / "cnnplay-setup.log"
    log.unlink(missing_ok=True)
    INSTALLING.touch()
    pip = [str(venv_python()), "-m", "pip", "install", "--no-input", "--constraint", str(CONSTRAINTS)]
    target = f"{ROOT}[{','.join(sorted(extras))}]"
    # setuptools first: without build isolation, the pinned version builds the project.
    for arguments in (["setuptools"], ["--no-build-isolation", "--editable", target]):
        if not run_watched([*pip, *arguments], log):
            raise SetupError(f"pip could not install the packages (full log: {log}):\n{tail(log)}")
    INSTALLING.unlink()
    say(f"      {_installed_count(log)} packages installed")


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Lets only one setup of this checkout run at a time, if the system has file locks."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    try:
        lock = (ROOT / ".venv-lock").open("w")
    except OSError as error:
        raise SetupError(f"The setup must be able to write to {ROOT}: {error.strerror}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another setup of this checkout is running; waiting for it …")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_usable(python: Path) -> bool:
    """Whether the environment's interpreter runs, has this version, and has pip."""
    ask = "import sys, pip; print(sys.version)"
    try:
        done = subprocess.run([str(python), "-c", ask], capture_output=True, text=True, check=False)
    except OSError:
        return False
    return done.returncode == 0 and done.stdout.strip() == sys.version.strip()


def _installed_count(log: Path) -> int:
    lines = re.findall(r"^Successfully installed (.*)$", log.read_text(encoding="utf-8"), re.MULTILINE)
    return sum(len(line.split()) for line in lines)
