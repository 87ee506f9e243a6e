"""The browser's class list: a bar per class, and a legend."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QScrollArea, QWidget

from cnnplay.ui.data.browse_model import BrowseModel
from cnnplay.ui.data.browse_page import SPLITS
from cnnplay.ui.kit.views.class_bars import ClassBars, split_color
from cnnplay.ui.kit.views.layouts import vbox
from cnnplay.ui.kit.views.panel import Panel
from cnnplay.ui.kit.views.theme import follow_theme, theme
from cnnplay.ui.kit.views.tooltip import tip

WIDTH = 320


class ClassesPanel(Panel):
    """The class counts as bars, with a legend below."""

    def __init__(self, model: BrowseModel) -> None:
        super().__init__("Classes", "images per split")
        self._model = model
        self.bars = ClassBars()
        self.bars.setToolTip(
            tip("Training, validation and (separately) test images of each class. Click a class to see them")
        )
        self.bars.chosen.connect(self._chosen)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inner = QWidget()
        vbox(self.bars, None, into=inner)
        self.area.setWidget(inner)
        self.body.addWidget(self.area, 1)
        self.key = SplitsLegend()
        self.body.addWidget(self.key)
        model.changed.connect(self.refresh)
        model.overview_changed.connect(self.refresh)
        follow_theme(self._restyle)
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
        self.setFixedWidth(theme().px(WIDTH))


class SplitsLegend(QWidget):
    """``■ train ■ validation □ test (held out)``."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._splits = SPLITS
        self.setAccessibleName("Legend")
        self.setToolTip("Training and validation images; after a gap, test images")
        follow_theme(self._restyle)

    def show_test(self, there: bool) -> None:
        self._splits = SPLITS if there else SPLITS[:2]
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(theme().font(small=True))
        side, gap, x = theme().px(8), theme().px(6), 0
        for split in self._splits:
            y = (self.height() - side) // 2
            if split == "test":
                painter.setPen(QPen(split_color(split), 1))
                painter.drawRect(x, y, side - 1, side - 1)
            else:
                painter.fillRect(x, y, side, side, split_color(split))
            text = f"{split} (held out)" if split == "test" else split
            painter.setPen(theme().color("text_muted"))
            x += side + gap
            base = (self.height() + painter.fontMetrics().ascent() - painter.fontMetrics().descent()) // 2
            painter.drawText(x, base, text)
            x += painter.fontMetrics().horizontalAdvance(text) + 2 * gap
        painter.end()

    def _restyle(self) -> None:
        self.setFixedHeight(theme().px(20))
        self.update()
