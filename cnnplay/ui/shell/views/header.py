"""The header: workspaces at the left, network, data set, device and run controls at the right."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QWidget

from cnnplay.ui.kit.views.compact_level import Compactable, CompactLevel
from cnnplay.ui.kit.views.theme import follow_theme, role, theme
from cnnplay.ui.kit.views.tooltip import tip
from cnnplay.ui.shell.workspaces import WORKSPACES


class Header(QWidget):
    """Workspace tabs, pickers and controls. `chosen` carries the key of the workspace that was clicked."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("header")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.tabs: dict[str, QPushButton] = {}
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(12, 0, 12, 0)
        self._layout.setSpacing(8)
        self._parts: list[Compactable] = []
        self.compact_level = CompactLevel.FULL
        for key, row in WORKSPACES.items():
            tab = role(QPushButton(row.title), "tab")
            tab.setCheckable(True)
            keys = QKeySequence(row.shortcut).toString(QKeySequence.SequenceFormat.NativeText)
            tab.setToolTip(tip(f"{row.hint} ({keys})"))
            tab.setAccessibleName(f"Workspace {row.title}")
            tab.clicked.connect(self._tab_clicked)
            tab.setProperty("workspace", key)
            self._group.addButton(tab)
            self._layout.addWidget(tab)
            self.tabs[key] = tab
        self._layout.addStretch(1)
        follow_theme(self._measure)

    def add(self, widget: QWidget) -> None:
        """Adds a picker or the controls at the right end."""
        self._layout.addWidget(widget)
        if isinstance(widget, Compactable):
            self._parts.append(widget)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._update_compact()

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._update_compact()
        return done

    def _update_compact(self) -> None:
        """Chooses the largest form of the parts that fits."""
        margins = self._layout.contentsMargins()
        gaps = self._layout.spacing() * (len(self.tabs) + len(self._parts))
        tabs = sum(tab.width() for tab in self.tabs.values())
        room = self.width() - margins.left() - margins.right() - gaps - tabs
        fitting = (step for step in CompactLevel if sum(part.width_at(step) for part in self._parts) <= room)
        self.compact_level = next(fitting, CompactLevel.SHORT_NAMES)
        for part in self._parts:
            part.set_compact(self.compact_level)

    def show_workspace(self, key: str) -> None:
        self.tabs[key].setChecked(True)

    def _measure(self) -> None:
        """Makes each tab as wide as its bold text, so that nothing moves when it is selected."""
        metrics = QFontMetrics(theme().font(strong=True))
        for tab in self.tabs.values():
            tab.setFixedWidth(metrics.horizontalAdvance(tab.text()) + theme().px(28))

    def _tab_clicked(self) -> None:
        sender = self.sender()
        assert sender is not None
        self.chosen.emit(sender.property("workspace"))
