"""Picture files as arrays: the usual formats, upright, on white, in 8 bits.

EXIF rotation is applied. Transparent parts are put onto white. Palettes become what they stand for;
16 bits a channel become 8; CMYK becomes RGB. Of an animation the first picture is taken. Plain files alone
are opened (a link may lead to one): a pipe or a device could keep its reader waiting for ever.
"""

import stat
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from cnnplay.data.images import DataError, Picture

# Formats that Pillow reads by itself: no EPS, which would start Ghostscript on a stranger's file.
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "ICO", "TGA", "AVIF")
_JPEG = (".jpg", ".jpeg", ".jpe", ".jfif")
_NETPBM = (".ppm", ".pgm", ".pbm", ".pnm")
SUFFIXES = frozenset(
    [*_JPEG, *_NETPBM, ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ico", ".tga", ".avif"]
)
MAX_PIXELS = 64 * 2**20
"""A larger picture is refused: a few kilobytes of a crafted file could ask for gigabytes."""

_GREY_MODES = frozenset(["1", "L", "LA", "La", "I", "F", "I;16", "I;16B", "I;16L", "I;16N"])

# Pillow warns of decompression bombs below the size that it refuses; here both are refused.
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


def decode(path: Path) -> Picture:
    """The picture H × W × C: C is 1 where the file is grey, else 3. DataError where it cannot be read."""
    try:
        _refuse_others(path)
        with Image.open(path, formats=FORMATS) as opened:
            _refuse_bombs(opened)
            return _to_array(_flat(ImageOps.exif_transpose(opened)))
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise DataError(f"{path}: more than {MAX_PIXELS:,} pixels; refused") from None
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file") from None
    except Exception as error:  # Pillow's readers raise nearly everything on a damaged file
        raise DataError(f"{path}: cannot be read as a picture ({_reason(error)})") from None


def look(path: Path) -> tuple[tuple[int, int], bool]:
    """((height, width) when upright, whether it is grey by its kind), from the file's first bytes alone.

    DataError where it is no picture. A file that is cut off later is not noticed, nor that a colour file
    shows grey alone: `decode` finds that.
    """
    try:
        _refuse_others(path)
        with Image.open(path, formats=FORMATS) as opened:
            _refuse_bombs(opened)
            width, height = opened.size
            if opened.getexif().get(0x0112, 1) in (5, 6, 7, 8):  # stored lying on its side
                width, height = height, width
            grey = opened.mode in _GREY_MODES
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    except Exception as error:
        raise DataError(f"{path}: cannot be read as a picture ({_reason(error)})") from None
    return (height, width), grey


def _refuse_others(path: Path) -> None:
    if not stat.S_ISREG(path.stat().st_mode):
        raise DataError("no plain file, but a folder, a pipe or a device; left out")


def _refuse_bombs(picture: Image.Image) -> None:
    width, height = picture.size
    if width * height > MAX_PIXELS:
        raise DataError(f"{width:,} × {height:,} pixels; at most {MAX_PIXELS:,} are read")


def _flat(picture: Image.Image) -> Image.Image:
    """The picture as L or RGB, without transparency."""
    if picture.mode in ("I", "F") or picture.mode.startswith("I;16"):
        return Image.fromarray(_eight_bits(np.asarray(picture)))
    if picture.has_transparency_data:
        grey = picture.mode in ("L", "LA", "La", "1")
        above = picture.convert("RGBA")
        onto_white = Image.alpha_composite(Image.new("RGBA", above.size, "white"), above)
        return onto_white.convert("L" if grey else "RGB")
    if picture.mode in ("1", "L"):
        return picture.convert("L")
    return picture.convert("RGB")


def _eight_bits(values: np.ndarray) -> np.ndarray:
    """0…65535 (or 0…1 floats, or what already fits 8 bits) as 0…255."""
    if values.dtype.kind == "f":
        values = np.nan_to_num(values)
        scale = 255.0 if values.size and values.max() <= 1.0 else 1.0
    else:
        # 257 = 65535 / 255. A 32-bit picture whose values fit 8 bits holds 8-bit values.
        scale = 1.0 if values.dtype.itemsize > 2 and values.max(initial=0) <= 255 else 1 / 257
    return np.clip(np.rint(values * scale), 0, 255).astype(np.uint8)


def _to_array(picture: Image.Image) -> Picture:
    array = np.array(picture, dtype=np.uint8)
    if array.ndim == 2:
        return array[:, :, None]
    # A colour file that shows grey alone counts as grey: many grey data sets are saved as RGB.
    if (array[:, :, 0] == array[:, :, 1]).all() and (array[:, :, 0] == array[:, :, 2]).all():
        return np.ascontiguousarray(array[:, :, :1])
    return array


def _reason(error: Exception) -> str:
    text = str(error)
    if "cannot identify image file" in text:
        return "not a picture, or damaged"
    return text or type(error).__name__
