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
from cnnplay.network.network import Place
from cnnplay.ui.build.palette_search import kind_help, matching_kinds
from cnnplay.ui.build.views.stack.canvas import StackCanvas
from cnnplay.ui.kit.views.theme import role, theme
from cnnplay.ui.kit.views.tooltip import tip

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
        text_rect = rect.adjusted(now.px(26), 0, -now.px(4), 0)
        text = painter.fontMetrics().elidedText(
            str(index.data()), Qt.TextElideMode.ElideRight, text_rect.width()
        )
        painter.drawText(text_rect, Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()


class LayerList(QListWidget):
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
        for kind in matching_kinds(text):
            item = QListWidgetItem(kind.title)
            item.setData(TAG, kind.tag)
            item.setToolTip(tip(kind_help(kind)))
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


class LayerSearch(QLineEdit):
    """Filters a layer list as the user types; arrow keys move in the list, Enter picks."""

    def __init__(self, layers: LayerList, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layers = layers
        self.setPlaceholderText("/  search layers")
        self.setClearButtonEnabled(True)
        self.setAccessibleName("Search layers")
        self.setToolTip("Type a name; Enter inserts the first match after the current layer")
        self.textChanged.connect(layers.filter)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._layers.choose()
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
            self._move(1 if key in (Qt.Key.Key_Down, Qt.Key.Key_PageDown) else -1)
        elif key == Qt.Key.Key_Escape and self.text():
            self.clear()
        else:
            super().keyPressEvent(event)

    def _move(self, step: int) -> None:
        row = self._layers.currentRow() + step
        self._layers.setCurrentRow(max(0, min(row, self._layers.count() - 1)))


class LayerPicker(QFrame):
    """A pop-up at a gap. `chosen(tag)`; Escape or a click elsewhere closes it."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        role(self, "panel")
        self.layers = LayerList(self)
        self.search = LayerSearch(self.layers, self)
        self.search.installEventFilter(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(self.search)
        layout.addWidget(self.layers)
        self.setAccessibleName("Insert a layer")
        self.layers.chosen.connect(self._chosen)
        self.resize(theme().px(220), theme().px(340))

    def open_at(self, global_point: QPoint) -> None:
        """Opens with an empty search, inside the screen."""
        self.search.clear()
        self.layers.setCurrentRow(0)
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


class LayerInserter:
    """Opens the layer list at a gap of the stack, and inserts the chosen layer there."""

    def __init__(self, canvas: StackCanvas) -> None:
        self._canvas = canvas
        self.picker: LayerPicker | None = None
        self._place: Place | None = None

    def open(self, place: Place | None = None) -> None:
        """Opens the list at a gap; by default after the current layer."""
        canvas = self._canvas
        place = self._place = place or canvas.editor.insertion_place()
        if self.picker is None:
            self.picker = LayerPicker(canvas)
            self.picker.chosen.connect(self._insert)
        gaps = (gap for column in canvas.boxes.columns for gap in column.gaps if gap.place == place)
        gap, at = next(gaps, None), QPoint(theme().px(40), theme().px(40))
        if gap is not None:
            at = QPoint(gap.wire + theme().px(12), gap.y - canvas.offset())
        self.picker.open_at(canvas.viewport().mapToGlobal(at))

    def _insert(self, tag: str) -> None:
        self._canvas.editor.insert(tag, self._place)
        self._canvas.setFocus(Qt.FocusReason.PopupFocusReason)
