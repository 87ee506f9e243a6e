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
    """`cnnplay`: the window without arguments, else the command line. Returns the exit status.

    A command that a signal stopped calls `ignore_signals` once its outcome is decided, with every signal that
    could end the process.
    """
    arguments = sys.argv[1:] if argv is None else argv
    if not arguments:
        return run_window(None)
    from cnnplay.cli import main as command_line

    return command_line(arguments, run_window, _run_demo, ignore_signals)


def run_window(path: str | None) -> int:
    """Opens the window, with a project if `path` is given, and returns when it is closed."""
    if not has_screen():
        print(
            "cnnplay: no screen: expected DISPLAY or WAYLAND_DISPLAY to be set; found neither "
            "(cnnplay demo DIR works without a screen)",
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
        QTimer.singleShot(0, window, window.offer_interrupted_run)
    else:
        QTimer.singleShot(0, window, window.offer_recovery)
    return _end_process(application.exec())


def _end_process(status: int) -> int:
    """Returns the status; ends the process at once if a thread was left behind that may be inside torch: it
    cannot be torn down around it. All files are written by then.
    """
    if any(thread.daemon and thread.name.startswith("cnnplay-") for thread in threading.enumerate()):
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:  # there are none in a windowed program on Windows
                stream.flush()
        os._exit(status)
    return status


def has_screen() -> bool:
    """Whether a window can be opened. Without a screen, Qt itself would abort the program."""
    if not sys.platform.startswith("linux"):
        return True
    platforms = os.environ.get("QT_QPA_PLATFORM") or "xcb;wayland"
    return any(_is_available(name.partition(":")[0]) for name in platforms.split(";"))


def _is_available(platform: str) -> bool:
    """Whether a Qt platform plugin has a screen; offscreen, vnc and the like need none."""
    if platform == "xcb":
        return bool(os.environ.get("DISPLAY"))
    if platform.startswith("wayland"):
        return bool(os.environ.get("WAYLAND_DISPLAY") or os.environ.get("WAYLAND_SOCKET"))
    return True


def make_window() -> "MainWindow":
    """The window with its models, not yet shown. Needs a QApplication."""
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QApplication

    from cnnplay.ui.kit.gc_timer import GcTimer
    from cnnplay.ui.kit.preferences import APPLICATION, Preferences, log_path
    from cnnplay.ui.kit.views.first_paint import FirstPaint
    from cnnplay.ui.kit.views.theme import theme
    from cnnplay.ui.shell.session import Session
    from cnnplay.ui.shell.views.errors import ErrorReporter
    from cnnplay.ui.shell.views.main_window import MainWindow
    from cnnplay.ui.shell.views.pages import MODULES

    # The GIL's switch interval: during training, every mouse event would wait for the default of 5 ms.
    sys.setswitchinterval(0.0005)
    # The icons are drawn for buttons: on a menu's background they would be hard to see.
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
    # Pressing Train shows the curves, and torch's first optimizer imports the compiler: importing them only
    # then would block the window for 0.4 s and the run for a second.
    session.warm_modules += ("pyqtgraph", "torch._dynamo", *MODULES)
    window = MainWindow(session)
    reporter = ErrorReporter(log_path(), window)
    reporter.install()
    window.closed.connect(reporter.uninstall)
    window.closed.connect(GcTimer(lambda: session.warm, window).stop)
    first = FirstPaint(window)
    first.painted.connect(session.warm_up)
    first.painted.connect(window.return_to_workspace)
    first.painted.connect(window.page_maker.begin)
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
    from cnnplay.demo.demo import run

    return run(folder, seed)


@contextmanager
def _interrupt_deferred() -> Iterator[None]:
    """Defers Ctrl-C to the end of the block: Qt's code inside would swallow it, or crash."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: received.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if received:
        raise KeyboardInterrupt


def _quit_on_interrupt(application: "QApplication") -> None:
    """Ctrl-C in the terminal closes the window properly, from the event loop (also if it comes while the
    window is being made). Python handles signals only between its own instructions, hence the timer.
    """
    from PySide6.QtCore import QTimer

    if threading.current_thread() is not threading.main_thread():
        return
    signal.signal(signal.SIGINT, lambda *_: QTimer.singleShot(0, application, application.closeAllWindows))
    wake_up = QTimer(application)
    wake_up.timeout.connect(lambda: None)
    wake_up.start(250)
