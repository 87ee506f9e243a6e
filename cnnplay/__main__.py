"""`cnnplay` and `python -m cnnplay`: with no arguments the window, else the command line."""

import signal
import sys
from collections.abc import Iterable


def main() -> int:
    """The exit status of what was asked for; 130 after Ctrl-C, whenever it comes."""
    try:
        from cnnplay.app import main as run

        status = run(hear_no_more=_ignore)
        _ignore([signal.SIGINT])
    except KeyboardInterrupt:
        _ignore([signal.SIGINT])
        print("cnnplay: interrupted", file=sys.stderr)
        status = 130
    return status


def _ignore(signals: Iterable[int]) -> None:
    """The outcome is decided: a further Ctrl-C would only end Python's own end with a traceback."""
    for number in signals:
        signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main())
