"""The bar that asks how to fit network and data set to each other."""

import msgspec
from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QVBoxLayout, QWidget

from cnnplay.network.fields import fields_of
from cnnplay.network.network import Input
from cnnplay.spec.settings import Fit
from cnnplay.ui.kit.views.command import set_available
from cnnplay.ui.kit.views.fields import PairEditor
from cnnplay.ui.kit.views.layouts import hbox
from cnnplay.ui.kit.views.panel import wrapped
from cnnplay.ui.kit.views.theme import follow_theme, role, theme
from cnnplay.ui.kit.views.tooltip import tip
from cnnplay.ui.train.fit_offer import FitOfferModel, Option

SIZE = msgspec.structs.replace(
    next(field for field in fields_of(Input) if field.name == "height"),
    name="size",
    label="Input size of the network",
    help="All images are resized to this size, and the network is fitted to it.",
)


class FitOfferBar(QFrame):
    """A question and a row per option: its button, what it changes, its estimated cost."""

    def __init__(self, model: FitOfferModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        role(self, "panel")
        self._model = model
        self.buttons: dict[Fit, QPushButton] = {}
        self._labels: dict[Fit, QLabel] = {}
        self._rows: dict[Fit, QWidget] = {}
        self._question = wrapped("", "strong")
        self.later = role(QPushButton("Keep as is"), "link")
        self.later.setToolTip(
            tip("Change neither the network nor the images. You can set the number of classes in Build.")
        )
        self.later.clicked.connect(model.dismiss)
        top = hbox((self._question, 1), self.later)
        layout = self._layout = QVBoxLayout(self)
        layout.addLayout(top)
        self.size_editor = PairEditor(SIZE)
        self.size_editor.edited.connect(self._size_edited)
        self._size_row = QWidget()
        hbox(QLabel(f"{SIZE.label}:"), self.size_editor, None, into=self._size_row)
        layout.addWidget(self._size_row)
        for fit, accept in (("stem", self._accept_stem), ("resize", self._accept_resize)):
            button = QPushButton()
            button.clicked.connect(accept)
            label = wrapped("", "")
            row = QWidget()
            hbox(button, (label, 1), into=row)
            layout.addWidget(row)
            self.buttons[fit], self._labels[fit], self._rows[fit] = button, label, row  # type: ignore[index]
        model.changed.connect(self._refresh)
        model.asked.connect(self._take_keyboard)
        follow_theme(self._restyle)
        self._refresh()

    def _refresh(self) -> None:
        self.setVisible(self._model.open)
        self._question.setText(self._model.question)
        self._size_row.setVisible(self._model.size is not None)
        if self._model.size is not None:
            self.size_editor.set_value(self._model.size)
            self._show_problem("")
        for fit, row in self._rows.items():
            row.setVisible(any(option.fit == fit for option in self._model.options))
        for option in self._model.options:
            self._show(option)

    def _restyle(self) -> None:
        px = theme().px
        self._layout.setContentsMargins(px(12), px(8), px(12), px(8))
        for button in self.buttons.values():
            button.setMinimumWidth(px(200))

    def _show(self, option: Option) -> None:
        button, label = self.buttons[option.fit], self._labels[option.fit]
        button.setText(option.title)
        button.setAccessibleDescription(option.text)
        cost = option.cost or "estimating memory and time …"
        label.setText("\n".join(line[:1].upper() + line[1:] for line in (cost, option.text)))

    @Slot()
    def _take_keyboard(self) -> None:
        """The user requested the question: focus goes to its first control."""
        first = self._model.options[0].fit if self._model.options else "stem"
        (self.buttons[first] if self._model.size is None else self.size_editor.height_spin).setFocus()

    @Slot(str, object)
    def _size_edited(self, _: str, size: tuple[int, int]) -> None:
        self._show_problem(self._model.set_size(*size))

    def _show_problem(self, problem: str) -> None:
        """What is wrong with the size that was typed; with the last valid one nobody wants to go on."""
        self.size_editor.set_problem(problem)
        set_available(self.buttons["stem"], "Fit the network to images of this size", problem)

    def _accept_stem(self) -> None:
        self._model.accept("stem")

    def _accept_resize(self) -> None:
        self._model.accept("resize")
