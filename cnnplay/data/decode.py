"""Decodes image files to arrays: the usual formats, upright, on a white background, in 8 bits.

EXIF rotation is applied. Transparent areas become white. Palettes are resolved; CMYK becomes RGB. Animations
give their first frame. Only regular files (or links to them) are opened: a pipe or a device could block
forever.

Values of more than 8 bits are scaled by full scale, which is white. The images of a data set have one, given
as `white` (see `common_white`): else those of few counts would be brighter than those of many. Of a file
alone, full scale is the file's, if it says so (16 bits: 65,535; a 12-bit TIFF: 4,095), otherwise the smallest
of 1 (floating-point only), 255 and 65,535 that no value exceeds. Images that would show nothing, or something
else, are rejected: negative values, NaN, larger values, and, if the scale is a guess or the type's (12 bits
stored as 16), values that all lie below a sixteenth of it.
"""

import stat
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
from PIL import Image, ImageOps

from cnnplay.data.images import DataError, ImageArray

# Formats that Pillow reads by itself: no EPS, which would run Ghostscript on an untrusted file.
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "ICO", "TGA", "AVIF")
_JPEG = (".jpg", ".jpeg", ".jpe", ".jfif")
_NETPBM = (".ppm", ".pgm", ".pbm", ".pnm")
SUFFIXES = frozenset(
    [*_JPEG, *_NETPBM, ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ico", ".tga", ".avif"]
)
MAX_PIXELS = 64 * 2**20
"""Larger images are rejected: a crafted file of a few kilobytes could request gigabytes."""

_GRAY_MODES = frozenset(["1", "L", "LA", "La", "I", "F", "I;16", "I;16B", "I;16L", "I;16N"])

T = TypeVar("T")

_BITS_PER_SAMPLE = 258
"""The TIFF tag of that name."""
_LEAST_SCALE = {"f": 1.0, "i": 255.0, "u": 255.0}
"""32-bit integers and floating-point values may use only this usual range."""

WHITES = (1.0, 255.0, 1023.0, 4095.0, 16_383.0, 65_535.0)
"""The usual values of white: 1 for floating-point values, then 8, 10, 12, 14 and 16 bits."""

# Pillow only warns of decompression bombs below a certain size; here all of them are rejected.
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


class _PixelBudget:
    """Bounds how many pixels are decoded at once, over all threads: a large image takes half a gigabyte."""

    def __init__(self, most: int) -> None:
        self._most, self._used = most, 0
        self._changed = threading.Condition()

    @contextmanager
    def pixels(self, count: int) -> Iterator[None]:
        """Waits until there is room. An image larger than the bound is decoded alone."""
        with self._changed:
            self._changed.wait_for(lambda: not self._used or self._used + count <= self._most)
            self._used += count
        try:
            yield
        finally:
            with self._changed:
                self._used -= count
                self._changed.notify_all()


DECODING = _PixelBudget(MAX_PIXELS)


class Values(NamedTuple):
    """The values of a file of more than 8 bits: their type (f, i, u), the bits that the file states, and the
    largest value."""

    kind: str
    bits: int | None
    high: float


def decode(path: Path, white: float | None = None) -> ImageArray:
    """The image H × W × C; C is 1 if the file is gray, else 3. `white` is the value of white where values
    have more than 8 bits; by default the file's. Raises DataError if it cannot be read.
    """

    def decoded(image: Image.Image) -> ImageArray:
        bits = _stated_bits(image)  # transposing loses the file's tags
        ImageOps.exif_transpose(image, in_place=True)
        return _to_array(_flat(image, bits, white))

    return _with_image(path, decoded)


def read_values(path: Path) -> Values:
    """The values of a file of more than 8 bits. Raises DataError if it cannot be read, or if values are
    negative or not finite."""

    def found(image: Image.Image) -> Values:
        bits, values = _stated_bits(image), np.asarray(image)
        return Values(values.dtype.kind, bits, _checked_range(values)[1])

    return _with_image(path, found)


def common_white(found: Iterable[Values]) -> float | None:
    """The one value of white for the files of a data set: what the files state or, if any does not, the
    smallest usual one that no value exceeds. None if no file has more than 8 bits.
    """
    found = list(found)
    stated = max((2.0**values.bits - 1 for values in found if values.bits is not None), default=None)
    others = [values for values in found if values.bits is None]
    if not others:
        return stated
    high = max(values.high for values in others)
    least = 1.0 if all(values.kind == "f" for values in others) else 255.0
    usual = next((white for white in WHITES if white >= max(least, high)), WHITES[-1])
    return max(usual, stated or 0.0)


def _with_image(path: Path, work: Callable[[Image.Image], T]) -> T:
    """What `work` makes of an opened image. Raises DataError, which names the file, if it cannot be read."""
    try:
        _check_regular_file(path)
        with Image.open(path, formats=FORMATS) as opened:
            _check_size(opened)
            with DECODING.pixels(opened.width * opened.height):
                return work(opened)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise DataError(f"{path}: more than {MAX_PIXELS:,} pixels; rejected") from None
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except Exception as error:  # Pillow's readers raise almost anything on a damaged file
        raise DataError(f"{path}: cannot be read as an image ({_reason(error)})") from None


class Header(NamedTuple):
    """What a file's header says: (height, width) when upright, whether its mode is gray, how many frames, and
    whether its values have more than 8 bits."""

    size: tuple[int, int]
    gray: bool
    frames: int
    wide: bool


def read_header(path: Path) -> Header:
    """Reads the file's header only.

    Raises DataError if it is not an image. Truncated files are not noticed, nor color files that only contain
    gray: `decode` finds those.
    """
    try:
        _check_regular_file(path)
        with Image.open(path, formats=FORMATS) as opened:
            _check_size(opened)
            width, height = opened.size
            # Stored rotated by 90°. Pillow gives a TIFF's size as it is when upright.
            if opened.format != "TIFF" and opened.getexif().get(0x0112, 1) in (5, 6, 7, 8):
                width, height = height, width
            gray, frames = opened.mode in _GRAY_MODES, getattr(opened, "n_frames", 1)
            wide = _is_wide(opened)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    except Exception as error:
        raise DataError(f"{path}: cannot be read as an image ({_reason(error)})") from None
    return Header((height, width), gray, frames, wide)


def _check_regular_file(path: Path) -> None:
    if not stat.S_ISREG(path.stat().st_mode):
        raise DataError("expected a regular file; got a folder, a pipe or a device; skipped")


def _check_size(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise DataError(f"{width:,} × {height:,} pixels; at most {MAX_PIXELS:,} are read")


def _stated_bits(image: Image.Image) -> int | None:
    """The bits per value according to the file, if 16 are stored; None if there may be fewer."""
    if image.format == "PPM":  # Pillow scales it to 16 bits by its stated maximum
        return 16
    tags = getattr(image, "tag_v2", None)
    bits = tags.get(_BITS_PER_SAMPLE, ()) if tags is not None else ()
    return bits[0] if bits and bits[0] < 16 else None


def _is_wide(image: Image.Image) -> bool:
    """Whether the values have more than 8 bits."""
    return image.mode in ("I", "F") or image.mode.startswith("I;16")


def _flat(image: Image.Image, bits: int | None, white: float | None) -> Image.Image:
    """The image as L or RGB, without transparency."""
    if _is_wide(image):
        return Image.fromarray(_eight_bits(np.asarray(image), bits, white))
    if image.has_transparency_data:
        gray = image.mode in ("L", "LA", "La", "1")
        above = image.convert("RGBA")
        onto_white = Image.alpha_composite(Image.new("RGBA", above.size, "white"), above)
        return onto_white.convert("L" if gray else "RGB")
    if image.mode == "1":
        return image.convert("L")
    return image if image.mode in ("L", "RGB") else image.convert("RGB")


def _checked_range(values: np.ndarray) -> tuple[float, float]:
    """The smallest and the largest value."""
    if not np.isfinite(values).all():
        raise DataError("contains NaN or infinity; skipped")
    low, high = float(values.min()), float(values.max())
    if low < 0 or high > WHITES[-1]:
        raise DataError(f"expected values in 0…1, 0…255 or 0…65,535; found {low:,.6g}…{high:,.6g}; skipped")
    return low, high


def _eight_bits(values: np.ndarray, bits: int | None, white: float | None) -> np.ndarray:
    """Values of a wider type as 0…255; see the top of this file for what is white."""
    low, high = _checked_range(values)
    full = _full_scale(values.dtype, high, bits) if white is None else white
    if high > full:
        raise DataError(f"expected values in 0…{full:,.6g}; found {low:,.6g}…{high:,.6g}; skipped")
    if white is None and bits is None and full > _LEAST_SCALE[values.dtype.kind] and 0 < high < full / 16:
        raise DataError(
            f"its largest value is {high:,.6g}, but white is {full:,.0f}: it would be nearly black; "
            "scale it to the full range or convert it to 8 bits; skipped"
        )
    return np.rint(values * (255 / full)).astype(np.uint8)


def _full_scale(kind: np.dtype, high: float, bits: int | None) -> float:
    """The value of white."""
    if bits is not None:
        return float(2**bits - 1)
    if kind.itemsize == 2:
        return 65_535.0
    scales = [scale for scale in (1.0, 255.0, 65_535.0) if scale >= _LEAST_SCALE[kind.kind]]
    return next((scale for scale in scales if high <= scale), scales[-1])


def _to_array(image: Image.Image) -> ImageArray:
    array = np.array(image, dtype=np.uint8)
    if array.ndim == 2:
        return array[:, :, None]
    # A color file that only contains gray counts as gray: many gray data sets are saved as RGB.
    if (array[:, :, 0] == array[:, :, 1]).all() and (array[:, :, 0] == array[:, :, 2]).all():
        return np.ascontiguousarray(array[:, :, :1])
    return array


def _reason(error: Exception) -> str:
    text = str(error)
    if "cannot identify image file" in text:
        return "not an image, or damaged"
    return text or type(error).__name__
