"""The learning rate finder: the range test live, its suggestion, and a button that applies it."""

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from cnnplay.network.fields import fields_of
from cnnplay.spec.range_test import RangeTest
from cnnplay.ui.kit.views.command import set_available
from cnnplay.ui.kit.views.fields import FieldEditor, field_editor
from cnnplay.ui.kit.views.first_size import resize_first
from cnnplay.ui.kit.views.inputs import ComboBox
from cnnplay.ui.kit.views.layouts import hbox
from cnnplay.ui.kit.views.panel import wrapped
from cnnplay.ui.kit.views.theme import role, theme
from cnnplay.ui.kit.views.tooltip import tip
from cnnplay.ui.train.rate_finder import RateFinder
from cnnplay.ui.train.schedule import rate_text
from cnnplay.ui.train.views.rate_plot import RatePlot

FIRST_SIZE = (720, 480)
WEIGHTS = ("random", "trained")
WEIGHTS_HINT = (
    "The weights that the test starts from: new random ones, as in Train from scratch, or a copy of the "
    "trained ones. The weights of the network do not change."
)
AGAIN_HINT = "Run the test on a copy of the network, with the current settings; the network is not trained"


class RateFinderDialog(QDialog):
    """Starts the test at once if it can. Closing cancels it without waiting."""

    def __init__(self, model: RateFinder, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.setWindowTitle("Learning rate finder")
        self.plot = RatePlot(model)
        self.status = wrapped("", "")
        self.status.setMinimumHeight(2 * self.status.fontMetrics().lineSpacing())
        self.status.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.editors: dict[str, FieldEditor] = {}
        self.weights = ComboBox(WEIGHTS)
        self.weights.setAccessibleName("Initial weights of the test")
        self.weights.textActivated.connect(self._weights_chosen)
        self.again, self.use = QPushButton("Start"), QPushButton("Use")
        role(self.use, "primary")
        self.again.clicked.connect(self._again)
        self.use.clicked.connect(self._use)
        self.close_button = QPushButton("Close")
        self.close_button.setToolTip("Cancel the test and keep the learning rate (Esc)")
        self.close_button.clicked.connect(self.reject)
        for button in (self.again, self.close_button):
            button.setAutoDefault(False)
        layout = QVBoxLayout(self)
        layout.addLayout(self._head())
        layout.addWidget(self.plot, 1)
        layout.addWidget(self.status)
        layout.addLayout(self._foot())
        resize_first(self, QSize(*FIRST_SIZE) * theme().text_scale)
        model.changed.connect(self.refresh)
        self.refresh()

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme().px(6))
        for field in fields_of(RangeTest):
            editor = self.editors[field.name] = field_editor(field)
            editor.edited.connect(self._model.set)
            editor.inputs()[0].setFixedWidth(theme().px(72))
            row.addWidget(editor.label)
            row.addWidget(editor)
            row.addSpacing(theme().px(6))
        label = QLabel("weights")
        label.setBuddy(self.weights)
        label.setToolTip(tip(WEIGHTS_HINT))
        row.addWidget(label)
        row.addWidget(self.weights)
        row.addSpacing(theme().px(6))
        row.addStretch(1)
        return row

    def _foot(self) -> QHBoxLayout:
        return hbox(self.again, None, self.close_button, self.use, spacing=8)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._model.disabled_reason():
            self._model.start()
        self.plot.setFocus()

    def done(self, result: int) -> None:
        self._model.cancel()
        super().done(result)

    @Slot()
    def refresh(self) -> None:
        model, idle = self._model, self._model.state == "idle"
        problems = {problem.field: problem.message for problem in model.problems}
        for name, editor in self.editors.items():
            editor.set_value(getattr(model.test, name))
            editor.set_problem(problems.get(name, ""))
            editor.setEnabled(idle)
        self._refresh_weights(idle)
        text = next(iter(problems.values()), model.text)
        if text != self.status.text():
            self.status.setText(text)
        role(self.status, "fault" if problems or model.problem else "muted")
        self._refresh_buttons(idle)

    def _refresh_weights(self, idle: bool) -> None:
        model, reason = self._model, self._model.trained_disabled_reason()
        self.weights.setCurrentText(WEIGHTS[1] if model.trained and not reason else WEIGHTS[0])
        set_available(self.weights, WEIGHTS_HINT, reason)
        if not idle:
            self.weights.setEnabled(False)

    def _refresh_buttons(self, idle: bool) -> None:
        model = self._model
        reason = model.disabled_reason() if idle else ""
        self.again.setText(("Again" if model.points else "Start") if idle else "Stop")
        hint = AGAIN_HINT if idle else "Stop the test after this batch and keep the points so far"
        set_available(self.again, hint, reason)
        if model.state == "stopping":
            self.again.setEnabled(False)
        self.use.setText(model.use_label or "Use")
        hint = f"Set this learning rate instead of {rate_text(model.current)} and close the dialog (Enter)"
        nothing = "click the curve to choose a learning rate" if model.points else "there is no result yet"
        set_available(self.use, hint, "" if model.chosen is not None else nothing)
        self.use.setDefault(True)

    @Slot()
    def _again(self) -> None:
        if self._model.state == "idle":
            self._model.start()
        else:
            self._model.stop()
        self.plot.setFocus()

    @Slot()
    def _use(self) -> None:
        self._model.use()
        self.accept()

    @Slot(str)
    def _weights_chosen(self, text: str) -> None:
        self._model.set_trained(text == WEIGHTS[1])
