"""The groups of the settings as a row of tabs; a dot marks groups that differ from the defaults."""

from PySide6.QtCore import QPointF, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QTabBar, QWidget

from cnnplay.ui.kit.views.theme import role, theme
from cnnplay.ui.train.settings import SettingsModel

SHORT_LABELS: tuple[dict[str, str], ...] = (
    {},
    {"regularization": "regularize", "augmentation": "augment"},
    {"regularization": "loss", "augmentation": "augment"},
    {"schedule": "LR", "regularization": "loss", "augmentation": "aug."},
)
"""Shorter tab labels, for less and less room."""
DOT = 2.5


class GroupTabs(QTabBar):
    """`chosen(str)`: another group is shown. Arrow keys move between tabs."""

    chosen = Signal(str)

    def __init__(self, settings: SettingsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self.groups = tuple(settings.groups)
        self._shortening = 0
        role(self, "groups")
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setElideMode(Qt.TextElideMode.ElideNone)
        self.setUsesScrollButtons(True)
        self.setAccessibleName("Groups of settings")
        for group in self.groups:
            self.addTab(group)
        self.currentChanged.connect(self._changed)
        settings.changed.connect(self.refresh)
        self.refresh()

    @property
    def group(self) -> str:
        return self.groups[self.currentIndex()]

    def show_group(self, group: str) -> None:
        self.setCurrentIndex(self.groups.index(group))

    def fit(self, width: int) -> int:
        """Uses the longest labels that fit; returns how many longer sets there are."""
        for number in range(len(SHORT_LABELS)):
            self._take(number)
            if sum(self.tabSizeHint(index).width() for index in range(self.count())) <= width:
                break
        return self._shortening

    def _take(self, number: int) -> None:
        if number != self._shortening:
            self._shortening = number
            for index, group in enumerate(self.groups):
                self.setTabText(index, SHORT_LABELS[number].get(group, group))

    @Slot()
    def refresh(self) -> None:
        """Updates the tooltips: what differs from the defaults, and what is wrong."""
        for index, (group, what) in enumerate(self._settings.groups.items()):
            differing, wrong = self._settings.differing(group), self._settings.problems_in(group)
            parts = [f"{group}: {what}"]
            if differing:
                parts.append("Changed from the defaults: " + ", ".join(differing))
            parts += wrong
            if self.tabToolTip(index) != "\n".join(parts):
                self.setTabToolTip(index, "\n".join(parts))
                self.setAccessibleTabName(index, ". ".join([f"{group} settings", *parts[1:]]))
                self.update()

    def marked(self, group: str) -> bool:
        """Whether the group has a dot."""
        return bool(self._settings.differing(group))

    @Slot(int)
    def _changed(self, index: int) -> None:
        self.chosen.emit(self.groups[index])

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        radius = theme().px(2 * DOT) / 2
        for index, group in enumerate(self.groups):
            if self.marked(group):
                wrong = bool(self._settings.problems_in(group))
                painter.setBrush(theme().color("fault" if wrong else "accent"))
                tab = self.tabRect(index)
                at = QPointF(tab.right() - theme().px(4), tab.top() + theme().px(8))
                painter.drawEllipse(at, radius, radius)
        painter.end()
