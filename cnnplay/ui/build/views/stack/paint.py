"""Paints a laid-out stack: cards, frames, wires, labels, as far as they are in the given area."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPainterPath, QPen, QRegion

from cnnplay.network.kinds import kind_of
from cnnplay.network.nodes import Skip
from cnnplay.shapes.report import Report
from cnnplay.ui.build.views.stack.boxes import Card, Frame, Hollow, Label, Layout
from cnnplay.ui.build.views.stack.faces import compact_face, face
from cnnplay.ui.build.views.stack.look import Look

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
CENTRE = Qt.AlignmentFlag.AlignCenter


@dataclass(frozen=True, slots=True)
class Room:
    """Where a card shows its strip, and the card's background color."""

    rect: QRect
    fill: QColor


class Brush:
    """Paints the parts of one stack with one painter."""

    def __init__(self, painter: QPainter, look: Look, report: Report) -> None:
        self._p = painter
        self._look = look
        self._report = report
        self.chosen: frozenset[str] = frozenset()
        self.current: object = None
        """The item with the keyboard focus, while the view has it."""
        self.hovered: object = None
        self.faulty: frozenset[str] = frozenset()
        self.lifted: frozenset[str] = frozenset()
        """Layers being dragged, painted lighter."""
        self.strip: Callable[[str], QImage | None] = lambda _: None
        self.rooms: dict[str, Room] = {}
        """Where the strips were painted."""

    def draw(self, layout: Layout, area: QRegion) -> None:
        for frame in layout.frames.values():
            if area.intersects(frame.rect):
                self._frame(frame)
        self._wires(layout.wires, area)
        for label in layout.labels:
            if area.intersects(label.rect):
                self._label(label)
        for hollow in layout.hollows:
            if area.intersects(hollow.rect):
                self._hollow(hollow)
        for card in layout.cards.values():
            if area.intersects(card.rect):
                self._card(card)

    # Cards

    def _card(self, card: Card) -> None:
        node_id = card.node.id
        self._p.setOpacity(0.4 if node_id in self.lifted else 1.0)
        chosen = node_id in self.chosen
        fill = self._look.selection if chosen else self._look.surface
        self._box(card.rect, fill, self._border(node_id), 2 if self._ringed(node_id) else 1)
        self._edge(card.rect, self._look.family(kind_of(card.node).family))
        if card.compact:
            self._compact(card)
        else:
            self._full(card)
        self._p.setOpacity(1.0)

    def _full(self, card: Card) -> None:
        look, pad = self._look, self._look.pad
        words = face(card.node, self._report.nodes.get(card.node.id))
        inner = card.rect.adjusted(pad + pad // 2 + look.bar // 2, 0, -pad, 0)
        if card.closed:
            self._text(inner, "▸", look.muted, look.body, RIGHT)
            inner.setRight(inner.right() - look.body_metrics.horizontalAdvance("▸") - pad // 2)
        number_width = look.body_metrics.horizontalAdvance(words.number)
        self._text(inner, words.number, look.muted, look.body, RIGHT)
        if number_width:
            inner.setRight(inner.right() - number_width - pad)
        used = self._text(inner, words.title, look.text, look.body, LEFT)
        rest = inner.adjusted(used + pad, 0, 0, 0)
        wording = self._fitting(words.details, rest.width(), look.body_metrics)
        used = self._text(rest, wording, look.muted, look.body, LEFT)
        strip = self.strip(card.node.id)
        if strip is not None:
            room = rest.adjusted(used + (pad if used else 0), pad // 2, 0, pad // 2 - pad)
            chosen = card.node.id in self.chosen
            self.rooms[card.node.id] = Room(room, look.selection if chosen else look.surface)
            self._strip(strip, room)

    def draw_strips(self, rooms: Mapping[str, Room]) -> None:
        """Repaints only the strips where they were painted before."""
        for node_id, room in rooms.items():
            self._p.fillRect(room.rect, room.fill)
            strip = self.strip(node_id)
            if strip is not None:
                self._strip(strip, room.rect)

    def _compact(self, card: Card) -> None:
        look = self._look
        words = compact_face(card.node, self._report.nodes.get(card.node.id))
        inner = card.rect.adjusted(look.bar + 2, 1, -3, -1)
        wording = self._fitting(words.details, inner.width(), look.small_metrics)
        lines = [words.title or wording, words.number or (wording if words.title else "")]
        lines = [line for line in lines if line]
        height = min(look.small_metrics.height(), inner.height() // len(lines)) if lines else 0
        y = inner.center().y() - height * len(lines) // 2
        for index, line in enumerate(lines):
            rect = QRect(inner.x(), y + index * height + 1, inner.width(), height)
            self._text(rect, line, look.muted if index else look.text, look.small, CENTRE)

    def _strip(self, image: QImage, room: QRect) -> None:
        """Paints as many whole feature maps as fit."""
        height = room.height()
        tiles = max(1, image.width() // max(1, image.height()))
        fitting = min(tiles, room.width() // max(1, height))
        if fitting < 1 or height < 4:
            return
        source = QRect(0, 0, image.width() * fitting // tiles, image.height())
        target = QRect(room.x(), room.y(), height * fitting, height)
        self._p.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, image.height() > height)
        self._p.drawImage(target, image, source)

    def _hollow(self, hollow: Hollow) -> None:
        ringed = self.current == hollow.place
        pen = QPen(
            self._look.accent if ringed else self._look.muted, 2 if ringed else 1, Qt.PenStyle.DashLine
        )
        self._p.setPen(pen)
        self._p.setBrush(self._look.selection if ringed else Qt.BrushStyle.NoBrush)
        self._p.drawRoundedRect(_half(hollow.rect), self._look.radius, self._look.radius)
        small = hollow.rect.width() < self._look.roomy
        self._text(
            hollow.rect.adjusted(4, 0, -4, 0),
            hollow.text,
            self._look.muted,
            self._look.small if small else self._look.body,
            CENTRE,
        )

    # Frames

    def _frame(self, frame: Frame) -> None:
        look, node_id = self._look, frame.node.id
        chosen = node_id in self.chosen
        self._p.setOpacity(0.4 if node_id in self.lifted else 1.0)
        pen = QPen(self._border(node_id, look.muted), 2 if self._ringed(node_id) else 1, Qt.PenStyle.DashLine)
        if chosen:
            pen.setStyle(Qt.PenStyle.SolidLine)
        self._p.setPen(pen)
        self._p.setBrush(look.chosen_frame if chosen else Qt.BrushStyle.NoBrush)
        self._p.drawRoundedRect(_half(frame.rect), look.radius, look.radius)
        skip = isinstance(frame.node, Skip)
        words = f"▾ {node_id} · body" if skip else f"▾ {node_id}"
        self._text(frame.header, words, look.muted, look.small, LEFT)
        self._merge(frame)
        self._p.setOpacity(1.0)

    def _merge(self, frame: Frame) -> None:
        """The merge symbol with its name: a plus, or stacked bars."""
        look = self._look
        merge = frame.node.merge  # type: ignore[union-attr]
        size = look.px(18)
        sign = QRect(frame.merge.x() + look.wire - size // 2, frame.merge.y() - look.px(2), size, size)
        self._p.setPen(QPen(look.muted, 1))
        self._p.setBrush(look.surface)
        self._p.drawEllipse(_half(sign))
        middle, arm = sign.center(), size // 4
        if merge == "add":
            self._p.drawLine(middle - QPoint(arm, 0), middle + QPoint(arm, 0))
            self._p.drawLine(middle - QPoint(0, arm), middle + QPoint(0, arm))
        else:
            for offset in (-arm + 1, 0, arm - 1):
                self._p.drawLine(middle + QPoint(-arm, offset), middle + QPoint(arm, offset))
        words = QRect(sign.right() + look.pad, sign.y(), frame.merge.right() - sign.right() - look.pad, size)
        self._text(words, merge, look.muted, look.body, LEFT)

    # Lines and text

    def _wires(self, wires: Iterable[tuple[QPoint, ...]], area: QRegion) -> None:
        self._p.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self._p.setPen(QPen(self._look.wire_color, 1))
        for points in wires:
            if area.intersects(QRect(points[0], points[-1]).normalized().adjusted(-1, -1, 1, 1)):
                self._p.drawPolyline(list(points))
        self._p.setRenderHint(QPainter.RenderHint.Antialiasing, True)

    def _label(self, label: Label) -> None:
        look = self._look
        text = look.small_metrics.elidedText(label.text, Qt.TextElideMode.ElideRight, label.rect.width())
        self._text(label.rect, text, look.muted, look.small, CENTRE if label.centred else LEFT)

    def _text(self, rect: QRect, text: str, color: QColor, font: QFont, align: Qt.AlignmentFlag) -> int:
        """Paints one line, elided where necessary; returns its width."""
        if not text or rect.width() <= 0:
            return 0
        metrics = self._look.small_metrics if font is self._look.small else self._look.body_metrics
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
        self._p.setFont(font)
        self._p.setPen(color)
        self._p.drawText(rect, align | Qt.TextFlag.TextSingleLine, shown)
        return metrics.horizontalAdvance(shown)

    def _fitting(self, wordings: tuple[str, ...], width: int, metrics: QFontMetrics) -> str:
        for wording in wordings:
            if metrics.horizontalAdvance(wording) <= width:
                return wording
        return wordings[-1] if wordings else ""

    def _ringed(self, node_id: str) -> bool:
        return self.current == node_id

    def _border(self, node_id: str, usual: QColor | None = None) -> QColor:
        if node_id in self.faulty:
            return self._look.fault
        if node_id in self.chosen or self._ringed(node_id):
            return self._look.accent
        return self._look.muted if self.hovered == node_id else usual or self._look.line

    def _box(self, rect: QRect, fill: QColor, border: QColor, width: int) -> None:
        self._p.setPen(QPen(border, width))
        self._p.setBrush(fill)
        self._p.drawRoundedRect(_half(rect), self._look.radius, self._look.radius)

    def _edge(self, rect: QRect, color: QColor) -> None:
        """The family's color along the left edge, inside the rounded corners."""
        path = QPainterPath()
        path.addRoundedRect(_half(rect), self._look.radius, self._look.radius)
        self._p.save()
        self._p.setClipPath(path, Qt.ClipOperation.IntersectClip)
        self._p.fillRect(QRect(rect.x(), rect.y(), self._look.bar, rect.height()), color)
        self._p.restore()


def _half(rect: QRect) -> QRectF:
    """Shifted by half a pixel, so that a line of one pixel is sharp."""
    return QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5)
