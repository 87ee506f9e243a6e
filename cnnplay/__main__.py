"""`cnnplay` and `python -m cnnplay`: the window without arguments, else the command line."""

import signal
import sys
from collections.abc import Iterable


def main() -> int:
    """Runs the program; returns its exit status, 130 after Ctrl-C at any time."""
    try:
        from cnnplay.app import main as run

        status = run(ignore_signals=_ignore)
        _ignore([signal.SIGINT])
    except KeyboardInterrupt:
        _ignore([signal.SIGINT])
        print("cnnplay: interrupted", file=sys.stderr)
        status = 130
    return status


def _ignore(signals: Iterable[int]) -> None:
    """The outcome is decided: another Ctrl-C would only interrupt Python's shutdown with a traceback."""
    for number in signals:
        signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main())
