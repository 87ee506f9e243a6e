"""A panel with the curves of one metric, its smoothing and scale, drawn at most four times a second."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QCheckBox, QLabel, QPushButton, QSlider, QStackedLayout, QWidget

from cnnplay.spec.tasks import LOSS, Metric
from cnnplay.ui.kit.throttle import Throttle
from cnnplay.ui.kit.views.panel import EmptyState, Panel
from cnnplay.ui.kit.views.theme import role, theme
from cnnplay.ui.kit.views.tooltip import tip
from cnnplay.ui.plot.curve_settings import SMOOTHINGS, Role
from cnnplay.ui.train.curves import CurvesModel, other_network_text
from cnnplay.ui.train.run import RunModel
from cnnplay.ui.train.views.curves import CurvePlot, shown_metric

EMPTY_LOSS = f"{LOSS.meaning}.\nPress Train (F5) and watch it fall."
STARTING = f"{LOSS.meaning}.\nThe run is starting: its first step comes next."


class CurvePanel(Panel):
    """The loss, or the primary metric of the run's task."""

    def __init__(self, role: Role, run: RunModel, model: CurvesModel, parent: QWidget | None = None) -> None:
        super().__init__(shown_metric(role, run.history).heading, parent=parent)
        self._role: Role = role
        self._run, self._model = run, model
        self.plot = CurvePlot(role, run.recorder, model)
        self.empty = EmptyState(self._empty_text, parent=self)
        self._other = ""
        self._stack = QStackedLayout()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.plot)
        self.body.addLayout(self._stack)
        self.fit_button = self._link("View all", "Show the whole run again (double-click or Home)")
        self.fit_button.clicked.connect(self.plot.follow)
        self.fit_button.hide()
        if role == "loss":
            self._add_loss_controls()
        self.plot.following_changed.connect(self._show_fit)
        # The panels draw in turn: two redraws at once would delay other work of the window.
        in_turn = Throttle(self._redraw, 0, self).request
        run.recorder.shown.connect(self._redraw if role == "loss" else in_turn)
        for signal in (run.editor.changed, run.weights_cache.changed):
            signal.connect(self._network_changed)
        model.changed.connect(self._redraw)
        self._redraw()

    @property
    def _shown(self) -> Metric:
        return shown_metric(self._role, self._run.history)

    @property
    def _empty_text(self) -> str:
        if self._role == "loss":
            return EMPTY_LOSS
        return f"{self._shown.meaning}: on the training data, and on data that it has never seen."

    @Slot()
    def _network_changed(self) -> None:
        if other_network_text(self._run) != self._other:
            self._redraw()

    @Slot()
    def _redraw(self) -> None:
        if not self.isVisible() and not self._run.history.empty:
            self.plot.refresh()
            return
        history = self._run.history
        nothing = history.empty and (self._run.recorder.previous is None or self._run.recorder.previous.empty)
        starting = self._role == "loss" and self._run.active
        self.empty.set_text(STARTING if starting else self._empty_text)
        self.set_title(self._shown.heading)
        self._stack.setCurrentWidget(self.empty if nothing else self.plot)
        other = self._other = "" if nothing else other_network_text(self._run)
        shown = "" if nothing else self._model.summary(self._shown.name, history)
        self.set_muted(" · ".join(part for part in (other, shown) if part))
        hint = "" if nothing else self._model.hint(self._shown.name, history)
        for widget in (self._title, self._head):  # the text beside the title has no tooltip of its own
            widget.setToolTip(tip(hint))
        self.plot.set_dimmed(bool(other))
        self.plot.refresh()

    def showEvent(self, event: object) -> None:
        super().showEvent(event)  # type: ignore[arg-type]
        self._redraw()

    @Slot()
    def _show_fit(self) -> None:
        self.fit_button.setVisible(not self.plot.following)

    def _link(self, text: str, hint: str) -> QPushButton:
        button = QPushButton(text)
        role(button, "link")
        button.setToolTip(tip(hint))
        button.setAccessibleName(f"{text} {self._shown.title} curves")
        self.add_corner(button)
        return button

    def _add_loss_controls(self) -> None:
        self.log_button = QCheckBox("Log scale")
        self.log_button.setToolTip("Draw the loss on a log scale, which spreads out small values (L)")
        self.log_button.setAccessibleName("Log scale of the loss")
        self.add_corner(self.log_button)
        self.log_button.setChecked(self._model.logarithmic)
        self.log_button.toggled.connect(self._model.set_logarithmic)
        self._model.changed.connect(self._show_model)
        self.smoothing = QLabel()
        role(self.smoothing, "muted")
        self.smoothing.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.add_corner(self.smoothing)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, len(SMOOTHINGS) - 1)
        self.slider.setPageStep(1)
        self.smoothing.setBuddy(self.slider)
        self._restyle()
        theme().changed.connect(self._restyle)
        self.slider.setAccessibleName("smoothing")
        self.slider.setValue(SMOOTHINGS.index(self._model.smoothing))
        self.slider.valueChanged.connect(self._smooth)
        self.add_corner(self.slider)
        self._show_model()

    @Slot()
    def _restyle(self) -> None:
        self.slider.setFixedWidth(theme().px(72))
        self._corner.setSpacing(theme().px(8))
        self.smoothing.ensurePolished()
        # As wide as its longest number, so that nothing moves with the slider.
        text = self.smoothing.fontMetrics().horizontalAdvance(f"smoothing {max(SMOOTHINGS)}")
        self.smoothing.setMinimumWidth(text + 2)

    @Slot(int)
    def _smooth(self, index: int) -> None:
        self._model.set_smoothing(SMOOTHINGS[index])

    @Slot()
    def _show_model(self) -> None:
        self.log_button.setChecked(self._model.logarithmic)
        steps = self._model.smoothing
        self.smoothing.setText(f"smoothing {steps}" if steps > 1 else "smoothing off")
        self.slider.setToolTip(
            tip(
                "Smooth both training curves over more or fewer steps; raw values stay visible behind them. "
                + (f"Now: {steps} steps." if steps > 1 else "Now: off.")
            )
        )
