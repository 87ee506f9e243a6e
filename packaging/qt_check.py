"""Checks that Qt starts, with a real QApplication in a child process, and finds missing system libraries."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from console import SetupError, say
from system_packages import FONTS, absent, has_font, install, packages_of, unresolved

PROBE = """
from PySide6 import QtCore, QtGui, QtSvg, QtWidgets
app = QtWidgets.QApplication(["probe"])
print(app.platformName(), len(QtGui.QFontDatabase.families()))
"""
EVERYWHERE = (
    "libEGL.so.1", "libGL.so.1", "libX11.so.6", "libdbus-1.so.3", "libfontconfig.so.1", "libfreetype.so.6",
    "libglib-2.0.so.0", "libxkbcommon.so.0",
)  # fmt: skip
ON_X11 = (
    "libX11-xcb.so.1", "libxcb-cursor.so.0", "libxcb-icccm.so.4", "libxcb-image.so.0",
    "libxcb-keysyms.so.1", "libxcb-randr.so.0", "libxcb-render-util.so.0", "libxcb-shape.so.0",
    "libxcb-xkb.so.1", "libxkbcommon-x11.so.0",
)  # fmt: skip
ON_WAYLAND = ("libwayland-client.so.0", "libwayland-cursor.so.0", "libwayland-egl.so.1")
UNREACHABLE = ("could not connect to display", "Failed to create wl_display")


@dataclass(frozen=True)
class Screen:
    """The screen, if any, that Qt will use."""

    x11: bool = False
    wayland: bool = False
    native: bool = False  # macOS and Windows always have one
    forced: str = ""  # QT_QPA_PLATFORM, as the user set it

    @property
    def visible(self) -> bool:
        """Whether a user can see the window."""
        if self.forced:
            return not self.forced.startswith(("offscreen", "minimal"))
        return self.x11 or self.wayland or self.native

    @property
    def plugins(self) -> list[str]:
        """The Qt platform plugins that may be loaded."""
        if self.forced:
            return [part.split(":")[0] for part in self.forced.split(";")]
        kinds = {"wayland": self.wayland, "xcb": self.x11}
        return [plugin for plugin, there in kinds.items() if there] or ["offscreen"]

    @property
    def name(self) -> str:
        """The name under which a passed check is remembered."""
        return "native" if self.native and not self.forced else "+".join(self.plugins)

    def environment(self) -> dict[str, str]:
        """This process's environment, with Qt set to offscreen if nothing else is possible."""
        platform = self.forced or ("" if self.visible else "offscreen")
        return {**os.environ, **({"QT_QPA_PLATFORM": platform} if platform else {})}


OFFSCREEN = Screen(forced="offscreen")


def screen_of(env: Mapping[str, str], system: str) -> Screen:
    """The screen that Qt will find according to the environment; `system` is sys.platform."""
    forced = env.get("QT_QPA_PLATFORM", "")
    if not system.startswith(("linux", "freebsd")):
        return Screen(native=True, forced=forced)
    return Screen(x11=bool(env.get("DISPLAY")), wayland=bool(env.get("WAYLAND_DISPLAY")), forced=forced)


def expected_packages(screen: Screen) -> list[str]:
    """The packages that Qt probably needs, determined before it is installed, so that apt runs only once.

    As root, a machine without a screen also gets the X11 packages, so that the window opens if one is added
    later.
    """
    screenless = not screen.visible and not screen.forced
    x11 = screen.x11 or (screenless and hasattr(os, "geteuid") and os.geteuid() == 0)
    wanted = EVERYWHERE + (ON_X11 if x11 else ()) + (ON_WAYLAND if screen.wayland else ())
    return [*packages_of(absent(wanted)), *(() if has_font() else FONTS)]


def ensure_qt(python: Path, screen: Screen) -> Screen:
    """Starts a QApplication, installing missing packages; returns the screen that it can use.

    Raises SetupError with Qt's own message if it does not start and nothing is left to install.
    """
    tried: set[str] = set()
    while True:
        done = _probe(python, screen)
        output = done.stdout + done.stderr
        succeeded = done.returncode == 0 and done.stdout.split()[-1] != "0"
        new = [] if succeeded else [name for name in _lacking(python, screen) if name not in tried]
        if new:
            tried.update(new)
            install(new, "Qt needs more system libraries or fonts")
        elif done.returncode == 0:
            return screen
        elif screen.visible and not screen.forced and any(text in output for text in UNREACHABLE):
            say("      The screen named by DISPLAY or WAYLAND_DISPLAY does not respond; continuing without.")
            screen = Screen()
        else:
            raise SetupError(f"Qt does not start (platform: {screen.name}). It says:\n{output.strip()}")


def _probe(python: Path, screen: Screen) -> subprocess.CompletedProcess[str]:
    command = [str(python), "-c", PROBE]
    try:
        return subprocess.run(
            command, capture_output=True, text=True, env=screen.environment(), check=False, timeout=120
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", "QApplication did not start within two minutes")


def _lacking(python: Path, screen: Screen) -> list[str]:
    """The Debian packages of libraries that ldd does not find, and fonts if there are none."""
    if not sys.platform.startswith("linux"):
        return []
    homes = list(python.parent.parent.glob("lib/python3*/site-packages/PySide6/Qt"))
    files = [
        path
        for home in homes
        for path in (
            *(home / "lib" / f"libQt6{part}.so.6" for part in ("Gui", "Widgets", "Svg", "OpenGLWidgets")),
            *(home / "plugins" / "platforms" / f"libq{name}.so" for name in screen.plugins),
        )
    ]
    return [*packages_of(unresolved(files)), *(() if has_font() else FONTS)]
