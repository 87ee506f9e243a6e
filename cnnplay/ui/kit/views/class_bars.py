"""The number of images per class, as bars with three splits; click or arrow keys select a class."""

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from cnnplay.ui.kit.views.keytable import KeyRow, KeyTable
from cnnplay.ui.kit.views.names_width import names_width
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.kit.views.tooltip import tip

ROW = 24
BAR = 8
PAGE = 10
ALL = "all classes"
PARTS = ("train", "validation", "test")

KEYS = KeyTable(
    "Classes",
    KeyRow(
        "Previous, next class",
        {Qt.Key.Key_Up: lambda view: view.step(-1), Qt.Key.Key_Down: lambda view: view.step(1)},
    ),
    KeyRow(
        "Ten classes up, down",
        {Qt.Key.Key_PageUp: lambda view: view.step(-PAGE), Qt.Key.Key_PageDown: lambda view: view.step(PAGE)},
    ),
    KeyRow(
        "All classes, last class",
        {Qt.Key.Key_Home: lambda view: view.step(-(10**6)), Qt.Key.Key_End: lambda view: view.step(10**6)},
    ),
)


def split_color(part: str) -> QColor:
    """Training and validation as in the curves; the test split is drawn as an outline."""
    key = {"train": "training_curve", "validation": "validation_curve", "test": "text_muted"}[part]
    return theme().color(key)


class ClassBars(QWidget):
    """A row for all classes, then one per class. `chosen(number)`: the user selected a class; −1 for all."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: tuple[str, ...] = ()
        self._counts: dict[str, tuple[int, ...]] = {}
        self._selected = -1
        self.setAccessibleName("Classes")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self._restyle)

    @property
    def selected(self) -> int:
        return self._selected

    def show_counts(self, names: tuple[str, ...], counts: dict[str, tuple[int, ...]]) -> None:
        """`counts[split]` has a number per class."""
        self._names, self._counts = names, counts
        self._selected = min(self._selected, len(names) - 1)
        self._restyle()

    def select(self, number: int) -> None:
        """Selects a class (−1 for all); emits no signal."""
        if number != self._selected:
            self._selected = number
            self.update()
        self.setAccessibleDescription(self.class_text(number))

    def class_text(self, number: int) -> str:
        """``cat: 400 train, 100 validation``."""
        name = ALL if number < 0 else self._names[number]
        parts = [f"{self._count(part, number):,} {part}" for part in PARTS if sum(self._counts.get(part, ()))]
        return f"{name}: {', '.join(parts)}"

    def row_rect(self, number: int) -> QRect:
        """The rectangle of a class's row; −1 for that of all classes."""
        height = theme().px(ROW)
        return QRect(0, (number + 1) * height, self.width(), height)

    def step(self, rows: int) -> bool:
        """Selects the class `rows` further down. Returns whether there are classes."""
        if not self._names:
            return False
        self._choose(min(max(self._selected + rows, -1), len(self._names) - 1))
        return True

    def sizeHint(self) -> QSize:
        return QSize(theme().px(280), theme().px(ROW) * (len(self._names) + 1))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme().font())
        numbers = self._widest([f"{self._total(number):,}" for number in range(-1, len(self._names))])
        room = self.width() - numbers - 4 * theme().px(8)
        names = names_width(self._widest((*self._names, ALL)), room)
        for number in range(-1, len(self._names)):
            row = self.row_rect(number)
            if row.intersects(event.rect()):
                self._paint_row(painter, number, row, names, numbers)
        painter.end()

    def _paint_row(self, painter: QPainter, number: int, row: QRect, names: int, numbers: int) -> None:
        gap = theme().px(8)
        if number == self._selected:
            painter.setPen(QPen(theme().color("accent"), 1) if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.setBrush(theme().color("selection"))
            painter.drawRoundedRect(QRectF(row).adjusted(0.5, 1.5, -0.5, -1.5), 4, 4)
        left, right = row.left() + gap, row.right() - gap
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(theme().color("text"))
        name = ALL if number < 0 else self._names[number]
        text = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, names)
        painter.drawText(QRect(left, row.top(), names, row.height()), int(middle), text)
        place = QRect(right - numbers, row.top(), numbers, row.height())
        painter.setPen(theme().color("text_muted"))
        painter.drawText(place, int(middle | Qt.AlignmentFlag.AlignRight), f"{self._total(number):,}")
        if number >= 0:
            self._paint_bar(painter, number, left + names + gap, right - numbers - gap, row.center().y() + 1)

    def _paint_bar(self, painter: QPainter, number: int, left: int, right: int, middle: int) -> None:
        """Training and validation side by side; the test split after a gap, as an outline: it is held out."""
        thick, apart = theme().px(BAR), theme().px(4)
        most = max((self._total(each) for each in range(len(self._names))), default=0)
        room = max(1, right - left - apart)
        x = float(left)
        for part in PARTS:
            width = room * self._count(part, number) / max(1, most)
            if width <= 0:
                continue
            color = split_color(part)
            if part == "test":
                painter.setPen(QPen(color, 1))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(
                    QRectF(x + apart + 0.5, middle - thick / 2 + 0.5, max(width - 1, 1), thick - 1)
                )
            else:
                painter.fillRect(QRectF(x, middle - thick / 2, max(width, 1), thick), color)
            x += width

    def event(self, event: object) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QHelpEvent.Type.ToolTip:
            number = self._row_at(event.pos().y())
            if number is not None:
                QToolTip.showText(event.globalPos(), tip(self.class_text(number)), self)
                return True
        return super().event(event)  # type: ignore[arg-type]

    def mousePressEvent(self, event: QMouseEvent) -> None:
        number = self._row_at(round(event.position().y()))
        if event.button() == Qt.MouseButton.LeftButton and number is not None:
            self._choose(number)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not KEYS.press(self, event):
            super().keyPressEvent(event)

    def _row_at(self, y: int) -> int | None:
        number = y // theme().px(ROW) - 1
        return number if -1 <= number < len(self._names) else None

    def _choose(self, number: int) -> None:
        if number != self._selected:
            self.select(number)
            self.chosen.emit(number)

    def _count(self, part: str, number: int) -> int:
        counts = self._counts.get(part, ())
        return sum(counts) if number < 0 else (counts[number] if number < len(counts) else 0)

    def _total(self, number: int) -> int:
        return sum(self._count(part, number) for part in PARTS)

    def _widest(self, texts: tuple[str, ...] | list[str]) -> int:
        metrics = self.fontMetrics()
        return max((metrics.horizontalAdvance(text) for text in texts), default=0) + 2

    def _restyle(self) -> None:
        self.setFont(theme().font())
        self.updateGeometry()
        self.update()
