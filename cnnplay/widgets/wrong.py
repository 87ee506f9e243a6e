"""The validation pictures that the network is surest about, and wrong."""

from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from cnnplay.viewmodels.look import LookModel
from cnnplay.widgets.panel import ElidedLabel, EmptyState, Panel
from cnnplay.widgets.theme import role
from cnnplay.widgets.thumbnails import Thumbnails
from cnnplay.widgets.tile_panel import Pages

EMPTY = "Train the network: after each epoch the pictures that it is surest about, and wrong, show here."
PERFECT = "Not one validation picture is wrong."
MOST = 256


class WrongView(Panel):
    """``1 for 7``: what the network said, and the truth. A click looks at the picture."""

    def __init__(self, look: LookModel, parent: QWidget | None = None) -> None:
        super().__init__("Most wrong", parent=parent)
        self._look = look
        self.pictures = Thumbnails("Most wrong pictures", look, least=46, most=64)
        self.pictures.setToolTip(
            "What the network said (red) for what it is, the surest mistake first. Click one to look at it: "
            "are these mistakes that you would forgive?"
        )
        self.empty = EmptyState(EMPTY)
        self.read_out = ElidedLabel()
        role(self.read_out, "muted")
        self.pages = Pages(self.pictures)
        footer = QHBoxLayout()
        footer.addWidget(self.read_out, 1)
        footer.addWidget(self.pages)
        self.body.addWidget(self.empty, 1)
        self.body.addWidget(self.pictures, 1)
        self.body.addLayout(footer)
        self.pictures.chosen.connect(self._say)
        look.judge.changed.connect(self.refresh)
        look.data.changed.connect(self.refresh)
        self.refresh()

    @property
    def redraws(self) -> int:
        return self.pictures.redraws

    def refresh(self) -> None:
        verdict, names = self._look.judge.judged, self._look.pictures.classes
        wrong = verdict.mistakes(MOST) if verdict is not None else ()
        self.set_muted(self._look.judge.words)
        self.empty.setVisible(not wrong)
        self.pictures.setVisible(bool(wrong))
        self.empty.set_text(PERFECT if verdict is not None else EMPTY)
        said = [_name(names, found.predicted) for found in wrong]
        captions = [
            f"{word} for {_name(names, found.truth)}" for word, found in zip(said, wrong, strict=True)
        ]
        self.pictures.show_pictures([found.picture for found in wrong], captions, said)
        self.pages.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._look.want("judged", self, True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._look.want("judged", self, False)

    def _say(self, number: int) -> None:
        verdict = self._look.judge.judged
        if verdict is not None and number < len(self.pictures.indices):
            found = verdict.mistakes(MOST)[number]
            names = self._look.pictures.classes
            self.read_out.setText(
                f"taken for {_name(names, found.predicted)} with {found.confidence * 100:.1f} %; it is "
                f"{_name(names, found.truth)}"
            )


def _name(names: tuple[str, ...], number: int) -> str:
    return names[number] if number < len(names) else f"class {number + 1}"
