"""The base of views of the evaluation: they want one while they are visible, and say why there is none."""

from PySide6.QtWidgets import QWidget

from cnnplay.ui.kit.views.panel import EmptyState, wrapped
from cnnplay.ui.look.evaluation_result import EvaluationResult
from cnnplay.ui.look.look import LookModel
from cnnplay.ui.look.views.look_panel import LookPanel


class EvaluationView(LookPanel):
    """A panel on the newest evaluation: a subclass shows it in `show_result`, else there is `empty`."""

    def __init__(self, title: str, empty: str, look: LookModel, parent: QWidget | None = None) -> None:
        super().__init__(title, "evaluation", look, parent)
        self.empty = EmptyState(empty)
        self._empty_text = empty
        self.hint = wrapped("", "")
        self.hint.hide()
        self.body.addWidget(self.hint)
        self.body.addWidget(self.empty, 1)
        look.evaluation.changed.connect(self.refresh)
        look.evaluation.progressed.connect(self._show_progress)
        look.data.changed.connect(self.refresh)

    def show_result(self, result: EvaluationResult | None) -> str:
        """Shows an evaluation. Returns why there is nothing to show of it, "" if there is."""
        raise NotImplementedError

    def refresh(self) -> None:
        result = self.look.evaluation.result
        reason = self.show_result(result)
        self.set_muted(self.muted_text())
        self.hint.setText(self.look.evaluation.hint)
        self.hint.setVisible(bool(self.hint.text()))
        self.empty.setVisible(result is None or bool(reason))
        self.empty.set_text(self._empty_text if result is None else reason)

    def muted_text(self) -> str:
        return self.look.evaluation.text

    def _show_progress(self) -> None:
        self.set_muted(self.muted_text())
