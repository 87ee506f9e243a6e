"""Emits a signal when the value that it names changed, and only then."""

from collections.abc import Callable

from PySide6.QtCore import SignalInstance


class OnChange:
    """`check` compares the value with the one of the last check; call it wherever it may have changed."""

    def __init__(self, signal: SignalInstance, value: Callable[[], object]) -> None:
        self._signal, self._value = signal, value
        self._last = value()

    @property
    def pending(self) -> bool:
        """Whether `check` would emit the signal."""
        return bool(self._value() != self._last)

    def check(self) -> None:
        """Emits the signal if the value is another one than at the last check."""
        now = self._value()
        if now != self._last:
            self._last = now
            self._signal.emit()
