"""Fills the application's style sheet (resources/style.qss) with a theme's colors and lengths."""

import re
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnplay.ui.kit.views.theme import Theme


def stylesheet(theme: "Theme") -> str:
    """The style sheet in a theme's colors, with lengths scaled with the text."""
    from cnnplay.ui.kit.views.theme import tokens

    text = files("cnnplay.resources").joinpath("style.qss").read_text("utf-8")
    colors = [key for key, value in tokens()[theme.name].items() if isinstance(value, str)]
    for key in sorted(colors, key=len, reverse=True):
        text = text.replace(f"@{key}", theme.color(key).name())
    text = text.replace("@icons", _icons().as_posix()).replace("@theme", theme.name)
    text = text.replace("@{title}", str(theme.px(tokens()["type_px"]["title"])))
    return re.sub(
        r"@(even|half|)\{([\d.]+)(?:-([\d.]+))?\}", lambda found: _length(theme, *found.groups()), text
    )


def _length(theme: "Theme", kind: str, number: str, less: str | None) -> str:
    """A length scaled with the text. For centered or round things it is even, so that halves are integers."""
    if not kind:
        return str(theme.px(float(number)))
    even = 2 * theme.px(float(number) / 2)
    if kind == "even":
        return str(even)
    return str((even - (2 * theme.px(float(less) / 2) if less else 0)) // 2)


def _icons() -> Path:
    # The package is installed unpacked (wheels and editable installs), so this is the folder itself.
    with as_file(files("cnnplay.resources").joinpath("icons")) as folder:
        return folder
