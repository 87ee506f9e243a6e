"""Watches a signal: it is emitted when what it names changed, and only then."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import SignalInstance


class Watched:
    """Records the value that a signal names, at first and at every emission."""

    def __init__(self, signal: SignalInstance, value: Callable[[], Any]) -> None:
        self._value = value
        self.seen = [value()]
        signal.connect(lambda: self.seen.append(self._value()))

    def check(self) -> None:
        """Each emission found another value, and the last one found the current value."""
        for before, after in zip(self.seen, self.seen[1:], strict=False):
            assert before != after
        assert self.seen[-1] == self._value()
