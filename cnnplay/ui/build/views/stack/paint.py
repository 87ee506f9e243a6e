"""Paints a laid-out stack: cards, frames, wires, labels, as far as they are in the given area."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPainterPath, QPen, QRegion

from cnnplay.network.kinds import kind_of
from cnnplay.network.nodes import Skip
from cnnplay.shapes.report import Report
from cnnplay.ui.build.views.stack.boxes import Card, EmptySlot, Frame, Label, Layout
from cnnplay.ui.build.views.stack.card_text import card_text, compact_card_text
from cnnplay.ui.build.views.stack.style import StackStyle

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
CENTER = Qt.AlignmentFlag.AlignCenter


@dataclass(frozen=True, slots=True)
class StripRect:
    """Where a card shows its strip, and the card's background color."""

    rect: QRect
    fill: QColor


class StackPainter:
    """Paints the parts of one stack with one painter."""

    def __init__(self, painter: QPainter, style: StackStyle, report: Report) -> None:
        self._p = painter
        self._style = style
        self._report = report
        self.selected: frozenset[str] = frozenset()
        self.current: object = None
        """The item with the keyboard focus, while the view has it."""
        self.hovered: object = None
        self.problem_ids: frozenset[str] = frozenset()
        self.dragged: frozenset[str] = frozenset()
        """Layers being dragged, painted faint."""
        self.strip: Callable[[str], QImage | None] = lambda _: None
        self.strip_rects: dict[str, StripRect] = {}
        """Where the strips were painted."""

    def draw(self, layout: Layout, area: QRegion) -> None:
        for frame in layout.frames.values():
            if area.intersects(frame.rect):
                self._frame(frame)
        self._wires(layout.wires, area)
        self._forks(layout.forks, area)
        for label in layout.labels:
            if area.intersects(label.rect):
                self._label(label)
        for slot in layout.empty_slots:
            if area.intersects(slot.rect):
                self._empty_slot(slot)
        for card in layout.cards.values():
            if area.intersects(card.rect):
                self._card(card)

    # Cards

    def _card(self, card: Card) -> None:
        node_id = card.node.id
        self._p.setOpacity(0.4 if node_id in self.dragged else 1.0)
        selected = node_id in self.selected
        fill = self._style.selection if selected else self._style.surface
        self._box(card.rect, fill, self._border(node_id), 2 if self._focused(node_id) else 1)
        self._edge(card.rect, self._style.family(kind_of(card.node).family))
        if card.compact:
            self._compact(card)
        else:
            self._full(card)
        self._p.setOpacity(1.0)

    def _full(self, card: Card) -> None:
        style, pad = self._style, self._style.pad
        text = card_text(card.node, self._report.nodes.get(card.node.id))
        inner = card.rect.adjusted(pad + pad // 2 + style.bar // 2, 0, -pad, 0)
        if card.collapsed:
            self._text(inner, "▸", style.muted, style.body, RIGHT)
            inner.setRight(inner.right() - style.body_metrics.horizontalAdvance("▸") - pad // 2)
        number_width = style.body_metrics.horizontalAdvance(text.number)
        self._text(inner, text.number, style.muted, style.body, RIGHT)
        if number_width:
            inner.setRight(inner.right() - number_width - pad)
        used = self._text(inner, text.title, style.text, style.body, LEFT)
        rest = inner.adjusted(used + pad, 0, 0, 0)
        details = self._first_fitting(text.details, rest.width(), style.body_metrics)
        used = self._text(rest, details, style.muted, style.body, LEFT)
        strip = self.strip(card.node.id)
        if strip is not None:
            rect = rest.adjusted(used + (pad if used else 0), pad // 2, 0, pad // 2 - pad)
            selected = card.node.id in self.selected
            self.strip_rects[card.node.id] = StripRect(rect, style.selection if selected else style.surface)
            self._strip(strip, rect)

    def draw_strips(self, strip_rects: Mapping[str, StripRect]) -> None:
        """Repaints only the strips where they were painted before."""
        for node_id, strip_rect in strip_rects.items():
            self._p.fillRect(strip_rect.rect, strip_rect.fill)
            strip = self.strip(node_id)
            if strip is not None:
                self._strip(strip, strip_rect.rect)

    def _compact(self, card: Card) -> None:
        style = self._style
        text = compact_card_text(card.node, self._report.nodes.get(card.node.id))
        inner = card.rect.adjusted(style.bar + 2, 1, -3, -1)
        details = self._first_fitting(text.details, inner.width(), style.small_metrics)
        lines = [text.title or details, text.number or (details if text.title else "")]
        lines = [line for line in lines if line]
        height = min(style.small_metrics.height(), inner.height() // len(lines)) if lines else 0
        y = inner.center().y() - height * len(lines) // 2
        for index, line in enumerate(lines):
            rect = QRect(inner.x(), y + index * height + 1, inner.width(), height)
            self._text(rect, line, style.muted if index else style.text, style.small, CENTER)

    def _strip(self, image: QImage, rect: QRect) -> None:
        """Paints as many whole feature maps as fit."""
        height = rect.height()
        tiles = max(1, image.width() // max(1, image.height()))
        fitting = min(tiles, rect.width() // max(1, height))
        if fitting < 1 or height < 4:
            return
        source = QRect(0, 0, image.width() * fitting // tiles, image.height())
        target = QRect(rect.x(), rect.y(), height * fitting, height)
        self._p.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, image.height() > height)
        self._p.drawImage(target, image, source)

    def _empty_slot(self, slot: EmptySlot) -> None:
        focused = self.current == slot.place
        pen = QPen(
            self._style.accent if focused else self._style.muted, 2 if focused else 1, Qt.PenStyle.DashLine
        )
        self._p.setPen(pen)
        self._p.setBrush(self._style.selection if focused else Qt.BrushStyle.NoBrush)
        self._p.drawRoundedRect(_half(slot.rect), self._style.radius, self._style.radius)
        small = slot.rect.width() < self._style.roomy
        self._text(
            slot.rect.adjusted(4, 0, -4, 0),
            slot.text,
            self._style.muted,
            self._style.small if small else self._style.body,
            CENTER,
        )

    # Frames

    def _frame(self, frame: Frame) -> None:
        style, node_id = self._style, frame.node.id
        selected = node_id in self.selected
        self._p.setOpacity(0.4 if node_id in self.dragged else 1.0)
        pen = QPen(
            self._border(node_id, style.muted), 2 if self._focused(node_id) else 1, Qt.PenStyle.DashLine
        )
        if selected:
            pen.setStyle(Qt.PenStyle.SolidLine)
        self._p.setPen(pen)
        self._p.setBrush(style.selected_frame if selected else Qt.BrushStyle.NoBrush)
        self._p.drawRoundedRect(_half(frame.rect), style.radius, style.radius)
        skip = isinstance(frame.node, Skip)
        title = f"▾ {node_id} · body" if skip else f"▾ {node_id}"
        self._text(frame.header, title, style.muted, style.small, LEFT)
        self._merge(frame)
        self._p.setOpacity(1.0)

    def _merge(self, frame: Frame) -> None:
        """The merge symbol with its name: a plus, or stacked bars. A shortcut's wire ends at the name."""
        style = self._style
        merge = frame.node.merge  # type: ignore[union-attr]
        size = style.px(18)
        sign = QRect(0, 0, size, size)
        sign.moveCenter(frame.sign)
        self._p.setPen(QPen(style.muted, 1))
        self._p.setBrush(style.surface)
        self._p.drawEllipse(_half(sign))
        middle, arm = sign.center(), size // 4
        if merge == "add":
            self._p.drawLine(middle - QPoint(arm, 0), middle + QPoint(arm, 0))
            self._p.drawLine(middle - QPoint(0, arm), middle + QPoint(0, arm))
        else:
            for offset in (-arm + 1, 0, arm - 1):
                self._p.drawLine(middle + QPoint(-arm, offset), middle + QPoint(arm, offset))
        label = QRect(
            sign.right() + style.pad, sign.y(), frame.merge.right() - sign.right() - style.pad, size
        )
        used = self._text(label, merge, style.muted, style.body, LEFT)
        end = QPoint(label.x() + used + style.pad // 2, sign.center().y())
        if frame.joint is not None and end.x() < frame.joint.x():
            self._p.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            self._p.setPen(QPen(style.wire_color, 1))
            self._p.drawLine(QPoint(sign.right() + 1, end.y()), QPoint(label.x() - 2, end.y()))
            self._p.drawLine(end, QPoint(frame.joint.x(), end.y()))
            self._p.setRenderHint(QPainter.RenderHint.Antialiasing, True)

    # Lines and text

    def _wires(self, wires: Iterable[tuple[QPoint, ...]], area: QRegion) -> None:
        self._p.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self._p.setPen(QPen(self._style.wire_color, 1))
        for points in wires:
            if area.intersects(QRect(points[0], points[-1]).normalized().adjusted(-1, -1, 1, 1)):
                self._p.drawPolyline(list(points))
        self._p.setRenderHint(QPainter.RenderHint.Antialiasing, True)

    def _forks(self, forks: Iterable[QPoint], area: QRegion) -> None:
        self._p.setPen(Qt.PenStyle.NoPen)
        self._p.setBrush(self._style.wire_color)
        for fork in forks:
            if area.contains(fork):
                self._p.drawEllipse(QPointF(fork) + QPointF(0.5, 0.5), 2.5, 2.5)

    def _label(self, label: Label) -> None:
        style = self._style
        text = style.small_metrics.elidedText(label.text, Qt.TextElideMode.ElideRight, label.rect.width())
        self._text(label.rect, text, style.muted, style.small, CENTER if label.centered else LEFT)

    def _text(self, rect: QRect, text: str, color: QColor, font: QFont, align: Qt.AlignmentFlag) -> int:
        """Paints one line, elided where necessary; returns its width."""
        if not text or rect.width() <= 0:
            return 0
        metrics = self._style.small_metrics if font is self._style.small else self._style.body_metrics
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
        self._p.setFont(font)
        self._p.setPen(color)
        self._p.drawText(rect, align | Qt.TextFlag.TextSingleLine, shown)
        return metrics.horizontalAdvance(shown)

    def _first_fitting(self, alternatives: tuple[str, ...], width: int, metrics: QFontMetrics) -> str:
        for details in alternatives:
            if metrics.horizontalAdvance(details) <= width:
                return details
        return alternatives[-1] if alternatives else ""

    def _focused(self, node_id: str) -> bool:
        return self.current == node_id

    def _border(self, node_id: str, usual: QColor | None = None) -> QColor:
        if node_id in self.problem_ids:
            return self._style.fault
        if node_id in self.selected or self._focused(node_id):
            return self._style.accent
        return self._style.muted if self.hovered == node_id else usual or self._style.line

    def _box(self, rect: QRect, fill: QColor, border: QColor, width: int) -> None:
        self._p.setPen(QPen(border, width))
        self._p.setBrush(fill)
        self._p.drawRoundedRect(_half(rect), self._style.radius, self._style.radius)

    def _edge(self, rect: QRect, color: QColor) -> None:
        """The family's color along the left edge, inside the rounded corners."""
        path = QPainterPath()
        path.addRoundedRect(_half(rect), self._style.radius, self._style.radius)
        self._p.save()
        self._p.setClipPath(path, Qt.ClipOperation.IntersectClip)
        self._p.fillRect(QRect(rect.x(), rect.y(), self._style.bar, rect.height()), color)
        self._p.restore()


def _half(rect: QRect) -> QRectF:
    """Shifted by half a pixel, so that a line of one pixel is sharp."""
    return QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5)
