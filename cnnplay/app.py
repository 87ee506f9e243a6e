"""The composition root: the only place that wires everything together."""

import ctypes
import importlib.util
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from cnnplay.ui.shell.views.main_window import MainWindow


def main(
    argv: list[str] | None = None, ignore_signals: Callable[[Iterable[int]], None] = lambda _: None
) -> int:
    """`cnnplay`: without arguments the window, else the command line. Returns the exit status.

    A command that was ended by a signal and has its outcome calls `hear_no_more` with all that would end it.
    """
    arguments = sys.argv[1:] if argv is None else argv
    if not arguments:
        return run_window(None)
    from cnnplay.cli import main as command_line

    return command_line(arguments, run_window, _run_demo, ignore_signals)


def run_window(path: str | None) -> int:
    """Opens the window, with a project when one is named, and returns when it is closed."""
    if not has_screen():
        print(
            "cnnplay: no screen: expected DISPLAY or WAYLAND_DISPLAY to name one; found neither "
            "(cnnplay demo DIR works without one)",
            file=sys.stderr,
        )
        return 1
    load_torch_library_first()
    with _interrupt_deferred():
        from PySide6.QtCore import QTimer
        from PySide6.QtWidgets import QApplication

        application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    _quit_on_interrupt(application)
    window = make_window()
    window.show()
    if path is not None:
        window.open_path(Path(path))
        QTimer.singleShot(0, window, window.offer_cut_run)
    else:
        QTimer.singleShot(0, window, window.offer_recovery)
    return application.exec()


def has_screen() -> bool:
    """Whether there is one to open a window on. Qt itself ends the whole program where there is none."""
    if not sys.platform.startswith("linux"):
        return True
    asked = os.environ.get("QT_QPA_PLATFORM") or "xcb;wayland"
    return any(_is_there(name.partition(":")[0]) for name in asked.split(";"))


def _is_there(platform: str) -> bool:
    """Whether one of Qt's ways to a screen has one; offscreen, vnc and the like need none."""
    if platform == "xcb":
        return bool(os.environ.get("DISPLAY"))
    if platform.startswith("wayland"):
        return bool(os.environ.get("WAYLAND_DISPLAY") or os.environ.get("WAYLAND_SOCKET"))
    return True


def make_window() -> "MainWindow":
    """The window, wired, not yet shown. Needs a QApplication."""
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QApplication

    from cnnplay.ui.kit.gc_timer import GcTimer
    from cnnplay.ui.kit.preferences import APPLICATION, Preferences, log_path
    from cnnplay.ui.kit.views.first_paint import FirstPaint
    from cnnplay.ui.kit.views.theme import theme
    from cnnplay.ui.shell.session import Session
    from cnnplay.ui.shell.views.errors import ErrorReporter
    from cnnplay.ui.shell.views.main_window import MainWindow

    # The window asks for Python's lock after this many seconds while the run computes: at the usual 5 ms
    # every mouse move would wait that long.
    sys.setswitchinterval(0.0005)
    # The signs of the controls are made for buttons: on a menu's ground they would be lost.
    QApplication.setAttribute(Qt.ApplicationAttribute.AA_DontShowIconsInMenus)
    QApplication.setApplicationName(APPLICATION)
    QApplication.setApplicationDisplayName("CNN Playground")
    QApplication.setDesktopFileName(APPLICATION)
    preferences = Preferences()
    choice = preferences.text("theme", "system")
    theme().install(
        choice if choice in ("system", "light", "dark") else "system",  # type: ignore[arg-type]
        preferences.number("text_scale", 1.0),
    )
    session = Session(preferences)
    # Who presses Train comes to the curves, and torch's first optimizer imports the compiler: importing them
    # then would hold the window up for 0.4 s, and the run for a second.
    session.warm_modules += ("pyqtgraph", "torch._dynamo")
    window = MainWindow(session)
    reporter = ErrorReporter(log_path(), window)
    reporter.install()
    window.closed.connect(reporter.uninstall)
    window.closed.connect(GcTimer(lambda: session.warm, window).finish)
    first = FirstPaint(window)
    first.painted.connect(session.warm_up)
    first.painted.connect(window.return_to_workspace)
    return window


def load_torch_library_first() -> None:
    """On Windows torch's c10.dll fails to load once Qt is there (pytorch issue 166628): load it before."""
    if sys.platform == "win32":
        spec = importlib.util.find_spec("torch")
        if spec is not None and spec.origin is not None:
            library = Path(spec.origin).parent / "lib"
            os.add_dll_directory(str(library))
            ctypes.CDLL(str(library / "c10.dll"))


def _run_demo(folder: Path, seed: int) -> int:
    from cnnplay.demo import run

    return run(folder, seed)


@contextmanager
def _interrupt_deferred() -> Iterator[None]:
    """Ctrl-C is heard at the end: Qt's own code in between would swallow it, or fall over it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: heard.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if heard:
        raise KeyboardInterrupt


def _quit_on_interrupt(application: "QApplication") -> None:
    """Ctrl-C in the terminal closes the window in order: from the loop of events, which one that comes while
    the window is being made has to wait for. Python sees a signal only between its own steps.
    """
    from PySide6.QtCore import QTimer

    if threading.current_thread() is not threading.main_thread():
        return
    signal.signal(signal.SIGINT, lambda *_: QTimer.singleShot(0, application, application.closeAllWindows))
    ticking = QTimer(application)
    ticking.timeout.connect(lambda: None)
    ticking.start(250)
