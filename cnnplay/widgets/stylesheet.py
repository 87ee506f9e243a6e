"""Fills the application's stylesheet (resources/style.qss) with a theme's colours and lengths."""

from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnplay.widgets.theme import Theme


def stylesheet(theme: "Theme") -> str:
    """The stylesheet in a theme's colours, its lengths scaled with the text."""
    from cnnplay.widgets.theme import tokens

    text = files("cnnplay.resources").joinpath("style.qss").read_text("utf-8")
    colours = [key for key, value in tokens()[theme.name].items() if isinstance(value, str)]
    for key in sorted(colours, key=len, reverse=True):
        text = text.replace(f"@{key}", theme.colour(key).name())
    text = text.replace("@icons", _icons().as_posix()).replace("@theme", theme.name)
    text = text.replace("@{title}", str(theme.px(tokens()["type_px"]["title"])))
    parts = text.split("@{")
    scaled = [parts[0]]
    for part in parts[1:]:
        number, rest = part.split("}", 1)
        scaled.append(f"{theme.px(float(number))}{rest}")
    return "".join(scaled)


def _icons() -> Path:
    # The package is installed unpacked (wheels and editable installs), so that this is the folder itself.
    with as_file(files("cnnplay.resources").joinpath("icons")) as folder:
        return folder
