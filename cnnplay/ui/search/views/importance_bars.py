"""Hyperparameter importance: a bar and a share per parameter."""

from PySide6.QtCore import QRectF, Qt, Slot
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from cnnplay.ui.kit.views.names_width import names_width
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.plot.views.painted import PaintedPlot
from cnnplay.ui.search.search import SearchModel
from cnnplay.ui.search.search_plots import ENOUGH, FEW, Importance

EMPTY = "Hyperparameter importance appears after four complete trials."
ROW = 22
BAR = 8
HINT = (
    "PED-ANOVA: how well each parameter alone separates the best tenth of the trials from the others, as a "
    f"share of the total. A guess with fewer than {FEW} trials, rough with fewer than {ENOUGH}: a few trials "
    "more may turn the order around"
)


class ImportanceBars(PaintedPlot):
    """The largest first; counts the parameters that do not fit."""

    SIZE, LEAST = (300, 130), (160, 72)

    def __init__(self, model: SearchModel, parent: QWidget | None = None) -> None:
        super().__init__("hyperparameter importance", HINT, parent)
        self._model = model
        self._importances: tuple[Importance, ...] = ()
        model.trials_changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Redraws the bars."""
        self._importances = self._model.importances
        self.setAccessibleDescription(", ".join(f"{one.label} {one.text}" for one in self._importances))
        self.update()

    def paint(self, painter: QPainter) -> None:
        if self._importances:
            self._paint_rows(painter)
        else:
            self.paint_text(painter, EMPTY)

    def _paint_rows(self, painter: QPainter) -> None:
        metrics, height = painter.fontMetrics(), theme().px(ROW)
        room = max(self.height() // height, 1)
        shown = self._importances if len(self._importances) <= room else self._importances[: max(room - 1, 1)]
        gap = theme().px(8)
        widest = max(metrics.horizontalAdvance(one.label) for one in shown) + 2
        numbers = metrics.horizontalAdvance("100 %") + 2
        names = names_width(widest, self.width() - numbers - 2 * gap)
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        track = QRectF(names + gap, 0, max(self.width() - names - numbers - 2 * gap, 1), theme().px(BAR))
        for number, one in enumerate(shown):
            row = QRectF(0, number * height, self.width(), height)
            painter.setPen(theme().color("text"))
            label = metrics.elidedText(one.label, Qt.TextElideMode.ElideMiddle, names)
            painter.drawText(QRectF(row.left(), row.top(), names, height), left, label)
            painter.drawText(row, right, one.text)
            bar = track.translated(0, row.center().y() - track.height() / 2)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().color("line"))
            painter.drawRoundedRect(bar, 3, 3)
            bar.setWidth(max(bar.width() * one.share, 2))
            painter.setBrush(theme().color("accent"))
            painter.drawRoundedRect(bar, 3, 3)
        if len(shown) < len(self._importances):
            painter.setPen(theme().color("text_muted"))
            rest = QRectF(0, len(shown) * height, self.width(), height)
            painter.drawText(rest, left, f"and {len(self._importances) - len(shown)} more")
