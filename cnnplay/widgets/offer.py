"""The bar that asks, when a large network meets small pictures, which of the two is to change."""

from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from cnnplay.spec.settings import Fit
from cnnplay.viewmodels.offer import OfferModel, Option
from cnnplay.widgets.theme import role


class OfferBar(QFrame):
    """A question and a row for each way out: its button, what it changes, what it will cost."""

    def __init__(self, model: OfferModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        role(self, "panel")
        self._model = model
        self.buttons: dict[Fit, QPushButton] = {}
        self._words: dict[Fit, QLabel] = {}
        self._question = QLabel()
        self._question.setWordWrap(True)
        role(self._question, "strong")
        self.later = QPushButton("Leave it")
        role(self.later, "link")
        self.later.setToolTip("Leaves network and pictures as they are. The classes can be set in Build.")
        self.later.clicked.connect(model.dismiss)
        top = QHBoxLayout()
        top.addWidget(self._question, 1)
        top.addWidget(self.later)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.addLayout(top)
        for fit, accept in (("stem", self._accept_stem), ("resize", self._accept_resize)):
            button = QPushButton()
            button.setMinimumWidth(180)
            button.clicked.connect(accept)
            words = QLabel()
            words.setWordWrap(True)
            row = QHBoxLayout()
            row.addWidget(button)
            row.addWidget(words, 1)
            layout.addLayout(row)
            self.buttons[fit], self._words[fit] = button, words  # type: ignore[index]
        model.changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        self.setVisible(self._model.open)
        self._question.setText(self._model.question)
        for option in self._model.options:
            self._show(option)

    def _show(self, option: Option) -> None:
        button, words = self.buttons[option.fit], self._words[option.fit]
        button.setText(option.title)
        button.setAccessibleDescription(option.words)
        cost = option.cost or "its memory and time are being forecast …"
        words.setText(f"{cost}\n{option.words}")

    def _accept_stem(self) -> None:
        self._model.accept("stem")

    def _accept_resize(self) -> None:
        self._model.accept("resize")
