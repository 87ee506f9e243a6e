"""`cnnplay` and `python -m cnnplay`: with no arguments the window, else the command line."""

import signal
import sys


def main() -> int:
    """The exit status of what was asked for; 130 after Ctrl-C, whenever it comes."""
    try:
        from cnnplay.app import main as run

        status = run()
        _hear_no_more()
    except KeyboardInterrupt:
        _hear_no_more()
        print("cnnplay: interrupted", file=sys.stderr)
        status = 130
    return status


def _hear_no_more() -> None:
    """The outcome is decided: a further Ctrl-C would only end Python's own end with a traceback."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main())
