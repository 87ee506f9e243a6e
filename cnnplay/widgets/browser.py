"""Looking through the data set: pictures by class and part, counts, mean pictures, μ and σ."""

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from cnnplay.viewmodels.browsing import NONE, PARTS, PER_CLASS, BrowseModel
from cnnplay.viewmodels.tiling import Tiles
from cnnplay.widgets.class_bars import ClassBars, part_colour
from cnnplay.widgets.panel import ElidedLabel, EmptyState, Panel
from cnnplay.widgets.theme import role, theme
from cnnplay.widgets.tile_panel import BUTTON, Pages
from cnnplay.widgets.tiles import TilesView

FIRST_SIZE = (1080, 760)
CLASSES_WIDTH = 320
MEANS_HEIGHT = 148
HINTS = {
    "train": "What the network learns from",
    "validation": "What it is judged by after each epoch; it never learns from these",
    "test": "Kept apart: no run and no choice of yours should depend on it, until the very end",
}
HIDDEN = (
    "The test part is kept apart: a network is judged by it once, at the very end\n"
    "(cnnplay evaluate RUN --split test).\n"
    "Who looks at its pictures while designing begins to fit to them."
)


class PicturePage(TilesView):
    """A page of pictures. Where the tiles have no further page, `page_asked` is for other pictures."""

    page_asked = Signal(int)

    def turn(self, down: int, across: int = 0) -> None:
        if self.can_turn(down, across):
            super().turn(down, across)
        else:
            self.page_asked.emit(down + across)


class Browser(QDialog):
    """A window beside the main one: it blocks nothing, and follows the data set in use."""

    def __init__(self, model: BrowseModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.setWindowTitle("Data set")
        self._title = QLabel()
        role(self._title, "title")
        self._words = ElidedLabel()
        role(self._words, "muted")
        top = QHBoxLayout()
        top.setSpacing(theme().px(8))
        top.addWidget(self._title)
        top.addWidget(self._words, 1)
        self.classes = _Classes(model)
        self.pictures = _Pictures(model)
        self.means = _Means(model)
        right = QVBoxLayout()
        right.setSpacing(theme().px(8))
        right.addWidget(self.pictures, 1)
        right.addWidget(self.means)
        both = QHBoxLayout()
        both.setSpacing(theme().px(8))
        both.addWidget(self.classes)
        both.addLayout(right, 1)
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addLayout(both, 1)
        self.resize(QSize(*FIRST_SIZE) * theme().text_scale)
        model.changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Names the data set."""
        self._title.setText(self._model.title or "No data set")
        self._words.setText(self._model.words)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._model.open()

    def hideEvent(self, event: object) -> None:
        self._model.close()
        super().hideEvent(event)  # type: ignore[arg-type]


class _Classes(Panel):
    """The counts as bars; what the colours mean stands below them."""

    def __init__(self, model: BrowseModel) -> None:
        super().__init__("Classes", "pictures in each part")
        self._model = model
        self.bars = ClassBars()
        self.bars.setToolTip(
            "A class's bar: training, validation and, apart, test pictures. Click to see them"
        )
        self.bars.chosen.connect(self._chosen)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.bars)
        column.addStretch(1)
        self.area.setWidget(inner)
        self.body.addWidget(self.area, 1)
        self.key = PartsKey()
        self.body.addWidget(self.key)
        model.changed.connect(self.refresh)
        model.overview_changed.connect(self.refresh)
        theme().changed.connect(self._restyle)
        self._restyle()
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        self.bars.show_counts(self._model.classes, self._model.counts)
        label = self._model.label
        number = -1 if label is None else label
        self.bars.select(number)
        row = self.bars.row_rect(number).center()
        self.area.ensureVisible(0, row.y(), 0, theme().px(24))
        self.key.show_test(bool(sum(self._model.counts.get("test", ()))))

    @Slot(int)
    def _chosen(self, number: int) -> None:
        self._model.choose_class(None if number < 0 else number)

    def _restyle(self) -> None:
        self.setFixedWidth(theme().px(CLASSES_WIDTH))


class PartsKey(QWidget):
    """``■ train ■ validation □ test, kept apart``."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = PARTS
        self.setAccessibleName("What the bars' colours mean")
        self.setToolTip("Training and validation pictures, and behind a gap the test pictures")
        theme().changed.connect(self._restyle)
        self._restyle()

    def show_test(self, there: bool) -> None:
        self._parts = PARTS if there else PARTS[:2]
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(theme().font(small=True))
        side, gap, x = theme().px(8), theme().px(6), 0
        for part in self._parts:
            y = (self.height() - side) // 2
            if part == "test":
                painter.setPen(QPen(part_colour(part), 1))
                painter.drawRect(x, y, side - 1, side - 1)
            else:
                painter.fillRect(x, y, side, side, part_colour(part))
            words = f"{part}, kept apart" if part == "test" else part
            painter.setPen(theme().colour("text_muted"))
            x += side + gap
            base = (self.height() + painter.fontMetrics().ascent() - painter.fontMetrics().descent()) // 2
            painter.drawText(x, base, words)
            x += painter.fontMetrics().horizontalAdvance(words) + 2 * gap
        painter.end()

    def _restyle(self) -> None:
        self.setFixedHeight(theme().px(20))
        self.update()


class _Pictures(Panel):
    """The pictures of the chosen part and class, a page at a time."""

    def __init__(self, model: BrowseModel) -> None:
        super().__init__("Pictures")
        self._model = model
        self._group = QButtonGroup(self)
        self.parts: dict[str, QPushButton] = {}
        for part in PARTS:
            button = QPushButton(part.capitalize())
            button.setCheckable(True)
            button.setProperty("part", part)
            button.setAccessibleName(f"{part} part")
            button.clicked.connect(self._part_clicked)
            self._group.addButton(button)
            self.add_corner(button)
            self.parts[part] = button
        self.view = PicturePage("Pictures of the data set", least=16, most=112)
        self.view.setToolTip("Arrow keys choose; Page Up and Page Down turn pages")
        self.view.page_asked.connect(model.turn)
        self.empty = EmptyState("", "Show the test pictures")
        self.empty.button.setToolTip("Shows them until another data set is chosen")
        self.empty.button.clicked.connect(model.show_test)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.view)
        self.body.addLayout(self._stack, 1)
        self.read_out = ElidedLabel()
        role(self.read_out, "muted")
        self.view.read_out_changed.connect(self.read_out.setText)
        self.tile_pages = Pages(self.view)
        self.pager = _Pager(model)
        footer = QHBoxLayout()
        footer.setSpacing(theme().px(12))
        footer.addWidget(self.read_out, 1)
        footer.addWidget(self.tile_pages)
        footer.addWidget(self.pager)
        self.body.addLayout(footer)
        model.changed.connect(self.refresh)
        model.pictures_came.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Shows the page, or words in place of it. While it is being read the one before stays."""
        model = self._model
        self._show_parts()
        label = model.label
        what = "examples of each class" if label is None else model.classes[label]
        self.set_muted(f"{what} · {model.part} part")
        words = self._why_empty()
        self.empty.set_text(words)
        self.empty.button.setVisible(model.hidden)
        if words:
            self.view.show_tiles(None)
            self._stack.setCurrentWidget(self.empty)
        elif model.thumbnails is not None:
            self.view.show_tiles(self._tiles(model.thumbnails))
            self._stack.setCurrentWidget(self.view)
        self.read_out.setText(self.view.read_out)
        self.tile_pages.refresh()
        self.pager.refresh()

    def _show_parts(self) -> None:
        for part, button in self.parts.items():
            count = sum(self._model.counts.get(part, ()))
            button.setChecked(part == self._model.part)
            button.setEnabled(bool(count))
            why = "" if count else "\nNot here: this data set has none"
            button.setToolTip(f"{count:,} pictures. {HINTS[part]}{why}")

    def _why_empty(self) -> str:
        model = self._model
        if model.images is None:
            return "Choose a data set in the header: its pictures show here."
        if model.hidden:
            return HIDDEN
        if model.error:
            return model.error
        return "" if model.indices else f"This class has no picture in the {model.part} part."

    def _tiles(self, values: np.ndarray) -> Tiles:
        model, limits = self._model, np.tile(np.array([[0.0, 255.0]]), (len(values), 1))
        names = [f"{index:,}" if index != NONE else "no more" for index in model.indices]
        if model.label is not None:
            return Tiles(values, "picture", limits, labels=tuple(names), word="picture")
        labels = [f"{model.classes[place // PER_CLASS]}, picture {name}" for place, name in enumerate(names)]
        return Tiles(
            values,
            "picture",
            limits,
            labels=tuple(labels),
            columns=PER_CLASS,
            row_labels=model.classes,
            word="label",
            column_word="example",
        )

    @Slot()
    def _part_clicked(self) -> None:
        sender = self.sender()
        assert sender is not None
        self._model.choose_part(sender.property("part"))


class _Pager(QWidget):
    """``‹ 61–120 of 400 ›``."""

    def __init__(self, model: BrowseModel) -> None:
        super().__init__()
        self._model = model
        self.label = QLabel()
        role(self.label, "muted")
        self.before, self.next = QToolButton(), QToolButton()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme().px(4))
        for button, sign, hint in (
            (self.before, "‹", "The pictures before (Shift+Page Up)"),
            (self.next, "›", "The next pictures (Shift+Page Down)"),
        ):
            button.setText(sign)
            button.setAccessibleName(hint)
        for widget in (self.before, self.label, self.next):
            layout.addWidget(widget)
        self.before.clicked.connect(lambda: model.turn(-1))
        self.next.clicked.connect(lambda: model.turn(1))
        theme().changed.connect(self._restyle)
        self._restyle()

    def _restyle(self) -> None:
        for button in (self.before, self.next):
            button.setFixedSize(theme().px(BUTTON), theme().px(BUTTON))

    def refresh(self) -> None:
        """Brings words and buttons up to date."""
        self.setVisible(bool(self._model.page_words))
        self.label.setText(self._model.page_words)
        for button, way in ((self.before, -1), (self.next, 1)):
            possible = self._model.can_turn(way)
            button.setEnabled(possible)
            hint = button.accessibleName()
            button.setToolTip(hint if possible else f"{hint}\nNot now: there are none")


class _Means(Panel):
    """The mean picture of the training part and of each of its classes."""

    def __init__(self, model: BrowseModel) -> None:
        super().__init__("Mean picture")
        self._model = model
        self.view = TilesView("Mean pictures", least=32, most=96)
        self.view.setToolTip("The mean of all training pictures, then of each class's")
        self.pages = Pages(self.view)
        self.statistics = QLabel()
        self.statistics.setToolTip(
            "Mean and standard deviation of each channel over the training part, of pixels in 0…1: what a "
            "run normalises its pictures with, where their size fits the network"
        )
        self.body.addWidget(self.view, 1)
        footer = QHBoxLayout()
        footer.addWidget(self.statistics, 1)
        footer.addWidget(self.pages)
        self.body.addLayout(footer)
        model.overview_changed.connect(self.refresh)
        theme().changed.connect(self._restyle)
        self._restyle()
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        self.set_muted(self._model.used_words if self._model.images is not None else "")
        self.statistics.setText(self._model.statistics_words)
        found = self._model.overview
        if found is None:
            self.view.show_tiles(None)
        else:
            means = found.means
            values = np.repeat(means, 3, axis=3) if means.shape[3] == 1 else means
            limits = np.tile(np.array([[0.0, 255.0]]), (len(values), 1))
            self.view.show_tiles(Tiles(values, "picture", limits, labels=("all", *self._model.classes)))
        self.pages.refresh()

    def _restyle(self) -> None:
        self.setFixedHeight(theme().px(MEANS_HEIGHT))
