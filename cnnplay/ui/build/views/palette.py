"""The palette: the searchable list of layers, and the presets below it."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import (
    QApplication,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from cnnplay.network.presets import Preset, presets
from cnnplay.shapes.infer import infer
from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.build.views.stack.picker import LayerList, LayerSearch
from cnnplay.ui.kit.counts import short_count
from cnnplay.ui.kit.views.layouts import hbox
from cnnplay.ui.kit.views.panel import Panel
from cnnplay.ui.kit.views.theme import role, theme
from cnnplay.ui.kit.views.tooltip import tip

KEY = Qt.ItemDataRole.UserRole
COUNT = Qt.ItemDataRole.UserRole + 1


class DraggableLayerList(LayerList):
    """A layer list to drag from. It tracks the mouse itself, so that any view can take the drop."""

    drag_moved = Signal(str, QPoint)
    drag_dropped = Signal(str, QPoint)
    drag_cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pressed: QPoint | None = None
        self._dragged_tag = ""
        self.setAccessibleDescription("Press Enter to insert the layer after the current one in the stack.")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and self.tag_at(event.position().toPoint()):
            self._pressed = event.position().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = event.position().toPoint()
        if self._pressed is None or not event.buttons() & Qt.MouseButton.LeftButton:
            super().mouseMoveEvent(event)
            return
        if (
            not self._dragged_tag
            and (point - self._pressed).manhattanLength() >= QApplication.startDragDistance()
        ):
            self._dragged_tag = self.tag_at(self._pressed)
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        if self._dragged_tag:
            self.drag_moved.emit(self._dragged_tag, event.globalPosition().toPoint())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        dragged_tag = self._end_drag()
        super().mouseReleaseEvent(event)
        if dragged_tag:
            self.drag_dropped.emit(dragged_tag, event.globalPosition().toPoint())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._dragged_tag:
            self._end_drag()
            self.drag_cancelled.emit()
        else:
            super().keyPressEvent(event)

    def _end_drag(self) -> str:
        dragged_tag, self._dragged_tag, self._pressed = self._dragged_tag, "", None
        self.unsetCursor()
        return dragged_tag


class CountDelegate(QStyledItemDelegate):
    """A row with a number at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(theme().px(120), theme().px(24))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        now, rect = theme(), QRect(option.rect)
        focused = option.state & QStyle.StateFlag.State_HasFocus
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if focused or option.state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(now.color("selection" if focused else "surface_sunken"))
            painter.drawRoundedRect(rect, now.px(4), now.px(4))
        painter.setFont(now.font())
        metrics = painter.fontMetrics()
        count = str(index.data(COUNT))
        inner = rect.adjusted(now.px(4), 0, -now.px(4), 0)
        painter.setPen(now.color("text_muted"))
        painter.drawText(inner, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, count)
        available = inner.width() - metrics.horizontalAdvance(count) - now.px(8)
        painter.setPen(now.color("text"))
        name = metrics.elidedText(str(index.data()), Qt.TextElideMode.ElideRight, available)
        painter.drawText(inner, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
        painter.restore()


class PresetList(QListWidget):
    """The presets with their parameter counts. `chosen(key)`: a click or Enter."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setItemDelegate(CountDelegate(self))
        self.setAccessibleName("Presets")
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for preset in presets():
            item = QListWidgetItem(preset.key)
            item.setData(KEY, preset.key)
            item.setData(COUNT, short_count(infer(preset.network).parameters))
            item.setToolTip(tip(preset_text(preset)))
            self.addItem(item)
        self.itemClicked.connect(self._clicked)

    def sizeHint(self) -> QSize:
        return QSize(theme().px(160), self.count() * theme().px(24) + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(100), theme().px(72))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentRow() >= 0:
            self._clicked(self.currentItem())
        else:
            super().keyPressEvent(event)

    def _clicked(self, item: QListWidgetItem) -> None:
        self.chosen.emit(str(item.data(KEY)))


class PalettePanel(Panel):
    """Layers to insert and presets to open. `gallery_requested`: the user wants the presets as cards."""

    gallery_requested = Signal()
    preset_chosen = Signal(str)

    def __init__(self, editor: EditorModel, parent: QWidget | None = None) -> None:
        super().__init__("Layers", parent=parent)
        self._editor = editor
        self.layers = DraggableLayerList()
        self.search = LayerSearch(self.layers)
        self.presets = PresetList()
        self.gallery = role(QPushButton("Gallery…"), "link")
        self.gallery.setToolTip(
            tip("Browse the presets as cards, with their papers, remarks and differences from the original.")
        )
        title = role(QLabel("Presets"), "strong")
        head = hbox((title, 1), self.gallery)
        self.body.addWidget(self.search)
        self.body.addWidget(self.layers, 1)
        self.body.addLayout(head)
        self.body.addWidget(self.presets)
        self.layers.chosen.connect(self._insert)
        self.presets.chosen.connect(self.preset_chosen)
        self.gallery.clicked.connect(self.gallery_requested)

    def _insert(self, tag: str) -> None:
        self._editor.insert(tag)


def preset_text(preset: Preset) -> str:
    """A preset's year, paper, remark and departures, as a tooltip."""
    lines = [f"<b>{preset.title}</b>" + (f", {preset.year}" if preset.year else "")]
    lines += [part for part in (preset.paper, preset.remark) if part]
    if preset.departures:
        lines.append("<b>Differs from the paper</b>")
        lines += [f"– {departure}" for departure in preset.departures]
    return "<br>".join(lines)
