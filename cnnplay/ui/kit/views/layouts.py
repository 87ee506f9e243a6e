"""Widgets and layouts side by side, or one below the other."""

from typing import Any, TypeAlias, TypeVar

from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLayout, QVBoxLayout, QWidget

from cnnplay.ui.kit.views.theme import theme

Part: TypeAlias = QWidget | QLayout | tuple[Any, ...] | None
"""A widget or a layout; with its stretch, and perhaps its alignment, in a tuple. None takes the remaining
space."""
Box = TypeVar("Box", bound=QBoxLayout)


def hbox(*parts: Part, spacing: int | None = None, into: QWidget | None = None) -> QHBoxLayout:
    """Side by side, `spacing` design pixels apart, without margins; as the layout of `into`, if given."""
    return _filled(QHBoxLayout(), parts, spacing, into)


def vbox(*parts: Part, spacing: int | None = None, into: QWidget | None = None) -> QVBoxLayout:
    """The same, one below the other."""
    return _filled(QVBoxLayout(), parts, spacing, into)


def _filled(box: Box, parts: tuple[Part, ...], spacing: int | None, into: QWidget | None) -> Box:
    if into is not None:
        into.setLayout(box)
        box.setContentsMargins(0, 0, 0, 0)
    if spacing is not None:
        box.setSpacing(theme().px(spacing))
    for part in parts:
        if part is None:
            box.addStretch(1)
            continue
        one, *how = part if isinstance(part, tuple) else (part,)
        (box.addLayout if isinstance(one, QLayout) else box.addWidget)(one, *how)
    return box
