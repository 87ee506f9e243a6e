"""Spin boxes and lists that keep their value while a panel is scrolled, and say "several" for mixed ones."""

from PySide6.QtCore import QLocale, QSignalBlocker, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QSpinBox, QWidget

from cnnplay.network.fields import FieldInfo
from cnnplay.widgets.theme import theme

SEVERAL = "several"
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LARGEST = 2**31 - 1


class Whole(QSpinBox):
    """A whole number. The arrow keys keep the limits; any number can be typed, and the validator answers."""

    def __init__(self, field: FieldInfo, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._low = -_LARGEST if field.minimum is None else int(field.minimum)
        self._high = _LARGEST if field.maximum is None else int(field.maximum)
        self.setRange(-_LARGEST, _LARGEST)
        self.setLocale(QLocale(QLocale.Language.English, QLocale.Country.UnitedStates))
        self.setGroupSeparatorShown(True)
        self.setAlignment(RIGHT)
        # The style sheet hides the buttons by this property: with NoButtons it leaves no room for the text.
        self.setProperty("plain", "true")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumWidth(theme().px(48))
        self.lineEdit().setPlaceholderText(SEVERAL)
        self.lineEdit().setTextMargins(0, 0, theme().px(6), 0)

    def stepBy(self, steps: int) -> None:
        self.setValue(max(self._low, min(self._high, self.value() + steps)))

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        flag = QAbstractSpinBox.StepEnabledFlag
        up = flag.StepUpEnabled if self.value() < self._high else flag.StepNone
        return up | (flag.StepDownEnabled if self.value() > self._low else flag.StepNone)

    def wheelEvent(self, event: QWheelEvent) -> None:
        # A panel that is scrolled must not change the numbers that pass under the cursor.
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def show_value(self, value: int | None) -> None:
        with QSignalBlocker(self):
            if value is None:
                self.clear()
            elif value != self.value() or not self.text():
                self.setValue(value)


class Choice(QComboBox):
    """A list of words that does not change while one scrolls past it."""

    def __init__(self, choices: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.addItems(list(choices))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setPlaceholderText(SEVERAL)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()
