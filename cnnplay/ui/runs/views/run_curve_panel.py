"""The loss and the primary metric of the selected runs side by side, and how they are shown."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLabel,
    QPushButton,
    QSlider,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from cnnplay.spec.tasks import LOSS
from cnnplay.ui.kit.views.panel import EmptyState, Panel
from cnnplay.ui.kit.views.splitter import Splitter
from cnnplay.ui.kit.views.theme import role, theme
from cnnplay.ui.kit.views.tooltip import tip
from cnnplay.ui.plot.curve_settings import SMOOTHINGS
from cnnplay.ui.runs.run_curves import AXES, SPLITS
from cnnplay.ui.runs.runs import MOST_DRAWN, RunsModel
from cnnplay.ui.runs.views.run_plot import RunPlot

EMPTY = "Select runs in the table to compare their curves.\nHold Ctrl or Shift to select several."
READING = "Loading …"


class RunCurvePanel(Panel):
    """Two plots with shared controls."""

    def __init__(self, runs: RunsModel, parent: QWidget | None = None) -> None:
        super().__init__("Curves", parent=parent)
        self._runs, self._model = runs, runs.curves
        self.loss = RunPlot("loss", self._model)
        self.primary = RunPlot("primary", self._model)
        self._primary_title = _title("")
        self.empty = EmptyState(EMPTY, parent=self)
        self._pair = QWidget(self)
        self.splitter = Splitter(
            Qt.Orientation.Horizontal,
            _titled(_title(LOSS.heading), self.loss),
            _titled(self._primary_title, self.primary),
        )
        inner = QVBoxLayout(self._pair)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addWidget(self.splitter)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self._pair)
        self._make_controls()
        self.body.addLayout(self._stack, 1)
        for plot in (self.loss, self.primary):
            plot.following_changed.connect(self._show_fit)
        runs.selection_changed.connect(self._refresh)
        runs.values_changed.connect(self._refresh)
        runs.rows_changed.connect(self._refresh)
        self._model.changed.connect(self._refresh)
        theme().changed.connect(self._restyle)
        self._restyle()
        self._refresh()

    def _make_controls(self) -> None:
        self.splits = _choice(SPLITS, self._model.splits, "Split", "Show validation, training, or both")
        self.splits.currentIndexChanged.connect(lambda index: self._model.set_splits(SPLITS[index]))
        self.axis = _choice(
            AXES,
            self._model.axis,
            "x axis",
            "The x axis: epochs, steps, or training time",
        )
        self.axis.currentIndexChanged.connect(lambda index: self._model.set_axis(AXES[index]))
        self.log = QCheckBox("Log scale")
        self.log.setToolTip("Draw the loss on a log scale, which spreads out small values (L)")
        self.log.setAccessibleName("logarithmic scale of the loss")
        self.log.setChecked(self._model.logarithmic)
        self.log.toggled.connect(self._model.set_logarithmic)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, len(SMOOTHINGS) - 1)
        self.slider.setPageStep(1)
        self.slider.setAccessibleName("smoothing")
        self.slider.setValue(SMOOTHINGS.index(self._model.smoothing))
        self.slider.valueChanged.connect(lambda index: self._model.set_smoothing(SMOOTHINGS[index]))
        self.fit_button = QPushButton("View all")
        role(self.fit_button, "link")
        self.fit_button.setToolTip("Show the whole curves again (double-click, or Home)")
        self.fit_button.setAccessibleName("view all of the curves")
        self.fit_button.clicked.connect(self._fit)
        kept = self.fit_button.sizePolicy()
        kept.setRetainSizeWhenHidden(True)
        self.fit_button.setSizePolicy(kept)
        self.fit_button.hide()
        for widget in (self.fit_button, self.splits, QLabel("by"), self.axis, self.log, self.slider):
            self.add_corner(widget)

    @Slot()
    def _fit(self) -> None:
        self.loss.follow()
        self.primary.follow()

    @Slot()
    def _show_fit(self) -> None:
        self.fit_button.setVisible(not (self.loss.following and self.primary.following))

    @Slot()
    def _refresh(self) -> None:
        shown, selected = self._model.drawn_runs, self._runs.selected
        drawn = [run for run in shown if not run.history.empty]
        problems = "\n".join(self._runs.problems.values())
        if not selected:
            self.empty.set_text(EMPTY)
        elif problems:
            self.empty.set_text(problems)
        else:
            whole = len(shown) == len(self._runs.drawn)
            self.empty.set_text("No values yet." if whole else READING)
        self._stack.setCurrentWidget(self._pair if drawn else self.empty)
        self._primary_title.setText(self._model.shown_metric("primary").heading)
        self.set_muted(self._facts(len(selected), problems))
        self.log.setChecked(self._model.logarithmic)
        self.splits.setCurrentIndex(SPLITS.index(self._model.splits))
        self.axis.setCurrentIndex(AXES.index(self._model.axis))
        training = self._model.splits != "validation"
        steps = self._model.smoothing
        self.slider.setVisible(training)  # validation is not smoothed
        now = f"averaged over {steps} steps" if steps > 1 else "off"
        self.slider.setToolTip(tip(f"Smooth the training curves. Now: {now}."))

    def _facts(self, selected: int, problems: str) -> str:
        smoothed = self._model.splits != "validation" and self._model.smoothing > 1
        averaged = smoothed and any(run.history.averaged for run in self._model.drawn_runs)
        return " · ".join(
            part
            for part in (
                f"the first {MOST_DRAWN} of {selected:,} selected runs" if selected > MOST_DRAWN else "",
                problems.split("\n")[0],
                "old steps are averaged" if averaged else "",
            )
            if part
        )

    @Slot()
    def _restyle(self) -> None:
        self.slider.setFixedWidth(theme().px(64))
        self._corner.setSpacing(theme().px(8))


def _title(text: str) -> QLabel:
    label = QLabel(text)
    role(label, "muted")
    return label


def _titled(title: QLabel, plot: RunPlot) -> QWidget:
    holder = QWidget()
    layout = QVBoxLayout(holder)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    layout.addWidget(title)
    layout.addWidget(plot, 1)
    return holder


def _choice(choices: tuple[str, ...], selected: str, name: str, hint: str) -> QComboBox:
    box = QComboBox()
    box.addItems(list(choices))
    box.setCurrentIndex(choices.index(selected))
    box.setAccessibleName(name)
    box.setToolTip(tip(hint))
    return box
