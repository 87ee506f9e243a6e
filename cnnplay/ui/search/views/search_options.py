"""The options of a search: trials, epochs per trial, sampler and pruner; Search and Stop."""

from typing import get_args

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QWidget

from cnnplay.network.fields import FieldInfo
from cnnplay.search.options import PRUNERS, SAMPLERS, Pruner, Sampler
from cnnplay.ui.kit.views.command import set_available
from cnnplay.ui.kit.views.inputs import ComboBox, IntSpinBox
from cnnplay.ui.kit.views.layouts import hbox
from cnnplay.ui.kit.views.panel import Panel, wrapped
from cnnplay.ui.kit.views.theme import follow_theme, role, theme
from cnnplay.ui.kit.views.tooltip import tip
from cnnplay.ui.search.search import MOST_TRIALS, SearchModel

WIDTH = 96
"""The width of a field, in design pixels."""
TRIALS = FieldInfo(
    name="trials",
    label="trials",
    type="integer",
    minimum=1,
    maximum=MOST_TRIALS,
    help="Total number of trials, including those of a resumed study.",
)
EPOCHS = FieldInfo(
    name="epochs",
    label="epochs per trial",
    type="integer",
    minimum=1,
    maximum=100_000,
    help="Epochs per trial. A few are enough to compare trials; train the best one longer afterwards.",
)
START_HINT = "Sample values, train and evaluate, trial after trial. Every trial is listed in Runs (F5)"
STOP_HINT = "Stop after the current batch; the study can be resumed (Shift+F5)"


class OptionsPanel(Panel):
    """The options are in the model."""

    def __init__(self, model: SearchModel, parent: QWidget | None = None) -> None:
        super().__init__("Options", parent=parent)
        self._model = model
        self.trials, self.epochs = IntSpinBox(TRIALS), IntSpinBox(EPOCHS)
        self.sampler, self.pruner = ComboBox(get_args(Sampler)), ComboBox(get_args(Pruner))
        self.estimate, self.reason = wrapped(), wrapped()
        self.start, self.stop = QPushButton("Search"), QPushButton("Stop")
        role(self.start, "primary")
        self.stop.setToolTip(tip(STOP_HINT))
        self._lay_out()
        self.trials.valueChanged.connect(lambda value: model.set_options(trials=value))
        self.epochs.valueChanged.connect(lambda value: model.set_options(epochs=value))
        self.sampler.textActivated.connect(lambda text: model.set_options(sampler=text))
        self.pruner.textActivated.connect(lambda text: model.set_options(pruner=text))
        self.start.clicked.connect(lambda: model.start())
        self.stop.clicked.connect(lambda: model.stop())
        model.state_changed.connect(self.refresh)
        follow_theme(self._restyle)
        self.refresh()

    def _lay_out(self) -> None:
        form = QGridLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(theme().px(8))
        form.setVerticalSpacing(theme().px(6))
        fields = (
            ("trials", self.trials, TRIALS.help),
            ("epochs per trial", self.epochs, EPOCHS.help),
            ("sampler", self.sampler, ""),
            ("pruner", self.pruner, ""),
        )
        for number, (text, widget, hint) in enumerate(fields):
            label = QLabel(text)
            label.setBuddy(widget)
            widget.setAccessibleName(text)
            widget.setToolTip(tip(hint))
            form.addWidget(label, number % 2, 3 * (number // 2))
            form.addWidget(widget, number % 2, 3 * (number // 2) + 1)
        form.setColumnStretch(2, 1)
        buttons = hbox((self.start, 1), (self.stop, 1), spacing=8)
        self.body.addLayout(form)
        self.body.addWidget(self.estimate)
        self.body.addWidget(self.reason)
        self.body.addLayout(buttons)

    @Slot()
    def refresh(self) -> None:
        """Shows the options, and whether the search can start."""
        model, active = self._model, self._model.active
        self.trials.show_value(model.trials)
        self.epochs.show_value(model.epochs)
        for box, value, text in (
            (self.sampler, model.sampler, SAMPLERS[model.sampler]),
            (self.pruner, model.pruner, PRUNERS[model.pruner]),
        ):
            box.setCurrentIndex(box.findText(value))
            box.setToolTip(tip(text))
            box.setEnabled(not active)
        self.trials.setEnabled(not active)
        self.epochs.setEnabled(not active and not model.has_started)
        locked = "The study has started: its number of epochs per trial is fixed"
        self.epochs.setToolTip(tip(locked if model.has_started else EPOCHS.help))
        reason = model.disabled_reason()
        self.start.setText("Resume" if model.has_started and not active else "Search")
        set_available(self.start, START_HINT, reason)
        self.stop.setEnabled(active and model.state != "stopping")
        self.estimate.setText(model.estimate_text)
        self.estimate.setVisible(bool(model.estimate_text) and not active)
        self.reason.setText(f"Unavailable: {reason}." if reason else "")
        self.reason.setVisible(bool(reason) and not active)

    def _restyle(self) -> None:
        for widget in (self.trials, self.epochs, self.sampler, self.pruner):
            widget.setFixedWidth(theme().px(WIDTH))
