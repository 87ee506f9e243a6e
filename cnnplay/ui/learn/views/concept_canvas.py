"""The drawing of the step-by-step page: the window on its input, the kernel, and the output filling up."""

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QFont,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from cnnplay.lessons.pooling import PoolStep
from cnnplay.lessons.text import number
from cnnplay.ui.kit.views.keytable import KeyRow, KeyTable
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.kit.views.tooltip import tip
from cnnplay.ui.learn.concept import ConceptModel
from cnnplay.ui.learn.concept_scene import Scene
from cnnplay.ui.learn.concept_text import StepText, step_text
from cnnplay.ui.learn.views.concept_grid import (
    Tinted,
    paint_mark,
    paint_maximum,
    paint_padding,
    paint_values,
    shade_of,
)
from cnnplay.ui.learn.views.concept_layout import Box, Places, Sizes, lay_out
from cnnplay.ui.learn.views.concept_text import paint_text, rows_font, shortened, text_font, text_height

KEYS = KeyTable(
    "Step by step",
    KeyRow(
        "Step back, step forward",
        {
            Qt.Key.Key_Left: lambda page: page.model.back(),
            Qt.Key.Key_Right: lambda page: page.model.forward(),
        },
    ),
    KeyRow(
        "Row up, row down",
        {
            Qt.Key.Key_Up: lambda page: page.model.move_rows(-1),
            Qt.Key.Key_Down: lambda page: page.model.move_rows(1),
        },
    ),
    KeyRow(
        "First step, last step",
        {Qt.Key.Key_Home: lambda page: page.model.go(0), Qt.Key.Key_End: lambda page: page.model.last()},
    ),
    KeyRow(
        "Previous channel, next channel",
        {
            Qt.Key.Key_PageUp: lambda page: page.model.set_channel(page.model.channel - 1),
            Qt.Key.Key_PageDown: lambda page: page.model.set_channel(page.model.channel + 1),
        },
    ),
    KeyRow("Play or pause", {Qt.Key.Key_Space: lambda page: page.model.toggle()}),
)

INSET = 8
"""Between the focus frame and the content."""
STEPS_MEASURED = 64
"""The font size fits this many steps, spread over all, so that it stays the same at each step."""
ROOM_FOR_GRIDS = 130
"""Below this height the arithmetic is shortened to two lines."""


class ConceptCanvas(QWidget):
    """Paints a `ConceptModel`. A click or drag on the input or the output moves the window there."""

    def __init__(self, model: ConceptModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self._tinted: dict[str, Tinted] = {}
        self._rows_fonts: dict[tuple[int, int], QFont | None] = {}
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("The window's steps")
        model.changed.connect(self._renewed)
        model.moved.connect(self._moved)
        theme().changed.connect(self._renewed)

    def sizeHint(self) -> QSize:
        return QSize(theme().px(680), theme().px(380))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(360), theme().px(200))

    def places(self) -> Places | None:
        """The current positions of the grids; None where there is nothing to show."""
        scene = self.model.scene
        if scene is None:
            return None
        scale = theme().text_scale
        sliding = scene.sliding
        sizes = Sizes(sliding.padded, sliding.kernel, sliding.output, scene.kernel is not None)
        height = text_height(self._step_text(), text_font(self.height()))
        area = self._inside()
        return lay_out(area, sizes, self._title_height(), height + theme().px(12), theme().px(28), scale)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        scene, places = self.model.scene, self.places()
        if scene is None or places is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        self._paint_input(painter, scene, places)
        self._paint_kernel(painter, scene, places)
        self._paint_output(painter, places)
        painter.setFont(theme().font(title=True))
        painter.setPen(theme().color("text_muted"))
        for rect, sign in places.signs:
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, sign)
        below = places.text.adjusted(0, theme().px(12), 0, 0)
        paint_text(painter, below, self._step_text(), text_font(self.height()), self._rows_font())
        if self.hasFocus():
            painter.setPen(theme().color("accent"))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_input(self, painter: QPainter, scene: Scene, places: Places) -> None:
        box, pads = places.input, scene.sliding.pads
        tinted = self._tint("input")
        shape = " × ".join(str(n) for n in scene.maps.shape[1:])
        name = "input"
        if scene.channels > 1:
            name += f", channel {scene.first_channel + self.model.channel + 1}"
        self._title(painter, box, name, f"{shape}, {_range(tinted)}")
        if any(pads):
            paint_padding(painter, box, pads, "−∞" if scene.operation == "max" else "0")
        corner = box.cells(pads[0], pads[2]).topLeft()
        inner = Box(corner.x(), corner.y(), box.cell, *scene.sliding.size)
        paint_values(painter, inner, tinted)
        self._paint_window(painter, scene, places)

    def _paint_window(self, painter: QPainter, scene: Scene, places: Places) -> None:
        """The framed window with the weights in its cells; shown separately where the cells are small."""
        step, box, pads = self.model.step, places.input, scene.sliding.pads
        span = scene.sliding.span
        top, left = step.rows[0] + pads[0], step.columns[0] + pads[2]
        if scene.kernel is not None and places.window is None:
            self._paint_weights(painter, scene, box)
        paint_mark(painter, box.cells(top, left, *span))
        if box.cell >= 6 and scene.sliding.dilation != (1, 1):
            for row in step.rows:
                for column in step.columns:
                    paint_mark(painter, box.cells(row + pads[0], column + pads[2]), 1)
        if places.window is not None:
            patch = step.patch if step.patch.ndim == 2 else step.patch[self.model.channel]
            tint = self._tint("input")
            self._title(painter, places.window, "window", f"at {step.row + 1}, {step.column + 1}")
            paint_values(painter, places.window, Tinted(patch, tint.shade, tint.limits))
            paint_mark(painter, places.window.rect, 2)
        if isinstance(step, PoolStep) and step.chosen is not None:
            where = places.window or Box(*box.cells(top, left).topLeft().toTuple(), box.cell, *span)
            paint_maximum(painter, where.cells(*step.chosen))

    def _paint_weights(self, painter: QPainter, scene: Scene, box: Box) -> None:
        if box.cell < theme().px(34) or scene.kernel is None:
            return
        step, pads = self.model.step, scene.sliding.pads
        font = theme().font(small=True)
        font.setPixelSize(theme().px(10))
        painter.setFont(font)
        for i, row in enumerate(step.rows):
            for j, column in enumerate(step.columns):
                weight = "×" + number(scene.kernel[self.model.channel, i, j].item())
                cell = box.cells(row + pads[0], column + pads[2]).adjusted(0, 0, -3, -1)
                on_map = bool(step.inside[i, j])
                ink = self._tint("input").ink(row, column) if on_map else theme().color("text_muted")
                painter.setPen(ink)
                painter.drawText(cell, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom, weight)

    def _paint_kernel(self, painter: QPainter, scene: Scene, places: Places) -> None:
        if places.kernel is None:
            return
        tinted = self._tint("kernel")
        name = "filter" if scene.filters == 1 else f"filter {scene.filter + 1}"
        if scene.channels > 1:
            name += f", channel {self.model.channel + 1}"
        self._title(painter, places.kernel, name, _range(tinted))
        paint_values(painter, places.kernel, tinted)

    def _paint_output(self, painter: QPainter, places: Places) -> None:
        tinted, step = self._tint("output"), self.model.step
        shape = " × ".join(str(n) for n in tinted.values.shape)
        self._title(painter, places.output, "output", f"{shape}, {_range(tinted)}")
        paint_values(painter, places.output, tinted, self.model.index + 1)
        paint_mark(painter, places.output.cells(step.row, step.column))

    def _title(self, painter: QPainter, box: Box, name: str, muted: str) -> None:
        """A grid's name and, below, its range, elided at the next grid."""
        places = self.places()
        assert places is not None
        grids = (places.input, places.window, places.kernel, places.output)
        lefts = [grid.left for grid in grids if grid is not None and grid.left > box.left]
        until = min(lefts, default=self._inside().right() + theme().px(INSET)) - theme().px(INSET)
        line = self._title_height() / 2 - 2
        width = until - box.left
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        y = box.top - 2 * line - 4
        for text, font, color in (
            (name, theme().font(strong=True), "text"),
            (muted, theme().font(small=True), "text_muted"),
        ):
            painter.setFont(font)
            painter.setPen(theme().color(color))
            shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, width)
            painter.drawText(QRectF(box.left, y, width, line), flags, shown)
            y += line

    def _title_height(self) -> float:
        return 2 * QFontMetricsF(theme().font(strong=True)).height() + 4

    def _inside(self) -> QRectF:
        inset = theme().px(INSET)
        return QRectF(self.rect()).adjusted(inset, inset / 2, -inset, -inset / 2)

    def _step_text(self) -> StepText:
        """The text of the step: written out where that leaves enough room for the grids."""
        step = self.model.step_text
        left = self.height() - text_height(step, text_font(self.height())) - self._title_height()
        roomy = left >= theme().px(ROOM_FOR_GRIDS) and self._rows_font() is not None
        return step if roomy or not step.rows else shortened(step)

    def _rows_font(self) -> QFont | None:
        """The font for the rows of products, the same at every step; None where they do not fit."""
        key = (self.width(), self.height())
        if key not in self._rows_fonts:
            scene, channel = self.model.scene, self.model.channel
            assert scene is not None
            every = max(1, scene.sliding.steps // STEPS_MEASURED)
            steps = (
                step_text(scene, scene.step(channel, index), channel)
                for index in range(0, scene.sliding.steps, every)
            )
            fitting = rows_font(steps, self._inside().width(), text_font(self.height()))
            self._rows_fonts = {key: fitting}
        return self._rows_fonts[key]

    # Cached values

    def _tint(self, which: str) -> Tinted:
        if which not in self._tinted:
            scene, channel = self.model.scene, self.model.channel
            assert scene is not None
            if which == "input":
                values = scene.maps[channel]
            elif which == "kernel":
                assert scene.kernel is not None
                values = scene.kernel[channel]
            else:
                values = self.model.output
            shade, limits = shade_of(values, scene.is_image and which == "input", which == "kernel")
            self._tinted[which] = Tinted(values, shade, limits)
        return self._tinted[which]

    def _renewed(self) -> None:
        self._tinted.clear()
        self._rows_fonts.clear()
        self._moved()

    def _moved(self) -> None:
        if self.model.scene is not None and self.isVisible():
            text = self.model.step_text
            self.setAccessibleDescription(f"{text.line}. {text.summary}")
        self.update()

    # Input

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not KEYS.press(self, event):
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._point(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._point(event.position())

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), tip(self.tooltip_at(QPointF(event.pos()))), self)
            return True
        return super().event(event)

    def _point(self, point: QPointF) -> None:
        places, scene = self.places(), self.model.scene
        if places is None or scene is None:
            return
        cell = places.output.at(point)
        if cell is None and (seen := places.input.at(point)) is not None:
            span, stride = scene.sliding.span, scene.sliding.stride
            cell = (round((seen[0] - span[0] // 2) / stride[0]), round((seen[1] - span[1] // 2) / stride[1]))
        if cell is not None:
            self.model.pause()
            self.model.go_to(*cell)

    def tooltip_at(self, point: QPointF) -> str:
        """The tooltip at a point: the value there, else how to use the page."""
        places, scene = self.places(), self.model.scene
        if places is None or scene is None:
            return ""
        cell = places.output.at(point)
        if cell is not None and cell[0] * scene.sliding.output[1] + cell[1] <= self.model.index:
            value = self.model.output[cell].item()
            return f"output, row {cell[0] + 1}, column {cell[1] + 1}: {number(value)}"
        cell = places.input.at(point)
        if cell is not None:
            row, column = cell[0] - scene.sliding.pads[0], cell[1] - scene.sliding.pads[2]
            if 0 <= row < scene.sliding.size[0] and 0 <= column < scene.sliding.size[1]:
                value = scene.maps[self.model.channel, row, column].item()
                return f"input, row {row + 1}, column {column + 1}: {number(value)}"
            largest = scene.operation == "max"
            return "padding: −∞, never the maximum" if largest else "padding: counts as 0"
        return f"Click the input or the output to move the window there. Keys: {KEYS.sentence()}."


def _range(tinted: Tinted) -> str:
    return f"{number(tinted.values.min().item())} … {number(tinted.values.max().item())}"
