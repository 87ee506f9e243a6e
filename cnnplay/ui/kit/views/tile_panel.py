"""Tiles with the color scale, the read-out and the pages; a text while there are no tiles."""

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QStackedLayout,
    QToolButton,
    QWidget,
)

from cnnplay.ui.kit.tiling import Tiles
from cnnplay.ui.kit.views.layouts import hbox, vbox
from cnnplay.ui.kit.views.legend import Legend
from cnnplay.ui.kit.views.panel import ElidedLabel, EmptyState
from cnnplay.ui.kit.views.theme import follow_theme, role, theme
from cnnplay.ui.kit.views.tiles import TilesView
from cnnplay.ui.kit.views.tooltip import tip

SPACING = 12
BUTTON = 28
"""The side of a button in design pixels."""
HINT = "Point at a value to read it. Arrow keys select; Page Up and Page Down turn pages (Shift: sideways)."


class TilePanel(QWidget):
    """A `TilesView` above a row with its legend, read-out and pages."""

    def __init__(self, view: TilesView, empty: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = view
        self.empty = EmptyState(empty, parent=self)
        self.legend = Legend()
        self.read_out = role(ElidedLabel(), "muted")
        self.pages = Pages(view)
        view.setToolTip(tip(HINT))
        view.read_out_changed.connect(self.read_out.setText)
        self.pages.refreshed.connect(self._share)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(view)
        self._options = QHBoxLayout()
        self._footer, parts = QWidget(), (self.legend, self._options, (self.read_out, 1), self.pages)
        hbox(*parts, spacing=SPACING, into=self._footer)
        vbox((self._stack, 1), self._footer, spacing=4, into=self)
        self.show_empty(empty)

    def add_middle(self, widget: QWidget) -> None:
        """Adds a view that can take the tiles' place (bars, for maps that are single numbers)."""
        self._stack.addWidget(widget)

    def add_option(self, widget: QWidget) -> None:
        """Adds a switch beside the color scale."""
        self._options.addWidget(widget)

    def show_tiles(self, tiles: Tiles, common: bool = True) -> None:
        """Shows tiles. `common`: all have the limits of the first, which the legend shows."""
        self._stack.setCurrentWidget(self.view)
        self._footer.show()
        self.view.show_tiles(tiles)
        limits = (float(tiles.limits[0, 0]), float(tiles.limits[0, 1])) if common and len(tiles) else None
        self.legend.show_scale(tiles.scale, limits)
        self.read_out.setText(self.view.read_out)
        self.pages.refresh()
        self._share()

    def show_middle(self, widget: QWidget, read_out: str = "") -> None:
        """Shows a view added by `add_middle`."""
        self._stack.setCurrentWidget(widget)
        self._footer.show()
        self.legend.hide()
        self.pages.hide_pages()
        self.read_out.setText(read_out)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share()

    def _share(self) -> None:
        """Divides the row: first the pages' text, then the color scale, then the read-out."""
        options = self._options.sizeHint().width()
        used = (self.pages.sizeHint().width(), options)
        room = self.width() - sum(width + theme().px(SPACING) for width in used if width)
        least, hint = self.legend.minimumSizeHint().width(), self.legend.sizeHint().width()
        wanted = min(hint, room - theme().px(SPACING))
        self.legend.setMaximumWidth(wanted if wanted >= least else 0 if self.pages.text else hint)

    def show_empty(self, text: str, button: str = "") -> None:
        """Shows a text (and an optional button) in place of tiles."""
        self.empty.set_text(text)
        self.empty.button.setText(button)
        self.empty.button.setVisible(bool(button))
        self._stack.setCurrentWidget(self.empty)
        self._footer.hide()
        self.view.show_tiles(None)


class Pages(QWidget):
    """``‹ 1–64 of 512 ›``; for a mosaic also arrows for its columns. Hidden while there is only one page.

    It needs as much room with one page as with several: otherwise a second page would widen the panel, all
    tiles would fit again, the second page would vanish, and so on without end.
    """

    turned = Signal()
    refreshed = Signal()

    def __init__(self, view: TilesView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self.text = ""
        """The text shown if there is room."""
        self._brief = ""
        self._shown: tuple[object, ...] | None = None
        self._label = role(QLabel(), "muted")
        self._buttons: dict[tuple[int, int], QToolButton] = {}
        for direction, symbol, hint in (
            ((-1, 0), "‹", "Previous page (Page Up)"),
            ((1, 0), "›", "Next page (Page Down)"),
            ((0, -1), "«", "Previous channels (Shift+Page Up)"),
            ((0, 1), "»", "Next channels (Shift+Page Down)"),
        ):
            button = QToolButton()
            button.setText(symbol)
            button.setToolTip(tip(hint))
            button.setAccessibleName(hint)
            button.setProperty("direction", direction)
            button.clicked.connect(self._clicked)
            self._buttons[direction] = button
        buttons = self._buttons
        before, after = (buttons[-1, 0], buttons[0, -1]), (buttons[0, 1], buttons[1, 0])
        hbox(*before, self._label, *after, spacing=4, into=self)
        kept = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        kept.setRetainSizeWhenHidden(True)
        self.setSizePolicy(kept)
        view.page_changed.connect(self.refresh)
        follow_theme(self._restyle)
        self.refresh()

    def refresh(self) -> None:
        """Updates the text and the buttons."""
        text, brief = self._view.page_text(), self._view.page_text(brief=True)
        mosaic = self._view.tiles is not None and bool(self._view.tiles.columns)
        possible = {direction: self._view.can_turn(*direction) for direction in self._buttons}
        shown = (text, brief, mosaic, possible)
        if shown == self._shown:
            return  # live tiles change several times a second, their pages rarely
        self._shown = shown
        self.text, self._brief = text, brief
        self.setVisible(bool(text))
        sideways = mosaic and (possible[0, 1] or possible[0, -1])
        along = possible[1, 0] or possible[-1, 0]
        for direction, button in self._buttons.items():
            button.setVisible(sideways if direction[1] else along)
            button.setEnabled(possible[direction])
            hint = button.accessibleName()
            button.setToolTip(tip(hint if possible[direction] else f"{hint}\nThere is none"))
        self.updateGeometry()
        self._show_label()
        self.refreshed.emit()

    def hide_pages(self) -> None:
        """Hides everything until the next refresh: something without pages is shown."""
        self._shown = None
        self.hide()

    def sizeHint(self) -> QSize:
        return QSize(self._needed(self.text), theme().px(BUTTON))

    def _needed(self, text: str) -> int:
        advance = self._label.fontMetrics().horizontalAdvance(text)
        return self.minimumSizeHint().width() + (advance + theme().px(4) + 2 if text else 0)

    def minimumSizeHint(self) -> QSize:
        mosaic = self._view.tiles is not None and bool(self._view.tiles.columns)
        return QSize((theme().px(BUTTON) + theme().px(4)) * (4 if mosaic else 2), theme().px(BUTTON))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_label()

    def _show_label(self) -> None:
        """Without room, shows a shorter text or none; the buttons' tooltips stay."""
        for text in (self.text, self._brief):
            if self.width() >= self._needed(text):
                break
        else:
            text = ""
        self._label.setText(text)
        self._label.setToolTip(tip(self.text if text != self.text else ""))
        self._label.setVisible(bool(text))

    def _restyle(self) -> None:
        for button in self._buttons.values():
            button.setFixedSize(theme().px(BUTTON), theme().px(BUTTON))
        self.updateGeometry()

    def _clicked(self) -> None:
        sender = self.sender()
        assert sender is not None
        self._view.turn(*sender.property("direction"))
        self.turned.emit()
