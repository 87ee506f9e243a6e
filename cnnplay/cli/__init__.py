"""The command line: the same engine without the window."""

from cnnplay.cli.entry import main

__all__ = ["main"]
