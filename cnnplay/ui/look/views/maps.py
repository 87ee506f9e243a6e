"""The feature maps of the selected layer for the chosen image, live."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QWidget

from cnnplay.ui.kit.views.theme import role
from cnnplay.ui.kit.views.tile_panel import TilePanel
from cnnplay.ui.kit.views.tiles import TilesView
from cnnplay.ui.kit.views.tooltip import tip
from cnnplay.ui.look.layers import has_activation
from cnnplay.ui.look.look import LookModel
from cnnplay.ui.look.look_tiles import is_row, map_text, map_tiles
from cnnplay.ui.look.views.look_panel import LookPanel
from cnnplay.ui.plot.views.bars import BarsView

AFTER = "Show the maps after the layer's activation, as the next layer gets them"
NONE_FOLLOWS = "{} is not followed by an activation: these are its own outputs"
WAIT = "The feature maps appear in a moment."


class MapsView(LookPanel):
    """Maps as tiles, single numbers as bars. `opened`: a map was opened by double click or Enter."""

    opened = Signal()

    def __init__(self, look: LookModel, parent: QWidget | None = None) -> None:
        super().__init__("Feature maps", "maps", look, parent)
        self.view = TilesView("Feature maps", least=32, centered=True)
        self.tiles = TilePanel(self.view, WAIT)
        self.bars = BarsView("Outputs")
        self.bars.setToolTip(
            "The layer's outputs, one number each. Point at a bar to read it; arrow keys move."
        )
        self.bars.read_out_changed.connect(self.tiles.read_out.setText)
        self.tiles.add_middle(self.bars)
        self.body.addWidget(self.tiles)
        self.activated = _switch("after activation", AFTER, True)
        self.activated.toggled.connect(look.set_activated)
        self.shared_scale = _switch(
            "shared scale",
            "Use one color scale for all maps, so that they can be compared. Off: each map uses the whole "
            "scale, so that details of weak maps are visible",
            True,
        )
        self.shared_scale.setAccessibleName("Shared color scale")
        self.shared_scale.toggled.connect(self.refresh)
        self.add_corner(self.activated)
        self.tiles.add_option(self.shared_scale)
        self.view.chosen.connect(look.focus.select_map)
        self.view.opened.connect(self._open)
        self.tiles.empty.button.clicked.connect(look.build_anyway)
        look.maps_changed.connect(self.refresh)
        look.state_changed.connect(self.refresh)
        look.options_changed.connect(self._follow_options)
        look.focus.changed.connect(self._follow)
        self.refresh()

    @property
    def redraws(self) -> int:
        return self.view.redraws + self.bars.redraws

    def refresh(self) -> None:
        maps = self.look.maps
        if maps is None:
            self.set_title("Feature maps")
            self.set_muted("")
            self._show_empty()
            return
        network = self.look.report.network if self.look.report is not None else self.look.editor.network
        row = is_row(maps)
        self.activated.setEnabled(has_activation(network, maps.node))
        self.activated.setToolTip(
            tip(AFTER if self.activated.isEnabled() else NONE_FOLLOWS.format(maps.node))
        )
        self.set_title(f"{'Outputs' if row else 'Feature maps'} of {maps.node}")
        note = "" if self.look.origin in ("live", "trained") else f" · {self.look.origin}"
        self.set_muted(map_text(maps, self.shared_scale.isChecked() or row) + note)
        self.shared_scale.setVisible(not row)
        if row:
            last = maps.shown.id == network.stack[-1].id
            names = self.look.image_choice.classes if last else ()
            self.bars.show_values(maps.values, maps.limits, names)
            self.tiles.show_middle(self.bars, self.bars.read_out)
        else:
            self.tiles.show_tiles(
                map_tiles(maps, self.shared_scale.isChecked()), self.shared_scale.isChecked()
            )
            self.view.select(self.look.focus.number)

    def _show_empty(self) -> None:
        if self.look.held_back:
            self.tiles.show_empty(
                "This network is large and untrained. Train it, or look inside with random initial weights.",
                f"Initialize {self.look.held_back}",
            )
        else:
            self.tiles.show_empty(self.look.problem or WAIT)

    def _open(self, number: int) -> None:
        self.look.focus.select_map(number)
        self.opened.emit()

    def _follow(self) -> None:
        if self.look.maps is not None and not is_row(self.look.maps):
            self.view.select(self.look.focus.number)

    def _follow_options(self) -> None:
        self.activated.setChecked(self.look.activated)


def _switch(text: str, hint: str, on: bool) -> QCheckBox:
    box = role(QCheckBox(text), "muted")
    box.setToolTip(tip(hint))
    box.setAccessibleName(text)
    box.setChecked(on)
    return box
