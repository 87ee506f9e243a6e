"""The most confident mistakes on the validation images."""

from PySide6.QtWidgets import QWidget

from cnnplay.ui.kit.views.layouts import hbox
from cnnplay.ui.kit.views.panel import ElidedLabel
from cnnplay.ui.kit.views.theme import role
from cnnplay.ui.kit.views.tile_panel import Pages
from cnnplay.ui.kit.views.tooltip import tip
from cnnplay.ui.look.evaluation_result import EvaluationResult
from cnnplay.ui.look.look import LookModel
from cnnplay.ui.look.views.evaluation_view import EvaluationView
from cnnplay.ui.look.views.thumbnails import Thumbnails, mistake_caption

EMPTY = "Train the network: its most confident mistakes are shown here after each epoch."
PERFECT = "All validation images are classified correctly."
MOST = 256


class TopLossesView(EvaluationView):
    """``predicted 1, is 7`` under each image. A click chooses the image."""

    def __init__(self, look: LookModel, parent: QWidget | None = None) -> None:
        super().__init__("Top losses", EMPTY, look, parent)
        self.thumbnails = Thumbnails("Images with top losses", look, least=46, most=64)
        self.thumbnails.setToolTip(
            tip(
                "The wrong prediction (red) and the true class, the most confident mistake first. Click an "
                "image to look inside: would you have recognized it?"
            )
        )
        self.read_out = role(ElidedLabel(), "muted")
        self.pages = Pages(self.thumbnails)
        footer = hbox((self.read_out, 1), self.pages)
        self.body.addWidget(self.thumbnails, 1)
        self.body.addLayout(footer)
        self.thumbnails.chosen.connect(self._show_read_out)
        self.refresh()

    @property
    def redraws(self) -> int:
        return self.thumbnails.redraws

    def muted_text(self) -> str:
        text, result = super().muted_text(), self.look.evaluation.result
        many = result is not None and int((result.truths != result.predicted).sum()) > MOST
        return f"{text} · top {MOST} shown" if many else text

    def show_result(self, result: EvaluationResult | None) -> str:
        wrong = result.mistakes(MOST) if result is not None else ()
        self.thumbnails.setVisible(bool(wrong))
        self.read_out.setText("")
        captions = []
        if result is not None:
            captions = [mistake_caption(result.name(one.predicted), result.name(one.truth)) for one in wrong]
        self.thumbnails.show_images([found.image for found in wrong], captions)
        self.pages.refresh()
        return "" if wrong else PERFECT

    def _show_read_out(self, number: int) -> None:
        result = self.look.evaluation.result
        if result is not None and number < len(self.thumbnails.indices):
            found = result.mistakes(MOST)[number]
            self.read_out.setText(
                f"predicted {result.name(found.predicted)} with {found.confidence * 100:.1f} %; true class "
                f"{result.name(found.truth)}"
            )
