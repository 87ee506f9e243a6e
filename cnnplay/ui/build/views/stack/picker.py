"""The layer list with its search field, and the pop-up for picking a layer to insert."""

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from cnnplay.network.kinds import kind_named
from cnnplay.ui.build.blocks import help_of, matching
from cnnplay.ui.kit.views.theme import role, theme

TAG = Qt.ItemDataRole.UserRole


class DotDelegate(QStyledItemDelegate):
    """A row: a dot in the family's color and the layer's title."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(theme().px(120), theme().px(23))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        now, rect = theme(), QRect(option.rect)
        state = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if state & QStyle.StateFlag.State_Selected:
            painter.setBrush(now.color("selection"))
            painter.drawRoundedRect(rect, now.px(4), now.px(4))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(now.color("surface_sunken"))
            painter.drawRoundedRect(rect, now.px(4), now.px(4))
        size = now.px(10)
        dot = QRect(rect.x() + now.px(8), rect.center().y() - size // 2 + 1, size, size)
        painter.setBrush(now.family(kind_named(index.data(TAG)).family))
        painter.drawRoundedRect(dot, 2, 2)
        painter.setPen(now.color("text"))
        painter.setFont(now.font())
        words = rect.adjusted(now.px(26), 0, -now.px(4), 0)
        text = painter.fontMetrics().elidedText(str(index.data()), Qt.TextElideMode.ElideRight, words.width())
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()


class BlockList(QListWidget):
    """The layers that match a search. `chosen(tag)`: Enter or a double click."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setItemDelegate(DotDelegate(self))
        self.setAccessibleName("Layers")
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.itemDoubleClicked.connect(self._double_clicked)
        self.filter("")

    def filter(self, text: str) -> None:
        """Shows the matching layers; the best is at the top and selected."""
        self.clear()
        for kind in matching(text):
            item = QListWidgetItem(kind.title)
            item.setData(TAG, kind.tag)
            item.setToolTip(help_of(kind))
            self.addItem(item)
        if text.strip() and self.count():
            self.setCurrentRow(0)

    def tag(self) -> str:
        """The selected row's tag, or ""."""
        return str(self.currentIndex().data(TAG) or "")

    def tag_at(self, point: QPoint) -> str:
        item = self.itemAt(point)
        return str(item.data(TAG)) if item is not None else ""

    def choose(self) -> None:
        if self.tag():
            self.chosen.emit(self.tag())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.choose()
        else:
            super().keyPressEvent(event)

    def _double_clicked(self, item: QListWidgetItem) -> None:
        self.chosen.emit(str(item.data(TAG)))


class BlockSearch(QLineEdit):
    """Filters a layer list as the user types; arrow keys move in the list, Enter picks."""

    def __init__(self, blocks: BlockList, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._blocks = blocks
        self.setPlaceholderText("/  search layers")
        self.setClearButtonEnabled(True)
        self.setAccessibleName("Search layers")
        self.setToolTip("Type a name; Enter inserts the first match after the current layer.")
        self.textChanged.connect(blocks.filter)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._blocks.choose()
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
            self._move(1 if key in (Qt.Key.Key_Down, Qt.Key.Key_PageDown) else -1)
        elif key == Qt.Key.Key_Escape and self.text():
            self.clear()
        else:
            super().keyPressEvent(event)

    def _move(self, step: int) -> None:
        row = self._blocks.currentRow() + step
        self._blocks.setCurrentRow(max(0, min(row, self._blocks.count() - 1)))


class BlockPicker(QFrame):
    """A pop-up at a gap. `chosen(tag)`; Escape or a click elsewhere closes it."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        role(self, "panel")
        self.blocks = BlockList(self)
        self.search = BlockSearch(self.blocks, self)
        self.search.installEventFilter(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(self.search)
        layout.addWidget(self.blocks)
        self.setAccessibleName("Insert a layer")
        self.blocks.chosen.connect(self._chosen)
        self.resize(theme().px(220), theme().px(340))

    def open_at(self, global_point: QPoint) -> None:
        """Opens with an empty search, inside the screen."""
        self.search.clear()
        self.blocks.setCurrentRow(0)
        screen = self.screen().availableGeometry()
        x = max(screen.left(), min(global_point.x(), screen.right() - self.width()))
        y = max(screen.top(), min(global_point.y(), screen.bottom() - self.height()))
        self.move(x, y)
        self.show()
        self.search.setFocus(Qt.FocusReason.PopupFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            self.close()
            return True
        return super().eventFilter(watched, event)

    def _chosen(self, tag: str) -> None:
        self.close()
        self.chosen.emit(tag)
