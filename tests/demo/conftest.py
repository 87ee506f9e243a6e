"""The window, as the tests of the interface have it."""

from tests.ui.conftest import failures, make_window, window

__all__ = ["failures", "make_window", "window"]
