"""The prediction for the image: classes as bars, live."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnplay.ui.kit.numerals import percent
from cnnplay.ui.kit.views.names_width import names_width
from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.kit.views.tooltip import tip
from cnnplay.ui.look.look import LookModel
from cnnplay.ui.look.look_tiles import Prediction
from cnnplay.ui.look.views.look_panel import LookPanel

FEW = 12
"""Up to this many classes are shown in their own order, so that no row jumps while the network learns."""
SHOWN = 0.0005
"""Smaller probabilities read 0.0 %, and have no bar."""


class PredictionBars(QWidget):
    """Rows of class, bar and percentage: the true class green, a wrong top-1 red, the top-1 in bold.

    There are `rows` of them, best first. With 0 there are as many as fit, and a few classes are all shown
    in their own order.
    """

    def __init__(self, rows: int = 3, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.redraws = 0
        self._rows = rows
        self._prediction: Prediction | None = None
        self._is_new = False
        self.setAccessibleName("Prediction")
        self.setToolTip(
            tip(
                "Softmax turns the last layer's outputs (logits) into probabilities that sum to 1. Green: "
                "the true class; red: a wrong prediction; blue: the true class is not known"
            )
        )
        policy = QSizePolicy.Policy.Fixed if rows else QSizePolicy.Policy.Expanding
        self.setSizePolicy(QSizePolicy.Policy.Expanding, policy)
        theme().changed.connect(self._restyle)

    def show_prediction(self, prediction: Prediction | None) -> None:
        self._prediction = prediction
        self._is_new = True
        self.setAccessibleDescription(prediction.text if prediction is not None else "nothing yet")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._is_new:
            self._is_new = False
            self.redraws += 1
        prediction = self._prediction
        if prediction is None:
            return
        painter = QPainter(self)
        painter.setFont(theme().font(strong=True))
        metrics = painter.fontMetrics()
        shown, height = self._shown(prediction, metrics.height())
        widest = max(metrics.horizontalAdvance(prediction.name(number)) for number in shown) + 2
        right = metrics.horizontalAdvance("100.0 %") + theme().px(8)
        left = names_width(max(widest, theme().px(24)), self.width() - right - theme().px(12))
        for row, number in enumerate(shown):
            self._paint_row(
                painter, prediction, number, QRect(0, round(row * height), left, round(height)), right
            )
        more = len(prediction.probabilities) - len(shown)
        if more and not self._rows:
            painter.setFont(theme().font())
            painter.setPen(theme().color("text_muted"))
            place = QRect(left + theme().px(12), round(len(shown) * height), self.width(), round(height))
            painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter), f"+ {more:,} more")
        painter.end()

    def _shown(self, prediction: Prediction, least: int) -> tuple[tuple[int, ...], float]:
        """The classes of the rows and a row's height; the last row may be left for "+ N more"."""
        usual, count = float(self._row_height()), len(prediction.probabilities)
        if self._rows:
            return prediction.top(self._rows), usual
        if count <= FEW and self.height() >= count * least:
            return tuple(range(count)), min(usual, self.height() / count)
        height = min(usual, float(least)) if count <= FEW else usual
        room = max(1, int(self.height() / height))
        return prediction.top(count if count <= room else max(1, room - 1)), height

    def _paint_row(
        self, painter: QPainter, prediction: Prediction, number: int, name: QRect, right: int
    ) -> None:
        best, middle = number == prediction.best, int(Qt.AlignmentFlag.AlignVCenter)
        painter.setFont(theme().font(strong=best))
        painter.setPen(theme().color("text"))
        text = painter.fontMetrics().elidedText(
            prediction.name(number), Qt.TextElideMode.ElideMiddle, name.width()
        )
        painter.drawText(name, middle | int(Qt.AlignmentFlag.AlignRight), text)
        fraction = float(prediction.probabilities[number])
        thick = min(theme().px(8), name.height())
        groove = QRect(name.right() + 1 + theme().px(12), name.center().y() - thick // 2, 0, thick)
        groove.setRight(self.width() - right)
        painter.fillRect(groove, theme().color("surface_sunken"))
        if fraction >= SHOWN:
            bar = QRect(groove)
            bar.setWidth(max(theme().px(2), round(groove.width() * fraction)))
            painter.fillRect(bar, self._color(prediction, number))
        painter.setPen(theme().color("text" if best else "text_muted"))
        where = QRect(self.width() - right, name.top(), right, name.height())
        painter.drawText(where, middle | int(Qt.AlignmentFlag.AlignRight), percent(fraction))

    def sizeHint(self) -> QSize:
        return QSize(theme().px(220), (self._rows or 5) * self._row_height())

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(140), (self._rows or 1) * self._row_height())

    def _row_height(self) -> int:
        return theme().px(22)

    def _color(self, prediction: Prediction, number: int) -> object:
        if number == prediction.truth:
            return theme().color("good")
        if number == prediction.best and prediction.truth is not None:
            return theme().color("fault")
        return theme().color("accent" if number == prediction.best else "text_muted")

    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()


class PredictionView(LookPanel):
    """The prediction for the chosen image, and where it comes from."""

    def __init__(self, look: LookModel, parent: QWidget | None = None) -> None:
        super().__init__("Prediction", "prediction", look, parent)
        self.bars = PredictionBars(0)
        self.body.addWidget(self.bars)
        look.prediction_changed.connect(self.refresh)
        look.state_changed.connect(self.refresh)
        self.refresh()

    @property
    def redraws(self) -> int:
        return self.bars.redraws

    def refresh(self) -> None:
        prediction = self.look.prediction
        self.bars.show_prediction(prediction)
        self.set_muted(self.look.text if prediction is not None else self.look.problem)
