"""The validation pictures that the network is surest about, and wrong."""

from PySide6.QtWidgets import QHBoxLayout, QWidget

from cnnplay.ui.kit.views.panel import ElidedLabel
from cnnplay.ui.kit.views.theme import role
from cnnplay.ui.kit.views.tile_panel import Pages
from cnnplay.ui.look.judged import Judged
from cnnplay.ui.look.look import LookModel
from cnnplay.ui.look.views.thumbnails import Thumbnails
from cnnplay.ui.look.views.verdict import VerdictView

EMPTY = "Train the network: after each epoch the pictures that it is surest about, and wrong, show here."
PERFECT = "Not one validation picture is wrong."
MOST = 256


class WrongView(VerdictView):
    """``1 for 7``: what the network said, and the truth. A click looks at the picture."""

    def __init__(self, look: LookModel, parent: QWidget | None = None) -> None:
        super().__init__("Most wrong", EMPTY, look, parent)
        self.pictures = Thumbnails("Most wrong pictures", look, least=46, most=64)
        self.pictures.setToolTip(
            "What the network said (red) for what it is, the surest mistake first. Click one to look at it: "
            "are these mistakes that you would forgive?"
        )
        self.read_out = ElidedLabel()
        role(self.read_out, "muted")
        self.pages = Pages(self.pictures)
        footer = QHBoxLayout()
        footer.addWidget(self.read_out, 1)
        footer.addWidget(self.pages)
        self.body.addWidget(self.pictures, 1)
        self.body.addLayout(footer)
        self.pictures.chosen.connect(self._say)
        self.refresh()

    @property
    def redraws(self) -> int:
        return self.pictures.redraws

    def muted_words(self) -> str:
        words, verdict = super().muted_words(), self.look.judge.judged
        many = verdict is not None and int((verdict.truths != verdict.predicted).sum()) > MOST
        return f"{words} · the {MOST} surest here" if many else words

    def show_verdict(self, verdict: Judged | None) -> str:
        wrong = verdict.mistakes(MOST) if verdict is not None else ()
        self.pictures.setVisible(bool(wrong))
        self.read_out.setText("")
        said, captions = [], []
        if verdict is not None:
            said = [verdict.name(found.predicted) for found in wrong]
            captions = [
                f"{word} for {verdict.name(found.truth)}" for word, found in zip(said, wrong, strict=True)
            ]
        self.pictures.show_pictures([found.picture for found in wrong], captions, said)
        self.pages.refresh()
        return "" if wrong else PERFECT

    def _say(self, number: int) -> None:
        verdict = self.look.judge.judged
        if verdict is not None and number < len(self.pictures.indices):
            found = verdict.mistakes(MOST)[number]
            self.read_out.setText(
                f"taken for {verdict.name(found.predicted)} with {found.confidence * 100:.1f} %; it is "
                f"{verdict.name(found.truth)}"
            )
