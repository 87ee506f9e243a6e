"""The theme: colors, fonts and color scales from resources/tokens.json, for light and dark."""

import json
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any, Literal, TypeVar

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontInfo, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from cnnplay.ui.kit.views.stylesheet import stylesheet

AnyWidget = TypeVar("AnyWidget", bound=QWidget)
ThemeChoice = Literal["system", "light", "dark"]
TEXT_SIZES = (0.85, 1.0, 1.15, 1.3, 1.5, 1.75, 2.0)
"""Factors for the text size; 1.5 is meant for a lecture hall."""


@cache
def tokens() -> dict[str, Any]:
    """The contents of the file."""
    loaded: dict[str, Any] = json.loads(files("cnnplay.resources").joinpath("tokens.json").read_text("utf-8"))
    return loaded


@cache
def _table(name: str) -> np.ndarray:
    # Stored in a file, because importing pyqtgraph for them would delay the window by 0.4 s.
    text = files("cnnplay.resources").joinpath("scales.json").read_text("utf-8")
    table = np.frombuffer(bytes.fromhex(json.loads(text)[name]), np.uint8)
    return table.reshape(256, 3)


class Theme(QObject):
    """Light or dark (by the system or by choice), and the text size. One per process: `theme()`."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.choice: ThemeChoice = "system"
        self.text_scale = 1.0
        self.dark = False
        self._plain_family: str | None = None
        self._fonts: dict[tuple[bool, bool, bool], QFont] = {}
        """Cached fonts in this text size: painting requests them about thirty times a second."""
        self._following = self._fusion = False

    def install(self, choice: ThemeChoice = "system", text_scale: float = 1.0) -> None:
        """Applies the theme, and follows the system's color scheme if that is the choice."""
        self.choice, self.text_scale = choice, min(max(text_scale, TEXT_SIZES[0]), TEXT_SIZES[-1])
        hints = QGuiApplication.styleHints()
        if not self._following:
            hints.colorSchemeChanged.connect(self._system_changed)
            self._following = True
        system_dark = hints.colorScheme() == Qt.ColorScheme.Dark
        self.dark = system_dark if choice == "system" else choice == "dark"
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        if not self._fusion:
            # Only once: with a style sheet the current style has another name, and a new one restyles all.
            application.setStyle("Fusion")
            self._fusion = True
        if self._plain_family is None:
            self._plain_family = _family_for(QGuiApplication.font())
        self._fonts.clear()
        application.setFont(self.font())
        application.setPalette(self._palette())
        application.setStyleSheet(stylesheet(self))
        self.changed.emit()

    def color(self, key: str) -> QColor:
        """A color by its key in the tokens. KeyError for an unknown key."""
        return QColor(self._colors()[key])

    def family(self, family: str) -> QColor:
        """The color of a layer family, the same everywhere."""
        return QColor(self._colors()["family"][family])

    def run(self, slot: int) -> QColor:
        """The color of a run's curves; colors repeat after the last one."""
        colors = self._colors()["runs"]
        return QColor(colors[slot % len(colors)])

    def table(self, scale: Literal["signed", "magnitude", "attribution"]) -> np.ndarray:
        """A color scale as 256 × 3 bytes (RGB)."""
        return _table(tokens()["scales"][scale])

    def px(self, pixels: float) -> int:
        """A length in design pixels, scaled with the text."""
        return round(pixels * self.text_scale)

    def font(self, *, strong: bool = False, title: bool = False, small: bool = False) -> QFont:
        """The system's font in one of two sizes and two weights; `small` is for labels of maps."""
        kept = self._fonts.get((strong, title, small))
        if kept is not None:
            return QFont(kept)
        sizes = tokens()["type_px"]
        font = QFont(QGuiApplication.font())
        if self._plain_family:
            font.setFamily(self._plain_family)
        size = sizes["title"] if title else sizes["body"] - (1 if small else 0)
        font.setPixelSize(self.px(size))
        font.setWeight(QFont.Weight.DemiBold if strong or title else QFont.Weight.Normal)
        self._fonts[strong, title, small] = font
        return QFont(font)

    @property
    def name(self) -> str:
        return "dark" if self.dark else "light"

    def _colors(self) -> dict[str, Any]:
        colors: dict[str, Any] = tokens()[self.name]
        return colors

    def _system_changed(self) -> None:
        if self.choice == "system":
            self.install("system", self.text_scale)

    def _palette(self) -> QPalette:
        role = QPalette.ColorRole
        palette = QPalette()
        for key, roles in {
            "window": (role.Window,),
            "surface": (role.Base, role.Button, role.ToolTipBase),
            "surface_sunken": (role.AlternateBase,),
            "text": (role.WindowText, role.Text, role.ButtonText, role.ToolTipText, role.HighlightedText),
            "text_muted": (role.PlaceholderText,),
            "accent": (role.Link, role.Accent),
            "selection": (role.Highlight,),
            "line": (role.Mid, role.Midlight, role.Dark),
        }.items():
            for one in roles:
                palette.setColor(one, self.color(key))
        for one in (role.WindowText, role.Text, role.ButtonText):
            palette.setColor(QPalette.ColorGroup.Disabled, one, self.color("text_muted"))
        return palette


def _family_for(font: QFont) -> str:
    """Inter instead of the fallback font of a machine without a desktop; "" keeps the system's font."""
    if QFontInfo(font).family() == "DejaVu Sans" and "Inter" in QFontDatabase.families():
        return "Inter"
    return ""


@cache
def theme() -> Theme:
    """The theme of this process."""
    return Theme()


def follow_theme(restyle: Callable[[], object]) -> None:
    """Calls it now, and again whenever the theme or the text size changes."""
    theme().changed.connect(restyle)
    restyle()


def role(widget: AnyWidget, name: str) -> AnyWidget:
    """Gives a widget a role of the style sheet (primary, muted, strong, title, link, fault …); returns it."""
    set_property(widget, "role", name)
    return widget


def mark_invalid(widget: QWidget, invalid: bool) -> None:
    """Frames an input in the color of problems, or no longer."""
    set_property(widget, "fault", "true" if invalid else "")


def set_property(widget: QWidget, name: str, value: str) -> None:
    """Sets a property that the style sheet reads, and applies the style sheet again if it is another one."""
    if (widget.property(name) or "") != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
