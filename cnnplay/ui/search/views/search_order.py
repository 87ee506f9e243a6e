"""How a search is made: how many trials, how long each, how values are drawn, what is given up."""

from typing import get_args

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QWidget

from cnnplay.network.fields import FieldInfo
from cnnplay.search.options import PRUNERS, SAMPLERS, Pruner, Sampler
from cnnplay.ui.kit.views.inputs import ComboBox, IntSpinBox
from cnnplay.ui.kit.views.panel import Panel
from cnnplay.ui.kit.views.theme import role, theme
from cnnplay.ui.search.search import MOST_TRIALS, SearchModel

WIDTH = 96
"""Of a field, in the design's pixels."""
TRIALS = FieldInfo(
    name="trials",
    label="trials",
    type="integer",
    minimum=1,
    maximum=MOST_TRIALS,
    help="How many are tried in all; a study that is gone on with counts those it has.",
)
EPOCHS = FieldInfo(
    name="epochs",
    label="epochs of each",
    type="integer",
    minimum=1,
    maximum=100_000,
    help="How long each trial trains. What is good shows early: a few will do, and the best is trained on.",
)
START_HINT = "Draws values, trains, judges, and so on; every trial is a run of the workspace Runs (F5)"
STOP_HINT = "Ends after the batch at hand; the study can be gone on with (Shift+F5)"


class OrderPanel(Panel):
    """The model holds what is asked for; what cannot be changed now says why."""

    def __init__(self, model: SearchModel, parent: QWidget | None = None) -> None:
        super().__init__("How", parent=parent)
        self._model = model
        self.trials, self.epochs = IntSpinBox(TRIALS), IntSpinBox(EPOCHS)
        self.sampler, self.pruner = ComboBox(get_args(Sampler)), ComboBox(get_args(Pruner))
        self.words, self.reason = QLabel(), QLabel()
        for label in (self.words, self.reason):
            label.setWordWrap(True)
            role(label, "muted")
        self.start, self.stop = QPushButton("Search"), QPushButton("Stop")
        role(self.start, "primary")
        self.stop.setToolTip(STOP_HINT)
        self._lay_out()
        self.trials.valueChanged.connect(lambda value: model.ask(trials=value))
        self.epochs.valueChanged.connect(lambda value: model.ask(epochs=value))
        self.sampler.textActivated.connect(lambda text: model.ask(sampler=text))
        self.pruner.textActivated.connect(lambda text: model.ask(pruner=text))
        self.start.clicked.connect(lambda: model.start())
        self.stop.clicked.connect(lambda: model.stop())
        model.state_changed.connect(self.refresh)
        theme().changed.connect(self._restyle)
        self._restyle()
        self.refresh()

    def _lay_out(self) -> None:
        form = QGridLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(theme().px(8))
        form.setVerticalSpacing(theme().px(6))
        fields = (
            ("trials", self.trials, TRIALS.help),
            ("epochs of each", self.epochs, EPOCHS.help),
            ("drawn by", self.sampler, ""),
            ("given up by", self.pruner, ""),
        )
        for number, (text, widget, hint) in enumerate(fields):
            label = QLabel(text)
            label.setBuddy(widget)
            widget.setAccessibleName(text)
            widget.setToolTip(hint)
            form.addWidget(label, number % 2, 3 * (number // 2))
            form.addWidget(widget, number % 2, 3 * (number // 2) + 1)
        form.setColumnStretch(2, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme().px(8))
        buttons.addWidget(self.start, 1)
        buttons.addWidget(self.stop, 1)
        self.body.addLayout(form)
        self.body.addWidget(self.words)
        self.body.addWidget(self.reason)
        self.body.addLayout(buttons)

    @Slot()
    def refresh(self) -> None:
        """What is asked for, and whether it can begin."""
        model, active = self._model, self._model.active
        self.trials.show_value(model.trials)
        self.epochs.show_value(model.epochs)
        for box, value, words in (
            (self.sampler, model.sampler, SAMPLERS[model.sampler]),
            (self.pruner, model.pruner, PRUNERS[model.pruner]),
        ):
            box.setCurrentIndex(box.findText(value))
            box.setToolTip(words)
            box.setEnabled(not active)
        self.trials.setEnabled(not active)
        self.epochs.setEnabled(not active and not model.begun)
        fixed = "The study has begun: its trials are as long as they were"
        self.epochs.setToolTip(fixed if model.begun else EPOCHS.help)
        reason = model.disabled_reason()
        self.start.setText("Go on" if model.begun and not active else "Search")
        self.start.setEnabled(not reason)
        self.start.setToolTip(f"{START_HINT}\nNot now: {reason}" if reason else START_HINT)
        self.stop.setEnabled(active and model.state != "stopping")
        self.words.setText(model.forecast_words)
        self.words.setVisible(bool(model.forecast_words) and not active)
        self.reason.setText(f"Not now: {reason}." if reason else "")
        self.reason.setVisible(bool(reason) and not active)

    def _restyle(self) -> None:
        for widget in (self.trials, self.epochs, self.sampler, self.pruner):
            widget.setFixedWidth(theme().px(WIDTH))
