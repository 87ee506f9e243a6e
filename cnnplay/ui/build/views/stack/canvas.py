"""The canvas of the stack view: lays out when needed, paints the visible part, shares its scroll position."""

from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QPen, QRegion, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.build.stack import StackModel
from cnnplay.ui.build.views.stack.boxes import InsertionGap, Item, Layout
from cnnplay.ui.build.views.stack.drag import Drag
from cnnplay.ui.build.views.stack.images import StackImages
from cnnplay.ui.build.views.stack.io_cards import draw_input, draw_prediction
from cnnplay.ui.build.views.stack.layout import lay_out
from cnnplay.ui.build.views.stack.paint import StackPainter, StripRect
from cnnplay.ui.build.views.stack.style import StackStyle
from cnnplay.ui.kit.views.theme import set_property, theme


class StackCanvas(QAbstractScrollArea):
    """Shows the network from top to bottom. `StackView` adds mouse, keyboard and actions."""

    def __init__(self, editor: EditorModel, model: StackModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.editor = editor
        self.model = model
        self.hovered: Item | None = None
        self.plus_gap: InsertionGap | None = None
        """The gap that shows the plus sign."""
        self.dragged: Drag | None = None
        self._layout: Layout | None = None
        self._style: StackStyle | None = None
        self._images = StackImages(model)
        self._strip_rects: dict[str, StripRect] = {}
        """Where the cards drew their strips."""
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        editor.changed.connect(self._refresh)
        editor.selection_changed.connect(self._selection_changed)
        model.layout_changed.connect(self._refresh)
        model.strip_changed.connect(self._strip_changed)
        model.io_changed.connect(self._io_changed)
        theme().changed.connect(self._restyle)

    # Layout and scrolling

    @property
    def boxes(self) -> Layout:
        """The current layout."""
        if self._layout is None:
            rows = len(self.model.prediction or ())
            width = self.viewport().width()
            self._strip_rects.clear()
            self._layout = lay_out(
                self.editor.network, self.editor.report, self.model.is_collapsed, width, theme().px, rows
            )
            self._set_ranges()
        return self._layout

    @property
    def current_item(self) -> Item:
        """The item with the keyboard focus; "" for none."""
        return self.editor.place if self.editor.place is not None else self.editor.current

    def item_rect(self, item: Item) -> QRect | None:
        """An item's rectangle in the viewport; None while it is not shown."""
        box = self.boxes.box(item)
        return None if box is None else box.translated(0, -self.offset())

    def pinned(self) -> QRect:
        """Where the prediction is pinned in the viewport while the stack's end is out of view; else empty."""
        end, height = self.boxes.prediction, self.viewport().height()
        if end.bottom() - self.offset() < height:
            return QRect()
        return QRect(0, height - end.height(), self.viewport().width(), end.height())

    def offset(self) -> int:
        return self.verticalScrollBar().value()

    def on_canvas(self, point: QPoint) -> QPoint:
        """A viewport point in canvas coordinates."""
        return point + QPoint(0, self.offset())

    def reveal(self, item: Item) -> None:
        """Scrolls as little as possible to show an item."""
        box = self.boxes.box(item)
        if box is None:
            return
        bar, margin = self.verticalScrollBar(), theme().px(24)
        height = self._visible_height(self.boxes)
        top, bottom = box.top() - margin, box.bottom() + margin
        if box.height() + 2 * margin > height:
            bottom = top + height
        if top < bar.value():
            bar.setValue(top)
        elif bottom > bar.value() + height:
            bar.setValue(bottom - height)

    # Events

    def paintEvent(self, event: QPaintEvent) -> None:
        layout = self.boxes
        if self._style is None:
            self._style = StackStyle()
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(0, -self.offset())
        # Strips change far apart: use the exact region, so that nothing between them is painted again.
        area = event.region().translated(0, self.offset())
        stack_painter = self._stack_painter(painter, self._style)
        stack_painter.strip_rects = self._strip_rects
        strips = self._strip_rects_in(area)
        if strips is not None:
            stack_painter.draw_strips(strips)
            painter.end()
            return
        stack_painter.draw(layout, area)
        self._draw_io_cards(painter, self._style, layout, area)
        if self.dragged is not None and self.dragged.gap is not None:
            self._draw_target(painter, self._style, self.dragged.gap, self.dragged.has_problem)
        elif self.plus_gap is not None and self.dragged is None:
            self._draw_plus(painter, self._style, self.plus_gap)
        self._draw_pinned(painter, self._style, layout, area)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._layout = None
        if self.isVisible():
            _ = self.boxes

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._layout = None
        _ = self.boxes
        self.verticalScrollBar().setValue(self.model.scroll)
        self.model.set_shown(self, True)

    def hideEvent(self, event: QHideEvent) -> None:
        self.plus_gap, self.hovered = None, None
        self.model.set_shown(self, False)
        super().hideEvent(event)

    # Drawing

    def _stack_painter(self, painter: QPainter, style: StackStyle) -> StackPainter:
        stack_painter = StackPainter(painter, style, self.editor.report)
        stack_painter.selected = frozenset(self.editor.selected)
        stack_painter.current = (
            self.current_item if self.hasFocus() or self.editor.place is not None else None
        )
        stack_painter.hovered = self.hovered
        stack_painter.problem_ids = (
            frozenset(problem.node for problem in self.editor.report.problems)
            | self._containers_with_problems()
        )
        stack_painter.dragged = (
            frozenset(self.dragged.node_ids) if self.dragged and not self.dragged.copy else frozenset()
        )
        stack_painter.strip = self._images.strip
        return stack_painter

    def _containers_with_problems(self) -> frozenset[str]:
        """Collapsed containers with a problem inside."""
        report, found = self.editor.report, set()
        for node_id, card in self.boxes.cards.items():
            if card.collapsed and any(
                problem.node in self.editor.descendants(node_id) for problem in report.problems
            ):
                found.add(node_id)
        return frozenset(found)

    def _draw_io_cards(self, painter: QPainter, style: StackStyle, layout: Layout, area: QRegion) -> None:
        fields = {problem.field for problem in self.editor.report.problems_of("")}
        if area.intersects(layout.input):
            selected = self.editor.current == "input" and self.editor.place is None
            state = (selected, selected and self.hasFocus(), "input" in fields)
            draw_input(painter, style, layout.input, self._images.input(), self.model.caption, state)
        if area.intersects(layout.prediction) and self.pinned().isEmpty():
            self._draw_prediction(painter, style, layout.prediction)

    def _draw_prediction(self, painter: QPainter, style: StackStyle, rect: QRect) -> None:
        has_problem = any(problem.field != "input" for problem in self.editor.report.problems_of(""))
        draw_prediction(painter, style, rect, self.model, has_problem)

    def _draw_pinned(self, painter: QPainter, style: StackStyle, layout: Layout, area: QRegion) -> None:
        """The prediction over the lower edge, so that it is always visible."""
        rect = self.pinned().translated(0, self.offset())
        if not area.intersects(rect):
            return
        painter.fillRect(rect, style.surface)
        painter.setPen(QPen(style.line, 1))
        painter.drawLine(rect.topLeft(), rect.topRight())
        inner = QRect(
            layout.prediction.x(), rect.y() + style.pad // 2, layout.prediction.width(), rect.height()
        )
        self._draw_prediction(painter, style, inner)

    def _draw_target(
        self, painter: QPainter, style: StackStyle, gap: InsertionGap, has_problem: bool
    ) -> None:
        """Marks where the dragged layers would go."""
        color = style.fault if has_problem else style.accent
        painter.setPen(QPen(color, style.px(2)))
        rect, y = gap.rect, gap.y
        if rect.height() > style.px(30):
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(rect).adjusted(1, 1, -1, -1), style.radius, style.radius)
            return
        painter.fillRect(rect.adjusted(0, 1, 0, -1), style.surface)
        painter.drawLine(rect.left() + style.px(4), y, rect.right() - style.px(2), y)
        painter.setBrush(style.surface)
        painter.drawEllipse(QPoint(rect.left() + style.px(3), y), style.px(3), style.px(3))

    def _draw_plus(self, painter: QPainter, style: StackStyle, gap: InsertionGap) -> None:
        """A small plus sign on the wire."""
        center, radius, arm = QPoint(gap.wire, gap.y), style.px(8), style.px(4)
        painter.setPen(QPen(style.accent, 1))
        painter.setBrush(style.surface)
        painter.drawEllipse(center, radius, radius)
        painter.setPen(QPen(style.accent, 2))
        painter.drawLine(center - QPoint(arm, 0), center + QPoint(arm, 0))
        painter.drawLine(center - QPoint(0, arm), center + QPoint(0, arm))

    # Changes

    def _refresh(self) -> None:
        visible = self._shows_current()
        self._layout = None
        self._images.forget_removed()
        self.plus_gap, self.hovered = None, None
        if self.isVisible():
            _ = self.boxes
            if visible:  # the prediction may be taller than before
                self.reveal(self.current_item)
            self.viewport().update()

    def _shows_current(self) -> bool:
        """Whether the current item was fully visible in the last layout."""
        layout = self._layout
        box = layout.box(self.current_item) if layout is not None and self.current_item else None
        if layout is None or box is None:
            return False
        top = self.offset()
        return top <= box.top() and box.bottom() <= top + self._visible_height(layout)

    def _visible_height(self, layout: Layout) -> int:
        """The visible height above the prediction."""
        return self.viewport().height() - layout.prediction.height()

    def _selection_changed(self) -> None:
        if not self.isVisible():
            return
        if self.current_item:
            self.reveal(self.current_item)
        self.viewport().update()

    def _strip_rects_in(self, area: QRegion) -> dict[str, StripRect] | None:
        """The strips in an area that contains nothing else; None otherwise."""
        if self.dragged is not None:
            return None
        found = {
            node_id: strip for node_id, strip in self._strip_rects.items() if area.intersects(strip.rect)
        }
        for strip in found.values():
            area = area.subtracted(strip.rect)
        return found if area.isEmpty() else None

    def _strip_changed(self, node_id: str) -> None:
        card = self._layout.cards.get(node_id) if self._layout is not None else None
        if card is not None and not card.compact and self.isVisible():
            strip = self._strip_rects.get(node_id)
            rect = self._seen(card.rect if strip is None else strip.rect).translated(0, -self.offset())
            if rect.intersects(self.viewport().rect()):
                self._images.strip(node_id)  # now, so that painting takes less time at once
                self.viewport().update(rect)

    def _seen(self, rect: QRect) -> QRect:
        """The part of a canvas rectangle that the pinned prediction does not cover."""
        pinned = self.pinned().translated(0, self.offset())
        return rect if pinned.isEmpty() else rect.intersected(QRect(rect.x(), 0, rect.width(), pinned.top()))

    def _io_changed(self) -> None:
        if self.isVisible() and self._layout is not None:
            for rect in (self._layout.input, self._layout.prediction):
                self.viewport().update(rect.translated(0, -self.offset()))
            self.viewport().update(self.pinned())

    def _restyle(self) -> None:
        self._style = None
        self._images.restyle()
        self._refresh()

    def _set_ranges(self) -> None:
        assert self._layout is not None
        bar, height = self.verticalScrollBar(), self.viewport().height()
        bar.setRange(0, max(0, self._layout.height - height))
        bar.setPageStep(max(1, height))
        bar.setSingleStep(theme().px(24))
        # The scroll bar keeps its space, so that nothing moves when it is needed; only its handle is hidden.
        set_property(bar, "idle", "true" if bar.maximum() == 0 else "")

    def _scrolled(self, value: int) -> None:
        if self.isVisible():
            self.model.scroll = value
        self.viewport().update()
