"""The dialog of the final test: explains it, evaluates, and shows the result."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from cnnplay.ui.kit.views.dialog_title import fit_title
from cnnplay.ui.kit.views.panel import wrapped
from cnnplay.ui.kit.views.theme import role, theme
from cnnplay.ui.train.final_test import FinalTest


class FinalTestDialog(QDialog):
    """Takes ownership of the model: closing the dialog cancels the evaluation."""

    def __init__(self, model: FinalTest, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Final test")
        fit_title(self)
        self._model = model
        model.setParent(self)
        self.question = wrapped(model.question, "")
        self.outcome = wrapped("", "")
        self.outcome.setAccessibleName("Result")
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Evaluating")
        self.buttons = QDialogButtonBox()
        self.evaluate_button = role(QPushButton("Evaluate once"), "primary")
        self.evaluate_button.setToolTip("Evaluate the test split; nothing is learned from it")
        self.close_button = QPushButton("Close")
        self.close_button.setToolTip("Close the dialog and cancel an unfinished evaluation")
        self.buttons.addButton(self.evaluate_button, QDialogButtonBox.ButtonRole.ActionRole)
        self.buttons.addButton(self.close_button, QDialogButtonBox.ButtonRole.RejectRole)
        self.evaluate_button.clicked.connect(model.begin)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(theme().px(12))
        for widget in (self.question, self.progress, self.outcome, self.buttons):
            layout.addWidget(widget)
        self.setMinimumWidth(max(theme().px(460), self.minimumWidth()))
        model.changed.connect(self.refresh)
        self.refresh()

    def done(self, result: int) -> None:
        self._model.cancel()
        super().done(result)

    @Slot()
    def refresh(self) -> None:
        state = self._model.state
        self.progress.setVisible(state == "evaluating")
        self.outcome.setText(self._model.text)
        self.outcome.setVisible(bool(self._model.text))
        role(self.outcome, "fault" if state == "failed" else "strong" if state == "evaluated" else "muted")
        self.evaluate_button.setEnabled(state in ("asking", "failed"))
