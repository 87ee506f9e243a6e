"""`cnnplay` and `python -m cnnplay`: with no arguments the window, else the command line."""

import sys


def main() -> int:
    """The exit status of what was asked for."""
    from cnnplay.app import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
