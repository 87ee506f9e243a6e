"""Loss and accuracy of the chosen runs beside one another, and how they are drawn."""

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

from cnnplay.ui.kit.views.panel import EmptyState, Panel
from cnnplay.ui.kit.views.splitter import Splitter
from cnnplay.ui.kit.views.theme import role, theme
from cnnplay.ui.runs.run_curves import AXES, PARTS
from cnnplay.ui.runs.runs import MOST_DRAWN, RunsModel
from cnnplay.ui.runs.views.run_plot import RunPlot
from cnnplay.ui.train.curves import SMOOTHINGS

EMPTY = "Choose runs in the table to see their curves over one another.\nHold Ctrl or Shift for several."
READING = "Reading …"


class RunCurvePanel(Panel):
    """Two plots with common controls."""

    def __init__(self, runs: RunsModel, parent: QWidget | None = None) -> None:
        super().__init__("Curves", parent=parent)
        self._runs, self._model = runs, runs.curves
        self.loss = RunPlot("loss", self._model)
        self.accuracy = RunPlot("accuracy", self._model)
        self.empty = EmptyState(EMPTY, parent=self)
        self._pair = QWidget(self)
        self._split = Splitter(
            Qt.Orientation.Horizontal, _titled("Loss", self.loss), _titled("Accuracy", self.accuracy)
        )
        inner = QVBoxLayout(self._pair)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addWidget(self._split)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self._pair)
        self._make_controls()
        self.body.addLayout(self._stack, 1)
        for plot in (self.loss, self.accuracy):
            plot.following_changed.connect(self._show_fit)
        runs.chosen_changed.connect(self._refresh)
        runs.told_changed.connect(self._refresh)
        runs.rows_changed.connect(self._refresh)
        self._model.changed.connect(self._refresh)
        theme().changed.connect(self._restyle)
        self._restyle()
        self._refresh()

    def splitters(self) -> tuple[Splitter, ...]:
        """Those whose places are remembered."""
        return (self._split,)

    def reset_layout(self) -> None:
        self._split.setSizes([500, 500])

    def _make_controls(self) -> None:
        self.parts = _choice(
            PARTS, self._model.parts, "Which part", "Validation pictures, training batches, or both"
        )
        self.parts.currentIndexChanged.connect(lambda index: self._model.set_parts(PARTS[index]))
        self.axis = _choice(
            AXES,
            self._model.axis,
            "By",
            "What stands along the bottom: epochs, steps, or the time that training took",
        )
        self.axis.currentIndexChanged.connect(lambda index: self._model.set_axis(AXES[index]))
        self.log = QCheckBox("log")
        self.log.setToolTip("Draw the loss on a logarithmic scale: small ones far apart (L)")
        self.log.setAccessibleName("logarithmic scale of the loss")
        self.log.setChecked(self._model.logarithmic)
        self.log.toggled.connect(self._model.set_logarithmic)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, len(SMOOTHINGS) - 1)
        self.slider.setPageStep(1)
        self.slider.setAccessibleName("smoothing")
        self.slider.setValue(SMOOTHINGS.index(self._model.smoothing))
        self.slider.valueChanged.connect(lambda index: self._model.set_smoothing(SMOOTHINGS[index]))
        self.fit_button = QPushButton("fit")
        role(self.fit_button, "link")
        self.fit_button.setToolTip("Show all again; a double click or the key Home does it too")
        self.fit_button.setAccessibleName("fit the curves of runs")
        self.fit_button.clicked.connect(self._fit)
        kept = self.fit_button.sizePolicy()
        kept.setRetainSizeWhenHidden(True)
        self.fit_button.setSizePolicy(kept)
        self.fit_button.hide()
        for widget in (self.fit_button, self.parts, QLabel("by"), self.axis, self.log, self.slider):
            self.add_corner(widget)

    @Slot()
    def _fit(self) -> None:
        self.loss.follow()
        self.accuracy.follow()

    @Slot()
    def _show_fit(self) -> None:
        self.fit_button.setVisible(not (self.loss.following and self.accuracy.following))

    @Slot()
    def _refresh(self) -> None:
        shown, chosen = self._model.shown, self._runs.chosen
        drawn = [run for run in shown if len(run.trace) or run.trace.epochs]
        problems = "\n".join(self._runs.problems.values())
        if not chosen:
            self.empty.set_text(EMPTY)
        elif problems:
            self.empty.set_text(problems)
        else:
            whole = len(shown) == len(self._runs.drawn)
            self.empty.set_text("Nothing was measured in it yet." if whole else READING)
        self._stack.setCurrentWidget(self._pair if drawn else self.empty)
        self.set_muted(self._facts(len(chosen), problems))
        self.log.setChecked(self._model.logarithmic)
        self.parts.setCurrentIndex(PARTS.index(self._model.parts))
        self.axis.setCurrentIndex(AXES.index(self._model.axis))
        training = self._model.parts != "validation"
        steps = self._model.smoothing
        self.slider.setVisible(training)  # validation is not smoothed
        now = f"over {steps} steps" if steps > 1 else "not at all"
        hint = f"Smooths the training curves. Now: {now}"
        self.slider.setToolTip(f"{hint}.")

    def _facts(self, chosen: int, problems: str) -> str:
        averaged = any(run.trace.averaged for run in self._model.shown)
        return " · ".join(
            part
            for part in (
                f"the first {MOST_DRAWN} of {chosen:,} chosen runs" if chosen > MOST_DRAWN else "",
                problems.split("\n")[0],
                "old steps are averaged" if averaged and self._model.parts != "validation" else "",
            )
            if part
        )

    @Slot()
    def _restyle(self) -> None:
        self.slider.setFixedWidth(theme().px(64))
        self._corner.setSpacing(theme().px(8))


def _titled(title: str, plot: RunPlot) -> QWidget:
    holder = QWidget()
    layout = QVBoxLayout(holder)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    words = QLabel(title)
    role(words, "muted")
    layout.addWidget(words)
    layout.addWidget(plot, 1)
    return holder


def _choice(choices: tuple[str, ...], chosen: str, name: str, hint: str) -> QComboBox:
    box = QComboBox()
    box.addItems(list(choices))
    box.setCurrentIndex(choices.index(chosen))
    box.setAccessibleName(name)
    box.setToolTip(hint)
    return box
