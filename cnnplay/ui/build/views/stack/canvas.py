"""The canvas of the stack view: lays out when needed, paints the visible part, shares its scroll position."""

from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QPen, QRegion, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.build.stack import StackModel
from cnnplay.ui.build.views.stack.boxes import Gap, Layout, Spot
from cnnplay.ui.build.views.stack.drag import Drag
from cnnplay.ui.build.views.stack.ends import draw_input, draw_prediction
from cnnplay.ui.build.views.stack.layout import lay_out
from cnnplay.ui.build.views.stack.look import Look
from cnnplay.ui.build.views.stack.paint import Brush, Room
from cnnplay.ui.kit.views.theme import theme


class StackCanvas(QAbstractScrollArea):
    """Shows the network from top to bottom. `StackView` adds mouse, keyboard and actions."""

    def __init__(self, editor: EditorModel, model: StackModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.editor = editor
        self.model = model
        self.hovered: Spot | None = None
        self.sign: Gap | None = None
        """The gap that shows the plus sign."""
        self.dragged: Drag | None = None
        self._layout: Layout | None = None
        self._look: Look | None = None
        self._rooms: dict[str, Room] = {}
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
        model.ends_changed.connect(self._ends_changed)
        theme().changed.connect(self._restyle)

    # Layout and scrolling

    @property
    def boxes(self) -> Layout:
        """The current layout."""
        if self._layout is None:
            rows = len(self.model.prediction or ())
            width = self.viewport().width()
            self._rooms.clear()
            self._layout = lay_out(
                self.editor.network, self.editor.report, self.model.is_collapsed, width, theme().px, rows
            )
            self._set_ranges()
        return self._layout

    @property
    def current_spot(self) -> Spot:
        """The item with the keyboard focus; "" for none."""
        return self.editor.place if self.editor.place is not None else self.editor.current

    def shown_rect(self, spot: Spot) -> QRect | None:
        """An item's rectangle in the viewport; None while it is not shown."""
        box = self.boxes.box(spot)
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

    def reveal(self, spot: Spot) -> None:
        """Scrolls as little as possible to show an item."""
        box = self.boxes.box(spot)
        if box is None:
            return
        bar, margin = self.verticalScrollBar(), theme().px(24)
        height = self._room(self.boxes)
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
        if self._look is None:
            self._look = Look()
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(0, -self.offset())
        # Strips change far apart: use the exact region, so that nothing between them is painted again.
        area = event.region().translated(0, self.offset())
        brush = self._brush(painter, self._look)
        brush.rooms = self._rooms
        strips = self._rooms_in(area)
        if strips is not None:
            brush.draw_strips(strips)
            painter.end()
            return
        brush.draw(layout, area)
        self._draw_ends(painter, self._look, layout, area)
        if self.dragged is not None and self.dragged.gap is not None:
            self._draw_target(painter, self._look, self.dragged.gap, self.dragged.faulty)
        elif self.sign is not None and self.dragged is None:
            self._draw_sign(painter, self._look, self.sign)
        self._draw_pinned(painter, self._look, layout, area)
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

    def hideEvent(self, event: QHideEvent) -> None:
        self.sign, self.hovered = None, None
        super().hideEvent(event)

    # Drawing

    def _brush(self, painter: QPainter, look: Look) -> Brush:
        brush = Brush(painter, look, self.editor.report)
        brush.chosen = frozenset(self.editor.selected)
        brush.current = self.current_spot if self.hasFocus() or self.editor.place is not None else None
        brush.hovered = self.hovered
        brush.faulty = (
            frozenset(problem.node for problem in self.editor.report.problems) | self._faulty_holders()
        )
        brush.lifted = (
            frozenset(self.dragged.node_ids) if self.dragged and not self.dragged.copy else frozenset()
        )
        brush.strip = self.model.strip
        return brush

    def _faulty_holders(self) -> frozenset[str]:
        """Collapsed containers with a problem inside."""
        report, found = self.editor.report, set()
        for node_id, card in self.boxes.cards.items():
            if card.closed and any(
                problem.node in self.editor.inside(node_id) for problem in report.problems
            ):
                found.add(node_id)
        return frozenset(found)

    def _draw_ends(self, painter: QPainter, look: Look, layout: Layout, area: QRegion) -> None:
        fields = {problem.field for problem in self.editor.report.problems_of("")}
        if area.intersects(layout.input):
            chosen = self.editor.current == "input" and self.editor.place is None
            state = (chosen, chosen and self.hasFocus(), "input" in fields)
            draw_input(painter, look, layout.input, self.model.picture, self.model.caption, state)
        if area.intersects(layout.prediction) and self.pinned().isEmpty():
            self._draw_prediction(painter, look, layout.prediction)

    def _draw_prediction(self, painter: QPainter, look: Look, rect: QRect) -> None:
        faulty = any(problem.field != "input" for problem in self.editor.report.problems_of(""))
        draw_prediction(painter, look, rect, self.model, faulty)

    def _draw_pinned(self, painter: QPainter, look: Look, layout: Layout, area: QRegion) -> None:
        """The prediction over the lower edge, so that it is always visible."""
        rect = self.pinned().translated(0, self.offset())
        if not area.intersects(rect):
            return
        painter.fillRect(rect, look.surface)
        painter.setPen(QPen(look.line, 1))
        painter.drawLine(rect.topLeft(), rect.topRight())
        inner = QRect(
            layout.prediction.x(), rect.y() + look.pad // 2, layout.prediction.width(), rect.height()
        )
        self._draw_prediction(painter, look, inner)

    def _draw_target(self, painter: QPainter, look: Look, gap: Gap, faulty: bool) -> None:
        """Marks where the dragged layers would go."""
        color = look.fault if faulty else look.accent
        painter.setPen(QPen(color, look.px(2)))
        rect, y = gap.rect, gap.y
        if rect.height() > look.px(30):
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(rect).adjusted(1, 1, -1, -1), look.radius, look.radius)
            return
        painter.fillRect(rect.adjusted(0, 1, 0, -1), look.surface)
        painter.drawLine(rect.left() + look.px(4), y, rect.right() - look.px(2), y)
        painter.setBrush(look.surface)
        painter.drawEllipse(QPoint(rect.left() + look.px(3), y), look.px(3), look.px(3))

    def _draw_sign(self, painter: QPainter, look: Look, gap: Gap) -> None:
        """A small plus sign on the wire."""
        centre, radius, arm = QPoint(gap.wire, gap.y), look.px(8), look.px(4)
        painter.setPen(QPen(look.accent, 1))
        painter.setBrush(look.surface)
        painter.drawEllipse(centre, radius, radius)
        painter.setPen(QPen(look.accent, 2))
        painter.drawLine(centre - QPoint(arm, 0), centre + QPoint(arm, 0))
        painter.drawLine(centre - QPoint(0, arm), centre + QPoint(0, arm))

    # Changes

    def _refresh(self) -> None:
        seen = self._sees_current()
        self._layout = None
        self.sign, self.hovered = None, None
        if self.isVisible():
            _ = self.boxes
            if seen:  # the prediction may be taller than before
                self.reveal(self.current_spot)
            self.viewport().update()

    def _sees_current(self) -> bool:
        """Whether the current item was fully visible in the last layout."""
        layout = self._layout
        box = layout.box(self.current_spot) if layout is not None and self.current_spot else None
        if layout is None or box is None:
            return False
        top = self.offset()
        return top <= box.top() and box.bottom() <= top + self._room(layout)

    def _room(self, layout: Layout) -> int:
        """The visible height above the prediction."""
        return self.viewport().height() - layout.prediction.height()

    def _selection_changed(self) -> None:
        if not self.isVisible():
            return
        if self.current_spot:
            self.reveal(self.current_spot)
        self.viewport().update()

    def _rooms_in(self, area: QRegion) -> dict[str, Room] | None:
        """The strips in an area that contains nothing else; None otherwise."""
        if self.dragged is not None:
            return None
        found = {node_id: room for node_id, room in self._rooms.items() if area.intersects(room.rect)}
        for room in found.values():
            area = area.subtracted(room.rect)
        return found if area.isEmpty() else None

    def _strip_changed(self, node_id: str) -> None:
        card = self._layout.cards.get(node_id) if self._layout is not None else None
        if card is not None and not card.compact and self.isVisible():
            room = self._rooms.get(node_id)
            rect = self._seen(card.rect if room is None else room.rect)
            self.viewport().update(rect.translated(0, -self.offset()))

    def _seen(self, rect: QRect) -> QRect:
        """The part of a canvas rectangle that the pinned prediction does not cover."""
        pinned = self.pinned().translated(0, self.offset())
        return rect if pinned.isEmpty() else rect.intersected(QRect(rect.x(), 0, rect.width(), pinned.top()))

    def _ends_changed(self) -> None:
        if self.isVisible() and self._layout is not None:
            for rect in (self._layout.input, self._layout.prediction):
                self.viewport().update(rect.translated(0, -self.offset()))
            self.viewport().update(self.pinned())

    def _restyle(self) -> None:
        self._look = None
        self._refresh()

    def _set_ranges(self) -> None:
        assert self._layout is not None
        bar, height = self.verticalScrollBar(), self.viewport().height()
        bar.setRange(0, max(0, self._layout.height - height))
        bar.setPageStep(max(1, height))
        bar.setSingleStep(theme().px(24))
        # The scroll bar keeps its space, so that nothing moves when it is needed; only its handle is hidden.
        idle = "true" if bar.maximum() == 0 else ""
        if bar.property("idle") != idle:
            bar.setProperty("idle", idle)
            bar.style().unpolish(bar)
            bar.style().polish(bar)

    def _scrolled(self, value: int) -> None:
        if self.isVisible():
            self.model.scroll = value
        self.viewport().update()
