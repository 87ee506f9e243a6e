"""A button that opens a menu of choices: it shows the current choice, and a muted detail beside it."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QSizePolicy, QWidget

from cnnplay.ui.kit.views.compact_level import CompactLevel
from cnnplay.ui.kit.views.panel import ElidedLabel
from cnnplay.ui.kit.views.theme import follow_theme, role, theme
from cnnplay.ui.kit.views.tooltip import tip

LEAST_CHOICE = 44
"""The smallest width of the choice, in design pixels."""


class PickerButton(QPushButton):
    """Subclasses add the choices in `fill`, which is called each time before the menu opens."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._compact_level = CompactLevel.FULL
        self.choice, self.detail = ElidedLabel(), QLabel()
        role(self.detail, "muted")
        for label in (self.choice, self.detail):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._row = QHBoxLayout(self)
        self._row.addWidget(self.choice, 1)
        self._row.addWidget(self.detail)
        self.choice_menu = QMenu(self)
        self.choice_menu.setToolTipsVisible(True)
        self.choice_menu.aboutToShow.connect(self._refill)
        self.setMenu(self.choice_menu)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        follow_theme(self._restyle)

    def fill(self, menu: QMenu) -> None:
        """Adds the choices to the menu."""
        raise NotImplementedError

    def set_choice(self, choice: str, detail: str = "") -> None:
        """Shows the current choice, and a detail about it."""
        self.choice.setText(choice)
        self.detail.setText(detail)
        self.setAccessibleName(f"{self._name}: {choice}" + (f", {detail}" if detail else ""))
        self.updateGeometry()
        self._show_detail()

    def width_at(self, level: CompactLevel) -> int:
        """The width in pixels for the choice, and for the detail if this level shows it."""
        return self._full_width() if level < CompactLevel.NO_DETAILS else self._choice_width()

    def set_compact(self, level: CompactLevel) -> None:
        if level != self._compact_level:
            self._compact_level = level
            self.updateGeometry()
            self._show_detail()

    def sizeHint(self) -> QSize:
        # The labels are the content; the button itself has no text.
        return QSize(self.width_at(self._compact_level), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        # With little room the choice is elided.
        least = min(self._choice_width(), theme().px(LEAST_CHOICE) + self._margins())
        return QSize(least, super().sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_detail()

    def _show_detail(self) -> None:
        """Hides the detail if there is not enough room."""
        room = self._compact_level < CompactLevel.NO_DETAILS and self.width() >= self._full_width()
        self.detail.setVisible(bool(self.detail.text()) and room)

    def _full_width(self) -> int:
        detail = self.detail.sizeHint().width() + self._row.spacing() if self.detail.text() else 0
        return self._choice_width() + detail

    def _choice_width(self) -> int:
        # A little more than the text, so that it is not elided when it just fits.
        return self.choice.fontMetrics().horizontalAdvance(self.choice.text()) + 2 + self._margins()

    def _margins(self) -> int:
        margins = self._row.contentsMargins()
        return margins.left() + margins.right()

    def _restyle(self) -> None:
        px = theme().px
        self._row.setContentsMargins(px(12), 0, px(26), 0)
        self._row.setSpacing(px(6))
        self.detail.setFont(theme().font(small=True))

    def _refill(self) -> None:
        self.choice_menu.clear()
        self.fill(self.choice_menu)

    def add_choice(self, menu: QMenu, text: str, chosen: bool, hint: str = "") -> QAction:
        """Adds an entry, checked if it is the current choice."""
        action = menu.addAction(text)
        action.setCheckable(True)
        action.setChecked(chosen)
        action.setToolTip(tip(hint or text))
        return action
