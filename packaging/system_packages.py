"""Debian packages for missing libraries: from sonames to package names, and installing with apt if
allowed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from console import SetupError, run_watched, say, tail

# Debian derives a package's name from the soname (see `package_of`); these are the exceptions.
EXCEPTIONS = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libgobject-2.0.so.0": "libglib2.0-0",
    "libgio-2.0.so.0": "libglib2.0-0",
    "libz.so.1": "zlib1g",
    "libGLX.so.0": "libglx0",
    "libGLdispatch.so.0": "libglvnd0",
}
FONTS = ("fonts-inter", "fonts-dejavu-core")
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts")
FONT_SUFFIXES = {".ttf", ".otf", ".ttc", ".pfb"}

_MISSING = re.compile(r"^\s*(\S+)\s+=>\s+not found", re.MULTILINE)
_SONAME = re.compile(r"(?P<stem>.+?)\.so\.(?P<version>[\d.]+)")


def missing_sonames(ldd_output: str) -> list[str]:
    """The libraries that ldd did not find, each once, without Qt's own, which pip installs."""
    found = _MISSING.findall(ldd_output)
    return [
        name for name in dict.fromkeys(found) if not name.startswith(("libQt6", "libpyside6", "libshiboken6"))
    ]


def package_of(soname: str) -> str:
    """The Debian package of a library: libX11-xcb.so.1 is in libx11-xcb1, libdbus-1.so.3 in libdbus-1-3."""
    if soname in EXCEPTIONS:
        return EXCEPTIONS[soname]
    match = _SONAME.fullmatch(soname)
    if match is None:
        raise SetupError(
            f"no Debian package is known for {soname}: install a package that provides it, then try again"
        )
    stem = match["stem"].lower().replace("_", "-")
    return f"{stem}{'-' if stem[-1].isdigit() else ''}{match['version']}"


def packages_of(sonames: Iterable[str]) -> list[str]:
    """The packages of several libraries, each once."""
    return list(dict.fromkeys(package_of(name) for name in sonames))


def current_name_known(name: str, known: Collection[str]) -> bool:
    """Whether apt's index has the package under its old or new name."""
    return name in known or f"{name}t64" in known


def current_names(wanted: Iterable[str], known: Collection[str]) -> list[str]:
    """The names in this release: libglib2.0-0 became libglib2.0-0t64 with 64-bit time.

    A font that the release lacks is left out if it has the other one; other unknown names stay, so that apt
    reports them.
    """
    chosen = []
    for name in wanted:
        if name not in known and f"{name}t64" in known:
            chosen.append(f"{name}t64")
        elif name in known or name not in FONTS or not any(font in known for font in FONTS):
            chosen.append(name)
    return chosen


def has_font(folders: Iterable[str] = FONT_FOLDERS) -> bool:
    """Whether there is any font file where fontconfig looks."""
    return any(
        Path(name).suffix.lower() in FONT_SUFFIXES
        for folder in folders
        for _, _, names in os.walk(Path(folder).expanduser())  # os.walk skips unreadable folders
        for name in names
    )


def unresolved(files: Iterable[Path]) -> list[str]:
    """The libraries that these binaries need and the system lacks, according to ldd."""
    ldd = shutil.which("ldd")
    if ldd is None:
        return []
    existing = [str(path) for path in files if path.exists()]
    done = subprocess.run([ldd, *existing], capture_output=True, text=True, check=False)
    return missing_sonames(done.stdout)


def absent(sonames: Iterable[str]) -> list[str]:
    """The libraries that the linker's cache lacks: an estimate before there is a binary for ldd."""
    ldconfig = shutil.which("ldconfig", path=f"{os.environ.get('PATH', '')}:/sbin:/usr/sbin")
    if ldconfig is None:
        return []
    done = subprocess.run([ldconfig, "-p"], capture_output=True, text=True, check=False)
    present = {line.split()[0] for line in done.stdout.splitlines()[1:] if line.strip()}
    return [name for name in sonames if name not in present]


def install(wanted: Sequence[str], purpose: str) -> None:
    """Installs Debian packages as root or with sudo; else raises SetupError with the command to run."""
    if shutil.which("apt-get") is None:
        raise SetupError(
            f"{purpose}: this system has no apt. Install the equivalents of these Debian packages\n\n"
            f"  {' '.join(wanted)}\n\nand try again."
        )
    known = _known()
    stale = any(not current_name_known(name, known) for name in wanted)
    if os.geteuid() == 0:
        prefix = []
    elif _sudo_agrees(purpose, wanted):
        prefix = ["sudo"]
    else:
        sudo = shutil.which("sudo") is not None
        raise SetupError(by_hand(purpose, current_names(wanted, known), stale=stale, sudo=sudo))
    say(f"      {purpose}: installing {' '.join(wanted)}")
    _install_now(wanted, prefix, stale)


def by_hand(purpose: str, names: Sequence[str], *, stale: bool, sudo: bool) -> str:
    """The message for a user who may not install packages: one command for an administrator."""
    prefix, who = ("sudo ", "An administrator") if sudo else ("", "The user root")
    command = f"{prefix}apt-get install -y --no-install-recommends {' '.join(names)}"
    if stale:
        command = f"{prefix}apt-get update && {command}"
    return f"{purpose}. {who} can install them with:\n\n  {command}\n\nThen run this again."


def _sudo_agrees(purpose: str, wanted: Sequence[str]) -> bool:
    """Asks for sudo's password, if there is sudo and a terminal."""
    if shutil.which("sudo") is None or not sys.stdin.isatty():
        return False
    say(f"      {purpose}: {' '.join(wanted)}\n      To install them, sudo may ask for your password.")
    return subprocess.run(["sudo", "-v"], check=False).returncode == 0


def _known() -> set[str]:
    done = subprocess.run(["apt-cache", "pkgnames"], capture_output=True, text=True, check=False)
    return set(done.stdout.split())


def _install_now(wanted: Sequence[str], prefix: list[str], stale: bool) -> None:
    """Runs apt, after an update if the index is empty or turns out to be out of date."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "apt.log"
        quiet = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]
        for update in (stale, True):
            if update and not run_watched([*quiet, "update"], log):
                raise SetupError(f"apt-get update failed:\n{tail(log)}")
            names = current_names(wanted, _known())
            if run_watched([*quiet, "install", "-y", "--no-install-recommends", *names], log):
                return
            if update:
                break
        raise SetupError(f"apt-get install {' '.join(names)} failed:\n{tail(log)}")
