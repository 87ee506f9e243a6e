"""Spin boxes and combo boxes that ignore the wheel without focus, and show "several" for mixed values."""

from PySide6.QtCore import QEvent, QLocale, QObject, QSignalBlocker, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QLabel, QLineEdit, QSpinBox, QWidget

from cnnplay.network.fields import FieldInfo
from cnnplay.ui.kit.views.theme import follow_theme, role, theme

SEVERAL = "several"
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LARGEST = 2**31 - 1


class IntSpinBox(QSpinBox):
    """An integer. The arrow keys keep the limits; any number can be typed, and the validator checks it."""

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
        # Scrolling a panel must not change the numbers that pass under the cursor.
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


class ComboBox(QComboBox):
    """A combo box that does not change while a panel is scrolled past it."""

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


class UnitLabel(QLabel):
    """A muted unit at the right end of a text field, after its number."""

    def __init__(self, line: QLineEdit, text: str, framed: bool = True) -> None:
        super().__init__(text, line)
        self._line, self._framed = line, framed
        role(self, "muted")
        self.setAlignment(RIGHT)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        line.installEventFilter(self)
        follow_theme(self._place)

    def width_needed(self) -> int:
        """The width in pixels that the field needs for it."""
        self.ensurePolished()
        gap = 1 if self.text() == "°" else theme().px(4)
        return self.fontMetrics().horizontalAdvance(self.text()) + gap

    def set_wanted(self, wanted: bool) -> None:
        """Shows or hides it, depending on the room."""
        if wanted == self.isHidden():
            self.setVisible(wanted)
            self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _place(self) -> None:
        width, edge = self.width_needed(), theme().px(8) + 3
        # A spin box has its own frame around its line, which begins further to the right.
        margin = -2 if self._framed else theme().px(6) + 3
        self._line.setTextMargins(
            0, 0, margin + width if not self.isHidden() else (0 if self._framed else theme().px(6)), 0
        )
        self.setGeometry(self._line.width() - edge - width, 0, width, self._line.height())
