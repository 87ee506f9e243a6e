"""Picture files as arrays: the usual formats, upright, on white, in 8 bits.

EXIF rotation is applied. Transparent parts are put onto white. Palettes become what they stand for;
CMYK becomes RGB. Of an animation the first picture is taken. Plain files alone are opened (a link may lead to
one): a pipe or a device could keep its reader waiting for ever.

Numbers of more than 8 bits become 8 by their full scale, which is white. It is the file's where that says it
(16 bits: 65,535; a TIFF of 12 bits: 4,095), else the least of 1 (fractions alone), 255 and 65,535 that none
is above. Refused, for they would show nothing or something else: negative numbers, NaN, larger ones, and
where the scale is a guess or the type's (12 bits kept in 16) numbers of which none reaches a sixteenth of it.
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

_BITS_PER_SAMPLE = 258
"""TIFF's tag of that name."""
_LEAST_SCALE = {"f": 1.0, "i": 255.0, "u": 255.0}
"""Where whole numbers of 32 bits, and fractions, may be all of the usual range that there is."""

# Pillow warns of decompression bombs below the size that it refuses; here both are refused.
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


def decode(path: Path) -> Picture:
    """The picture H × W × C: C is 1 where the file is grey, else 3. DataError where it cannot be read."""
    try:
        _refuse_others(path)
        with Image.open(path, formats=FORMATS) as opened:
            _refuse_bombs(opened)
            bits = _stated_bits(opened)  # what is transposed has forgotten its file
            return _to_array(_flat(ImageOps.exif_transpose(opened), bits))
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


def _stated_bits(picture: Image.Image) -> int | None:
    """How many bits the file itself says a number has, where 16 are kept; None where they may be fewer."""
    if picture.format == "PPM":  # Pillow has brought its numbers to 16 bits, by the largest that it states
        return 16
    tags = getattr(picture, "tag_v2", None)
    bits = tags.get(_BITS_PER_SAMPLE, ()) if tags is not None else ()
    return bits[0] if bits and bits[0] < 16 else None


def _flat(picture: Image.Image, bits: int | None) -> Image.Image:
    """The picture as L or RGB, without transparency."""
    if picture.mode in ("I", "F") or picture.mode.startswith("I;16"):
        return Image.fromarray(_eight_bits(np.asarray(picture), bits))
    if picture.has_transparency_data:
        grey = picture.mode in ("L", "LA", "La", "1")
        above = picture.convert("RGBA")
        onto_white = Image.alpha_composite(Image.new("RGBA", above.size, "white"), above)
        return onto_white.convert("L" if grey else "RGB")
    if picture.mode in ("1", "L"):
        return picture.convert("L")
    return picture.convert("RGB")


def _eight_bits(values: np.ndarray, bits: int | None) -> np.ndarray:
    """Numbers of a wider type as 0…255: what is white is said at the top of this file."""
    if not np.isfinite(values).all():
        raise DataError("its numbers are not all finite (NaN or infinity); left out")
    low, high = float(values.min()), float(values.max())
    full = _full_scale(values.dtype, high, bits)
    if low < 0 or high > full:
        expected = "0…1, 0…255 or 0…65,535" if bits is None else f"0…{full:,.0f}"
        raise DataError(f"expected numbers of {expected}; found {low:,.6g}…{high:,.6g}; left out")
    if bits is None and full > _LEAST_SCALE[values.dtype.kind] and 0 < high < full / 16:
        raise DataError(
            f"its numbers end at {high:,.6g}, where white is {full:,.0f}: it would be all but black; "
            "bring it to its full range, or to 8 bits; left out"
        )
    return np.rint(values * (255 / full)).astype(np.uint8)


def _full_scale(kind: np.dtype, high: float, bits: int | None) -> float:
    """The number that is white."""
    if bits is not None:
        return float(2**bits - 1)
    if kind.itemsize == 2:
        return 65_535.0
    scales = [scale for scale in (1.0, 255.0, 65_535.0) if scale >= _LEAST_SCALE[kind.kind]]
    return next((scale for scale in scales if high <= scale), scales[-1])


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
