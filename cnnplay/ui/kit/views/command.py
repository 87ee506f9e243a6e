"""Commands: what menus, shortcuts and buttons can do, and why they cannot do it now."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, Qt, Signal, SignalInstance, Slot
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QPushButton, QWidget

from cnnplay.ui.kit.views.tooltip import tip

Keys = QKeySequence.StandardKey | str | tuple[QKeySequence, ...]


def set_available(target: QAction | QWidget, hint: str, reason: str) -> None:
    """Enables a control and sets its tooltip; `reason` says why it is unavailable, "" if it is available."""
    target.setEnabled(not reason)
    target.setToolTip(tip(f"{hint}\nUnavailable: {reason.rstrip('.')}." if reason else hint))


class Command(QAction):
    """An action that says why it is unavailable: in its tooltip, and when its shortcut is pressed.

    `disabled_reason` returns the reason, "" if it is available; it is asked again at each signal of
    `refresh_on`. `refused(str)`: the shortcut of an unavailable command was pressed: ``Stop: no run is …``.
    """

    refused = Signal(str)

    def __init__(
        self,
        parent: QObject,
        text: str,
        run: Callable[[], object],
        keys: Keys = (),
        hint: str = "",
        disabled_reason: Callable[[], str] = lambda: "",
        refresh_on: Iterable[SignalInstance] = (),
        *,
        name: str = "",
        context: Qt.ShortcutContext = Qt.ShortcutContext.WindowShortcut,
    ) -> None:
        super().__init__(text, parent)
        self.setObjectName(name)
        self.setShortcuts(QKeySequence(keys) if isinstance(keys, str) else keys)  # type: ignore[arg-type]
        self.setShortcutContext(context)
        self.triggered.connect(lambda _checked=False: run())
        self._hint, self._disabled_reason = hint, disabled_reason
        self.reason = ""
        """Why it is unavailable, as of the last refresh; "" if it is available."""
        self._refusal: QShortcut | None = None
        if isinstance(parent, QWidget) and context == Qt.ShortcutContext.WindowShortcut and self.shortcuts():
            # A disabled action does not get its keys: this takes them instead.
            self._refusal = QShortcut(parent)
            self._refusal.setKeys(self.shortcuts())
            self._refusal.activated.connect(self._refuse)
        for signal in refresh_on:
            signal.connect(self.refresh)
        self.refresh()

    @property
    def title(self) -> str:
        """Its text without mnemonic and dots."""
        return self.text().replace("&", "").rstrip("…")

    @property
    def keys_text(self) -> str:
        """``Ctrl+Y or Ctrl+Shift+Z``; "" without a shortcut."""
        native = QKeySequence.SequenceFormat.NativeText
        return " or ".join(key.toString(native) for key in self.shortcuts() if not _is_media_key(key))

    def set_hint(self, hint: str) -> None:
        """Changes what the tooltip says about it."""
        if hint != self._hint:
            self._hint = hint
            self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Asks again whether it is available."""
        self.reason = self._disabled_reason()
        if self._hint or self.reason:
            set_available(self, self._hint or self.iconText(), self.reason)
        if self._refusal is not None:
            self._refusal.setEnabled(bool(self.reason))

    def refuse(self, event: QKeyEvent) -> bool:
        """For widgets with their own keys: whether this is the key of this command, which is unavailable."""
        pressed = not self.isEnabled() and QKeySequence(event.keyCombination()) in self.shortcuts()
        if pressed:
            self._refuse()
        return pressed

    @Slot()
    def _refuse(self) -> None:
        self.refused.emit(f"{self.iconText().rstrip('…')}: {self.reason}")


def _is_media_key(keys: QKeySequence) -> bool:
    """Whether these are the special keys of rare keyboards: "New", "Save", "Undo"."""
    return int(keys[0].key()) >= int(Qt.Key.Key_Back)  # type: ignore[index]


class CommandButton(QPushButton):
    """A button with the short text (`iconText`), icon, tooltip and state of a command."""

    def __init__(self, command: QAction, name: str = "") -> None:
        super().__init__()
        self._command = command
        self.setAutoDefault(False)
        self.setAccessibleName(name)
        self.clicked.connect(command.trigger)
        command.changed.connect(self._follow)
        self._follow()

    @Slot()
    def _follow(self) -> None:
        self.setText(self._command.iconText())
        self.setIcon(self._command.icon())
        self.setToolTip(self._command.toolTip())
        self.setEnabled(self._command.isEnabled())
