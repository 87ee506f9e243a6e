"""The filters of the selected convolution, as they are now."""

from PySide6.QtWidgets import QCheckBox, QWidget

from cnnplay.ui.kit.views.tile_panel import TilePanel
from cnnplay.ui.kit.views.tiles import TilesView
from cnnplay.ui.kit.views.tooltip import tip
from cnnplay.ui.look.layers import filters_node
from cnnplay.ui.look.look import LookModel
from cnnplay.ui.look.look_tiles import filter_text, filter_tiles
from cnnplay.ui.look.views.look_panel import LookPanel

EMPTY = "No layer of this network has filters that can be shown. Add a convolution in Build."
WAIT = "The filters appear in a moment."


class FiltersView(LookPanel):
    """The first layer's filters as tiles, deeper ones as a mosaic: a row per filter, a column per channel."""

    def __init__(self, look: LookModel, parent: QWidget | None = None) -> None:
        super().__init__("Filters", "filters", look, parent)
        self.view = TilesView("Filters", least=28, centered=True)
        self.tiles = TilePanel(self.view, WAIT)
        self.body.addWidget(self.tiles)
        self.color = QCheckBox("in color")
        self.color.setToolTip(
            tip(
                "Show each filter as one color image: its weights for red, green and blue combined; gray is "
                "0. Off: one tile per channel, on the signed scale"
            )
        )
        self.color.setAccessibleName("Show filters in color")
        self.color.toggled.connect(self.refresh)
        self.add_corner(self.color)
        self.view.chosen.connect(self._chosen)
        self.tiles.empty.button.clicked.connect(look.build_anyway)
        look.filters_changed.connect(self.refresh)
        look.state_changed.connect(self.refresh)
        look.focus.changed.connect(self._follow)
        self.refresh()

    @property
    def redraws(self) -> int:
        return self.view.redraws

    def refresh(self) -> None:
        filters = self.look.filters
        self.color.setVisible(filters is not None and filters.color)
        if filters is None:
            self.set_title("Filters")
            self.set_muted("")
            self._show_empty()
            return
        self.set_title(f"Filters of {filters.node}")
        self.set_muted(f"{filter_text(filters)}{self._nearest_text(filters.node)}{self._origin_text()}")
        self.tiles.show_tiles(filter_tiles(filters, self.color.isChecked()))

    def _nearest_text(self, node: str) -> str:
        """Says that the selected node is another one, which has no filters."""
        selected = self.look.editor.current
        return f" · nearest to {selected}" if selected not in ("", "input", node) else ""

    def _origin_text(self) -> str:
        return " · untrained" if self.look.origin == "untrained" else ""

    def _show_empty(self) -> None:
        if self.look.held_back:
            self.tiles.show_empty(
                "This network is large and untrained. Train it, or look at its random initial weights.",
                f"Initialize {self.look.held_back}",
            )
        elif not filters_node(self.look.editor.network, ""):
            self.tiles.show_empty(EMPTY)
        else:
            self.tiles.show_empty(self.look.problem or WAIT)

    def _chosen(self, number: int) -> None:
        """Each filter computes the map of its number: selecting one selects the other."""
        filters = self.look.filters
        columns = self.view.tiles.columns if self.view.tiles is not None else 0
        if filters is not None and self.look.maps is not None and self.look.maps.node == filters.node:
            self.look.focus.select_map(number // columns if columns else number)

    def _follow(self) -> None:
        filters, tiles = self.look.filters, self.view.tiles
        if filters is None or tiles is None or self.look.maps is None or self.look.maps.node != filters.node:
            return
        number = self.look.focus.number
        if not tiles.columns:
            self.view.select(number)
        elif self.view.selected < 0 or self.view.selected // tiles.columns != number:
            self.view.select(number * tiles.columns)
