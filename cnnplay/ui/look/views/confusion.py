"""Which classes the network confuses: a matrix, and the images of a cell."""

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnplay.ui.kit.numerals import percent
from cnnplay.ui.kit.views.keytable import ENTER, KeyRow, KeyTable
from cnnplay.ui.kit.views.layouts import hbox, vbox
from cnnplay.ui.kit.views.panel import wrapped
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.kit.views.tile_panel import Pages
from cnnplay.ui.kit.views.tooltip import tip
from cnnplay.ui.look.evaluation_result import EvaluationResult
from cnnplay.ui.look.look import LookModel
from cnnplay.ui.look.views.evaluation_view import EvaluationView
from cnnplay.ui.look.views.thumbnails import Caption, Thumbnails

EMPTY = "Train the network: the confusion matrix of the validation images is shown here after each epoch."
HINT = "Click a cell to see its images."
PREDICTED, TRUE = "predicted", "true"
"""The names of the axes."""
Cell = tuple[int, int]
KEYS = KeyTable(
    "Confusion",
    KeyRow(
        "Move between cells",
        {
            Qt.Key.Key_Left: lambda matrix: matrix.step(0, -1),
            Qt.Key.Key_Right: lambda matrix: matrix.step(0, 1),
            Qt.Key.Key_Up: lambda matrix: matrix.step(-1, 0),
            Qt.Key.Key_Down: lambda matrix: matrix.step(1, 0),
        },
    ),
    KeyRow("Show the images of the cell", dict.fromkeys(ENTER, lambda matrix: matrix.choose())),
)


class ConfusionMatrix(QWidget):
    """Rows are true classes, columns predictions. Shades are shares of the row: blue correct, red wrong."""

    chosen = Signal(int, int)
    read_out_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.redraws = 0
        self._counts = np.zeros((0, 0), np.int64)
        self._names: tuple[str, ...] = ()
        self._selected: Cell | None = None
        self._hover: QPointF | None = None
        self._is_new = False
        self._read_out = ""
        self.setAccessibleName("Confusion matrix")
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setToolTip(
            tip(
                "Rows are the true classes, columns the predictions; the diagonal is correct. The shade is "
                "the share of the row. Arrow keys move, Enter shows the cell's images"
            )
        )
        theme().changed.connect(self.update)

    @property
    def read_out(self) -> str:
        return self._read_out

    def show_counts(self, counts: np.ndarray, names: tuple[str, ...]) -> None:
        """C × C counts [truth, predicted], and the classes' names."""
        self._counts = np.asarray(counts)
        self._names = tuple(names[n] if n < len(names) else str(n + 1) for n in range(len(self._counts)))
        if self._selected is not None and max(self._selected) >= len(self._counts):
            self._selected = None
        self._is_new = True
        self._update_read_out()
        self.update()

    def select(self, cell: Cell | None) -> None:
        """Frames a cell, or none if there is no such cell; emits no signal."""
        if cell is not None and max(cell) >= len(self._counts):
            cell = None
        if cell != self._selected:
            self._selected = cell
            self._update_read_out()
            self.update()

    def cell_rect(self, truth: int, predicted: int) -> QRect:
        left, top, side_x, side_y = self._geometry()
        x0, x1 = round(left + predicted * side_x), round(left + (predicted + 1) * side_x)
        y0, y1 = round(top + truth * side_y), round(top + (truth + 1) * side_y)
        return QRect(x0, y0, max(1, x1 - x0), max(1, y1 - y0))

    def paintEvent(self, event: QPaintEvent) -> None:
        if not len(self._counts):
            return
        if self._is_new:
            self._is_new = False
            self.redraws += 1
        painter = QPainter(self)
        painter.setFont(theme().font(small=True))
        self._paint_cells(painter)
        self._paint_axes(painter)
        self._paint_names(painter)
        if self._selected is not None:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme().color("text"), 2))
            painter.drawRect(self.cell_rect(*self._selected).adjusted(0, 0, -1, -1))
        if self.hasFocus():
            painter.setPen(QPen(theme().color("accent"), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_cells(self, painter: QPainter) -> None:
        totals = np.maximum(self._counts.sum(axis=1), 1)
        metrics = painter.fontMetrics()
        _, _, side_x, side_y = self._geometry()
        widest = metrics.horizontalAdvance(f"{int(self._counts.max(initial=0)):,}")
        written = side_x >= widest + 2 and side_y >= metrics.ascent()
        gap = 1 if min(side_x, side_y) >= 6 else 0
        for truth, row in enumerate(self._counts):
            for predicted, count in enumerate(row):
                fill = shade(float(count) / float(totals[truth]), truth == predicted)
                rect = self.cell_rect(truth, predicted)
                painter.fillRect(rect.adjusted(0, 0, -gap, -gap), fill)
                if written and count:
                    painter.setPen(_on(fill))
                    painter.drawText(rect, int(Qt.AlignmentFlag.AlignCenter), f"{int(count):,}")

    def axis_rects(self) -> dict[str, QRect]:
        """Where the axes are named: ``predicted`` above the columns, ``true`` left of the rows, upwards."""
        line, count = self.fontMetrics().height(), len(self._counts)
        cells = self.cell_rect(0, 0).united(self.cell_rect(count - 1, count - 1))
        return {
            PREDICTED: QRect(cells.left(), 0, cells.width(), line),
            TRUE: QRect(0, cells.top(), line, cells.height()),
        }

    def _paint_axes(self, painter: QPainter) -> None:
        painter.setPen(theme().color("text"))
        center = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextDontClip)
        rects = self.axis_rects()
        painter.drawText(rects[PREDICTED], center, PREDICTED)
        beside = rects[TRUE]
        painter.save()
        painter.translate(beside.left(), beside.bottom() + 1)
        painter.rotate(-90)
        painter.drawText(QRect(0, 0, beside.height(), beside.width()), center, TRUE)
        painter.restore()

    def _paint_names(self, painter: QPainter) -> None:
        left, top, side_x, side_y = self._geometry()
        metrics = painter.fontMetrics()
        painter.setPen(theme().color("text_muted"))
        every = max(1, -(-metrics.height() // max(1, int(side_y))))
        start = metrics.height()
        room = round(left) - theme().px(6) - start
        for number in range(0, len(self._names), every):
            row = self.cell_rect(number, 0)
            name = metrics.elidedText(self._names[number], Qt.TextElideMode.ElideRight, room)
            where = QRect(start, row.center().y() - metrics.height() // 2, room, metrics.height())
            painter.drawText(where, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), name)
        widest = max(metrics.horizontalAdvance(name) for name in self._names)
        # Long names over narrow columns are elided; the read-out has them in full.
        across = 1 if side_x >= metrics.horizontalAdvance("mm") else max(1, -(-widest // max(1, int(side_x))))
        for number in range(0, len(self._names), across):
            column = self.cell_rect(0, number)
            room = round(side_x * across) - 2
            name = metrics.elidedText(
                self._names[number], Qt.TextElideMode.ElideRight, max(room, metrics.averageCharWidth())
            )
            where = QRect(
                column.center().x() - room // 2, round(top) - metrics.height() - 2, room, metrics.height()
            )
            painter.drawText(where, int(Qt.AlignmentFlag.AlignHCenter), name)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover = event.position()
        self._update_read_out()

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = None
        self._update_read_out()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self._cell_at(event.position())
        if cell is not None and event.button() == Qt.MouseButton.LeftButton:
            self.select(cell)
            self.chosen.emit(*cell)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not KEYS.press(self, event):
            super().keyPressEvent(event)

    def step(self, down: int, across: int) -> bool:
        """Frames the neighbor of the framed cell, or the first cell. Returns whether there is one."""
        last = len(self._counts) - 1
        if last >= 0:
            truth, predicted = self._selected or (-down, -across)
            self.select((min(max(0, truth + down), last), min(max(0, predicted + across), last)))
        return last >= 0

    def choose(self) -> bool:
        """Shows the framed cell's images. Returns whether a cell is framed."""
        if self._selected is not None:
            self.chosen.emit(*self._selected)
        return self._selected is not None

    def sizeHint(self) -> QSize:
        return QSize(theme().px(280), theme().px(240))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(140), theme().px(100))

    def _geometry(self) -> tuple[float, float, float, float]:
        """(left, top, width, height): the matrix's corner, and the size of a cell.

        The classes' names get what square cells leave of the width, and a quarter of it in any case.
        """
        metrics = self.fontMetrics()
        widest = max((metrics.horizontalAdvance(name) for name in self._names), default=0)
        top = 2 * metrics.height() + theme().px(4)
        count = max(1, len(self._counts))
        side_y = (self.height() - top - 1) / count
        around = metrics.height() + theme().px(8)
        left = around + min(widest, max(self.width() // 4, int(self.width() - around - count * side_y) - 1))
        side_x = min((self.width() - left - 1) / count, side_y * 2.2)
        if side_y >= 8:
            side_y, side_x = int(side_y), int(side_x)
        return left, top, side_x, side_y

    def _cell_at(self, point: QPointF) -> Cell | None:
        left, top, side_x, side_y = self._geometry()
        truth, predicted = int((point.y() - top) // side_y), int((point.x() - left) // side_x)
        inside = 0 <= truth < len(self._counts) and 0 <= predicted < len(self._counts)
        return (truth, predicted) if inside else None

    def _update_read_out(self) -> None:
        cell = self._cell_at(self._hover) if self._hover is not None else None
        text = self._cell_text(cell or self._selected)
        if text != self._read_out:
            self._read_out = text
            self.setAccessibleDescription(text)
            self.read_out_changed.emit(text)

    def _cell_text(self, cell: Cell | None) -> str:
        if cell is None or not len(self._counts):
            return ""
        truth, predicted = cell
        count, total = int(self._counts[cell]), int(self._counts[truth].sum())
        share = percent(count / total) if total else "0 %"
        outcome = "classified correctly" if truth == predicted else f"predicted as {self._names[predicted]}"
        return f"{count:,} of {total:,} images of {self._names[truth]} {outcome}: {share}"


def shade(share: float, right: bool) -> QColor:
    """A cell's color: blue by its share if correct; else red by the cube root, to make rare ones visible."""
    ground, full = theme().color("surface_sunken"), theme().color("accent" if right else "fault")
    amount = share if right else float(np.cbrt(share))
    return QColor(
        round(ground.red() + (full.red() - ground.red()) * amount),
        round(ground.green() + (full.green() - ground.green()) * amount),
        round(ground.blue() + (full.blue() - ground.blue()) * amount),
    )


def _on(fill: QColor) -> QColor:
    """A text color that is legible on a fill."""
    luma = 0.299 * fill.red() + 0.587 * fill.green() + 0.114 * fill.blue()
    return QColor("#10151D") if luma > 140 else QColor("#F4F6FA")


class ConfusionView(EvaluationView):
    """The matrix of the newest evaluation, and beside it the images of the selected cell."""

    def __init__(self, look: LookModel, parent: QWidget | None = None) -> None:
        super().__init__("Confusion", EMPTY, look, parent)
        self.matrix = ConfusionMatrix()
        self.thumbnails = Thumbnails("Images of the cell", look, least=40, most=64)
        self.pages = Pages(self.thumbnails)
        self.read_out = wrapped(HINT)
        beside = vbox(
            self.read_out, (self.thumbnails, 1), (self.pages, 0, Qt.AlignmentFlag.AlignRight), spacing=4
        )
        beside.addStretch(0)
        self._shown = QWidget()
        hbox((self.matrix, 5), (beside, 3), spacing=12, into=self._shown)
        self.body.addWidget(self._shown, 1)
        self.matrix.chosen.connect(self._chosen)
        self.matrix.read_out_changed.connect(self._show_read_out)
        self.refresh()

    @property
    def redraws(self) -> int:
        return self.matrix.redraws

    def show_result(self, result: EvaluationResult | None) -> str:
        self._shown.setVisible(result is not None)
        if result is None:
            self.thumbnails.show_images((), ())
            return EMPTY
        cell = self.look.evaluation.cell
        names = tuple(result.name(number) for number in range(len(result.confusion)))
        self.matrix.show_counts(result.confusion, names)
        self.matrix.select(cell)
        inside = result.cell(*cell) if cell is not None else ()
        captions = [Caption(percent(found.confidence)) for found in inside]
        self.thumbnails.show_images([found.image for found in inside], captions)
        self.pages.refresh()
        self._show_read_out(self.matrix.read_out)
        return ""

    def _chosen(self, truth: int, predicted: int) -> None:
        self.look.evaluation.select_cell((truth, predicted))

    def _show_read_out(self, text: str) -> None:
        self.read_out.setText(text or HINT)
