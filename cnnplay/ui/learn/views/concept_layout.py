"""The layout of the step-by-step page: input, window, kernel and output in a row, the text below."""

from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF

from cnnplay.lessons.sliding import Pair

LARGEST_CELL = 60.0
READABLE_CELL = 20.0
"""Cells at least this large show numbers; otherwise the window is also shown separately."""


class Box(NamedTuple):
    """A grid of square cells on the screen."""

    left: float
    top: float
    cell: float
    rows: int
    columns: int

    @property
    def rect(self) -> QRectF:
        return QRectF(self.left, self.top, self.cell * self.columns, self.cell * self.rows)

    def cells(self, row: int, column: int, rows: int = 1, columns: int = 1) -> QRectF:
        """The rectangle of some cells; rows and columns may lie outside the grid."""
        return QRectF(
            self.left + column * self.cell, self.top + row * self.cell, columns * self.cell, rows * self.cell
        )

    def at(self, point: QPointF) -> Pair | None:
        """The (row, column) under a point; None outside."""
        if not self.rect.contains(point):
            return None
        row, column = (point.y() - self.top) / self.cell, (point.x() - self.left) / self.cell
        return min(int(row), self.rows - 1), min(int(column), self.columns - 1)


class Sizes(NamedTuple):
    """(rows, columns) of the padded input, the window and the output."""

    input: Pair
    window: Pair
    output: Pair
    kernel: bool
    """Whether there is a kernel next to the window (not for pooling)."""


class Places(NamedTuple):
    """The grids, from left to right. `window` is None where the input's cells are large enough to read."""

    input: Box
    window: Box | None
    kernel: Box | None
    output: Box
    signs: tuple[tuple[QRectF, str], ...]
    text: QRectF


def lay_out(area: QRectF, sizes: Sizes, titles: float, text: float, sign: float, scale: float) -> Places:
    """Fits the grids into `area`; `titles` and `text` are heights and `sign` a width, in pixels."""
    height = max(24.0, area.height() - titles - text)
    across = sizes.input[1] + sizes.output[1] + (sizes.window[1] if sizes.kernel else 0)
    signs = 2 if sizes.kernel else 1
    down = max(sizes.input[0], sizes.output[0], sizes.window[0])
    cell = min((area.width() - signs * sign) / across, height / down, LARGEST_CELL * scale)
    if cell >= READABLE_CELL * scale:
        boxes = [(sizes.input, cell), *([(sizes.window, cell)] if sizes.kernel else []), (sizes.output, cell)]
        marks = ["∗", "="] if sizes.kernel else ["→"]
        apart = False
    else:
        boxes, marks = _apart(area.width(), height, sizes, sign, scale)
        apart = True
    placed, signed = _row(area, boxes, marks, titles, sign)
    bottom = QRectF(area.left(), area.bottom() - text, area.width(), text)
    return Places(
        input=placed[0],
        window=placed[1] if apart else None,
        kernel=placed[-2] if sizes.kernel else None,
        output=placed[-1],
        signs=signed,
        text=bottom,
    )


def _apart(
    width: float, height: float, sizes: Sizes, sign: float, scale: float
) -> tuple[list[tuple[Pair, float]], list[str]]:
    """Cell sizes for an input without numbers: up to half of the width for the window and the kernel."""
    small = 2 if sizes.kernel else 1
    rest = width - (small + 1) * sign
    window = min(rest * 0.5 / (small * sizes.window[1]), height / sizes.window[0], LARGEST_CELL * scale * 0.8)
    share = (rest - small * sizes.window[1] * window) / 2

    def cell_size(size: Pair) -> float:
        return min(share / size[1], height / size[0], READABLE_CELL * scale)

    boxes = [(sizes.input, cell_size(sizes.input)), (sizes.window, window)]
    if sizes.kernel:
        boxes.append((sizes.window, window))
    boxes.append((sizes.output, cell_size(sizes.output)))
    return boxes, ["→", "·", "="] if sizes.kernel else ["→", "="]


def _row(
    area: QRectF, boxes: list[tuple[Pair, float]], marks: list[str], titles: float, sign: float
) -> tuple[list[Box], tuple[tuple[QRectF, str], ...]]:
    """Puts grids next to one another with signs between, and distributes some spare width. A sign is as tall
    as the lower of its neighbors: its middle is beside both.
    """
    used = sum(size[1] * cell for size, cell in boxes) + sign * len(marks)
    spare = max(0.0, min((area.width() - used) / len(marks), sign))
    x, top = area.left(), area.top() + titles
    placed: list[Box] = []
    signed: list[tuple[QRectF, str]] = []
    for index, (size, cell) in enumerate(boxes):
        placed.append(Box(x, top, cell, *size))
        x += size[1] * cell
        if index < len(marks):
            lower = min(grid[0] * one for grid, one in boxes[index : index + 2])
            signed.append((QRectF(x, top, sign + spare, lower), marks[index]))
            x += sign + spare
    return placed, tuple(signed)
