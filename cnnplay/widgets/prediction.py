"""What the network takes the picture for: the likeliest classes as bars, live."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnplay.viewmodels.look import LookModel
from cnnplay.viewmodels.look_tiles import Prediction
from cnnplay.viewmodels.numerals import percent
from cnnplay.widgets.panel import Panel
from cnnplay.widgets.theme import theme


class PredictionBars(QWidget):
    """Rows of class, bar and percentage, best first: the true class green, a wrong best one red.

    There are `rows` of them, or as many as there is room for where it is 0.
    """

    def __init__(self, rows: int = 3, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.redraws = 0
        self._rows = rows
        self._prediction: Prediction | None = None
        self._fresh = False
        self.setAccessibleName("Prediction")
        self.setToolTip(
            "Softmax turns the last layer's outputs into fractions that sum to 1. Green: the true class; "
            "red: the network is wrong; blue: the true class is not known"
        )
        policy = QSizePolicy.Policy.Fixed if rows else QSizePolicy.Policy.Expanding
        self.setSizePolicy(QSizePolicy.Policy.Expanding, policy)
        theme().changed.connect(self._restyle)

    def show_prediction(self, prediction: Prediction | None) -> None:
        self._prediction = prediction
        self._fresh = True
        self.setAccessibleDescription(prediction.words if prediction is not None else "nothing yet")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._fresh:
            self._fresh = False
            self.redraws += 1
        prediction = self._prediction
        if prediction is None:
            return
        painter = QPainter(self)
        painter.setFont(theme().font())
        metrics, height = painter.fontMetrics(), self._row_height()
        best = prediction.top(self._rows or max(1, self.height() // height))
        widest = max(metrics.horizontalAdvance(prediction.name(number)) for number in best)
        left = min(max(widest, theme().px(24)), self.width() // 3)
        right = metrics.horizontalAdvance("100.0 %") + theme().px(8)
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        for row, number in enumerate(best):
            y = row * height
            name = metrics.elidedText(prediction.name(number), Qt.TextElideMode.ElideRight, left)
            painter.setPen(theme().colour("text"))
            painter.drawText(QRect(0, y, left, height), middle | int(Qt.AlignmentFlag.AlignRight), name)
            fraction = float(prediction.probabilities[number])
            groove = QRect(left + theme().px(12), y + height // 2 - theme().px(4), 0, theme().px(8))
            groove.setRight(self.width() - right)
            painter.fillRect(groove, theme().colour("surface_sunken"))
            bar = QRect(groove)
            bar.setWidth(max(theme().px(2), round(groove.width() * fraction)))
            painter.fillRect(bar, self._colour(prediction, number))
            painter.setPen(theme().colour("text" if row == 0 else "text_muted"))
            where = QRect(self.width() - right, y, right, height)
            painter.drawText(where, middle | int(Qt.AlignmentFlag.AlignRight), percent(fraction))
        painter.end()

    def sizeHint(self) -> QSize:
        return QSize(theme().px(220), (self._rows or 5) * self._row_height())

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(140), (self._rows or 1) * self._row_height())

    def _row_height(self) -> int:
        return theme().px(22)

    def _colour(self, prediction: Prediction, number: int) -> object:
        if number == prediction.truth:
            return theme().colour("good")
        if number == prediction.best and prediction.truth is not None:
            return theme().colour("fault")
        return theme().colour("accent" if number == prediction.best else "text_muted")

    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()


class PredictionView(Panel):
    """The prediction for the chosen picture, with words for what it comes from."""

    def __init__(self, look: LookModel, rows: int = 0, parent: QWidget | None = None) -> None:
        super().__init__("Prediction", parent=parent)
        self._look = look
        self.bars = PredictionBars(rows)
        self.body.addWidget(self.bars)
        look.prediction_changed.connect(self.refresh)
        look.state_changed.connect(self.refresh)
        self.refresh()

    @property
    def redraws(self) -> int:
        return self.bars.redraws

    def refresh(self) -> None:
        prediction = self._look.prediction
        self.bars.show_prediction(prediction)
        self.set_muted(self._look.words if prediction is not None else self._look.problem)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._look.want("prediction", self, True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._look.want("prediction", self, False)
