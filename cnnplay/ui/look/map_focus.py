"""Which feature map and which of its pixels are selected, and where they are on the image."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QObject, Signal

from cnnplay.ui.look.probe import Maps

if TYPE_CHECKING:
    from cnnplay.ui.look.look import LookModel


class MapPlacement(NamedTuple):
    """Where a map is on the network's input, in input pixels: the upper left corner of the map's first pixel,
    and the distance from one pixel to the next, each (down, across)."""

    corner: tuple[float, float]
    step: tuple[float, float]


class MapFocus(QObject):
    """The selected map and pixel. `changed`: the user selected another one."""

    changed = Signal()

    def __init__(self, look: LookModel) -> None:
        super().__init__(look)
        self._look = look
        self._map = 0
        self._pixel: tuple[int, int] | None = None

    @property
    def maps(self) -> Maps | None:
        return self._look.maps

    @property
    def number(self) -> int:
        """The index of the selected map; the last one if the layer has fewer maps than the one before."""
        maps = self._look.maps
        return self._map if maps is None else min(self._map, len(maps.values) - 1)

    @property
    def pixel(self) -> tuple[int, int] | None:
        """(row, column) of the selected pixel: the middle until the user selects one. None for bars."""
        maps = self._look.maps
        if maps is None or maps.values.ndim < 3:
            return None
        height, width = maps.values.shape[1:]
        row, column = self._pixel or (height // 2, width // 2)
        return min(row, height - 1), min(column, width - 1)

    def select_map(self, number: int) -> None:
        if number != self._map:
            self._map = number
            self.changed.emit()

    def select_pixel(self, row: int, column: int) -> None:
        if (row, column) != self._pixel:
            self._pixel = (row, column)
            self.changed.emit()

    def window(self, row: int, column: int) -> tuple[int, int, int, int] | None:
        """(top, left, bottom, right) of the receptive field of a pixel, on the network's input."""
        from cnnplay.probing.receptive import receptive_window

        report, maps = self._look.report, self._look.maps
        if report is None or maps is None or maps.shown.id not in report.nodes:
            return None
        return receptive_window(report, maps.shown.id, row, column)

    def field_size(self) -> tuple[int, int] | None:
        """(height, width) of the receptive field of a pixel, padding included."""
        report, maps = self._look.report, self._look.maps
        node = report.nodes.get(maps.shown.id) if report is not None and maps is not None else None
        return node.field.size if node is not None and node.field is not None else None

    def placement(self) -> MapPlacement | None:
        """Where the maps are on the image: each pixel around the center of its receptive field."""
        report, maps = self._look.report, self._look.maps
        if report is None or maps is None or maps.values.ndim < 3:
            return None
        node = report.nodes.get(maps.shown.id)
        network = report.network.input
        if node is None or node.field is None or 0 in node.field.jump or maps.values[0].size == 1:
            height, width = maps.values.shape[1:]
            return MapPlacement((0.0, 0.0), (network.height / height, network.width / width))
        (y, x), (down, across) = node.field.start, node.field.jump
        # `start` counts the first pixel's center as 0: its upper left corner is half a pixel before.
        return MapPlacement((y + 0.5 - down / 2, x + 0.5 - across / 2), (down, across))
