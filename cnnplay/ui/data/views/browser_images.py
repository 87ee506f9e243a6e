"""The browser's samples: a page of the selected split and class, or a message."""

import numpy as np
from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QLabel,
    QPushButton,
    QStackedLayout,
    QToolButton,
    QWidget,
)

from cnnplay.ui.data.browse_model import BrowseModel
from cnnplay.ui.data.browse_page import NONE, SPLITS
from cnnplay.ui.kit.tiling import Tiles
from cnnplay.ui.kit.views.command import set_available
from cnnplay.ui.kit.views.layouts import hbox
from cnnplay.ui.kit.views.panel import ElidedLabel, EmptyState, Panel
from cnnplay.ui.kit.views.theme import follow_theme, role, theme
from cnnplay.ui.kit.views.tile_panel import BUTTON, Pages
from cnnplay.ui.kit.views.tiles import TilesView

HINTS = {
    "train": "Images that the network is trained on",
    "validation": "Images for evaluation after each epoch; the network is never trained on them",
    "test": "Held out: no run and no decision of yours should depend on it until the very end",
}
HIDDEN = (
    "The test split is held out: evaluate a network on it once, at the very end\n"
    "(cnnplay evaluate RUN --split test).\n"
    "If you look at its images while you design, you begin to fit to them."
)


class ImagePage(TilesView):
    """A page of images. `page_requested` is for other images, where the tiles have no further page."""

    page_requested = Signal(int)

    def turn(self, down: int, across: int = 0) -> None:
        if self.can_turn(down, across):
            super().turn(down, across)
        else:
            self.page_requested.emit(down + across)


class ImagesPanel(Panel):
    """The images of the selected split and class, a page at a time."""

    def __init__(self, model: BrowseModel) -> None:
        super().__init__("Images")
        self._model = model
        self._group = QButtonGroup(self)
        self.splits: dict[str, QPushButton] = {}
        for split in SPLITS:
            button = QPushButton(split.capitalize())
            button.setCheckable(True)
            button.setProperty("split", split)
            button.setAccessibleName(f"{split} split")
            button.clicked.connect(self._split_clicked)
            self._group.addButton(button)
            self.add_corner(button)
            self.splits[split] = button
        self.view = ImagePage("Images of the data set", least=16, most=112)
        self.view.setToolTip("Arrow keys select; Page Up and Page Down turn pages")
        self.view.page_requested.connect(model.turn)
        self.empty = EmptyState("", "Show the test images")
        self.empty.button.setToolTip("Show them until you select another data set")
        self.empty.button.clicked.connect(model.show_test)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.view)
        self.body.addLayout(self._stack, 1)
        self.read_out = role(ElidedLabel(), "muted")
        self.view.read_out_changed.connect(self.read_out.setText)
        self.tile_pages = Pages(self.view)
        self.pager = Pager(model)
        footer = hbox((self.read_out, 1), self.tile_pages, self.pager, spacing=12)
        self.body.addLayout(footer)
        model.changed.connect(self.refresh)
        model.images_loaded.connect(self.refresh)
        theme().changed.connect(self.refresh)  # empty places have the background color
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Shows the page, or a message. The previous page stays while the new one is loading."""
        model = self._model
        self._show_splits()
        label = model.label
        shown = "samples of each class" if label is None else model.classes[label]
        self.set_muted(f"{shown} · {model.split} split")
        message = self._empty_message()
        self.empty.set_text(message)
        self.empty.button.setVisible(model.hidden)
        if message:
            self.view.show_tiles(None)
            self._stack.setCurrentWidget(self.empty)
        elif model.thumbnails is not None:
            self.view.show_tiles(self._tiles(model.thumbnails))
            self._stack.setCurrentWidget(self.view)
        self.read_out.setText(self.view.read_out)
        self.tile_pages.refresh()
        self.pager.refresh()

    def _show_splits(self) -> None:
        for split, button in self.splits.items():
            count = sum(self._model.counts.get(split, ()))
            button.setChecked(split == self._model.split)
            hint = f"{count:,} images. {HINTS[split]}"
            set_available(button, hint, "" if count else "this data set has none")

    def _empty_message(self) -> str:
        model = self._model
        if model.images is None:
            return "Choose a data set in the header to see its images here."
        if model.hidden:
            return HIDDEN
        if model.error:
            return model.error
        return "" if model.indices else f"This class has no images in the {model.split} split."

    def _tiles(self, values: np.ndarray) -> Tiles:
        model, limits = self._model, np.tile(np.array([[0.0, 255.0]]), (len(values), 1))
        surface = theme().color("surface")
        values = values.copy()
        values[np.array(model.indices) == NONE] = (surface.red(), surface.green(), surface.blue())
        names = [f"{index:,}" if index != NONE else "no more" for index in model.indices]
        if model.label is not None:
            return Tiles(values, "image", limits, labels=tuple(names), noun="image")
        columns = len(names) // len(model.classes)
        labels = [f"{model.classes[place // columns]}, image {name}" for place, name in enumerate(names)]
        return Tiles(
            values,
            "image",
            limits,
            labels=tuple(labels),
            columns=columns,
            row_labels=model.classes,
            noun="label",
            column_noun="sample",
        )

    @Slot()
    def _split_clicked(self) -> None:
        sender = self.sender()
        assert sender is not None
        self._model.choose_split(sender.property("split"))


class Pager(QWidget):
    """``‹ 61–120 of 400 ›``."""

    def __init__(self, model: BrowseModel) -> None:
        super().__init__()
        self._model = model
        self.label = role(QLabel(), "muted")
        self.previous, self.next = QToolButton(), QToolButton()
        hbox(self.previous, self.label, self.next, spacing=4, into=self)
        for button, sign, hint in (
            (self.previous, "‹", "Previous images (Shift+Page Up)"),
            (self.next, "›", "Next images (Shift+Page Down)"),
        ):
            button.setText(sign)
            button.setAccessibleName(hint)
        self.previous.clicked.connect(lambda: model.turn(-1))
        self.next.clicked.connect(lambda: model.turn(1))
        follow_theme(self._restyle)

    def _restyle(self) -> None:
        for button in (self.previous, self.next):
            button.setFixedSize(theme().px(BUTTON), theme().px(BUTTON))

    def refresh(self) -> None:
        """Updates the label and the buttons."""
        self.setVisible(bool(self._model.page_text))
        self.label.setText(self._model.page_text)
        for button, step in ((self.previous, -1), (self.next, 1)):
            reason = "" if self._model.can_turn(step) else "there are no more"
            set_available(button, button.accessibleName(), reason)
