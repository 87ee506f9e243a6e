"""Decodes image files to arrays: the usual formats, upright, on a white background, in 8 bits.

EXIF rotation is applied. Transparent areas become white. Palettes are resolved; CMYK becomes RGB. Animations
give their first frame. Values of more than 8 bits are scaled (see `bit_depth`). Only regular files (or links
to them) are opened: a pipe or a device could block forever.
"""

import ctypes
import stat
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
from PIL import Image, ImageOps, _imaging

from cnnplay.data.bit_depth import Values, eight_bits, summarize
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
FULL_PIXELS = 32 * 2**20
"""Larger images are decoded at half their size in formats that can do that (JPEG)."""

_GRAY_MODES = frozenset(["1", "L", "LA", "La", "I", "F", "I;16", "I;16B", "I;16L", "I;16N"])
_ROWS = 128
"""So many rows are compared at once to find out whether an image shows color."""

T = TypeVar("T")

_BITS_PER_SAMPLE = 258
"""The TIFF tag of that name."""

# Pillow only warns of decompression bombs below a certain size; here all of them are rejected.
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)

# libtiff writes what it finds wrong to stderr; Pillow raises an exception for it anyway. Where libtiff is not
# found through Pillow's own library (on Windows), its lines stay.
with suppress(OSError, AttributeError):
    ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler(None)


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


class Header(NamedTuple):
    """What a file's header says: (height, width) when upright and decoded, whether its mode is gray, how many
    frames, whether its values have more than 8 bits, and whether it is decoded at half its size."""

    size: tuple[int, int]
    gray: bool
    frames: int
    wide: bool
    halved: bool


class Scanned(NamedTuple):
    """A file's header; the image, if it was decoded, or the values of a file of more than 8 bits."""

    header: Header
    image: ImageArray | None
    values: Values | None


def decode(path: Path, white: float | None = None) -> ImageArray:
    """The image H × W × C; C is 1 if the file is gray, else 3. `white` is the value of white where values
    have more than 8 bits; by default the file's. Raises DataError if it cannot be read.
    """
    return _with_image(path, lambda image, _: _decoded(image, white))


def scan(path: Path, wanted: Callable[[Header], bool]) -> Scanned:
    """Reads the header and, if `wanted(header)`, the image, with one opening of the file. Of a file of more
    than 8 bits always the values instead: what is white is known once all files of a data set were scanned.

    Raises DataError if it is not an image. If the image is not wanted, truncated files are not noticed, nor
    color files that only contain gray.
    """

    def found(image: Image.Image, halved: bool) -> Scanned:
        header = _header(image, halved)
        if header.wide:
            bits = _stated_bits(image)
            return Scanned(header, None, summarize(np.asarray(image), bits))
        return Scanned(header, _decoded(image, None) if wanted(header) else None, None)

    return _with_image(path, found)


def _with_image(path: Path, work: Callable[[Image.Image, bool], T]) -> T:
    """What `work` makes of an opened image, and whether that will be half its size. Raises DataError, which
    names the file, if it cannot be read.
    """
    try:
        _check_regular_file(path)
        with Image.open(path, formats=FORMATS) as opened:
            _check_size(opened)
            halved = _halve(opened)
            with DECODING.pixels(opened.width * opened.height):
                return work(opened, halved)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise DataError(f"{path}: more than {MAX_PIXELS:,} pixels; rejected") from None
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except MemoryError:
        raise DataError(f"{path}: not enough memory to decode it; skipped") from None
    except Exception as error:  # Pillow's readers raise almost anything on a damaged file
        raise DataError(f"{path}: cannot be read as an image ({_reason(error)})") from None


def _check_regular_file(path: Path) -> None:
    if not stat.S_ISREG(path.stat().st_mode):
        raise DataError("expected a regular file; got a folder, a pipe or a device; skipped")


def _check_size(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise DataError(f"{width:,} × {height:,} pixels; at most {MAX_PIXELS:,} are read")


def _halve(image: Image.Image) -> bool:
    """Has a large image decoded at half its size, which takes a quarter of the memory, where its format can
    do that.
    """
    width, height = image.size
    if width * height <= FULL_PIXELS:
        return False
    image.draft(None, (width // 2, height // 2))
    return image.size != (width, height)


def _header(image: Image.Image, halved: bool) -> Header:
    width, height = image.size
    # Stored rotated by 90°. Pillow gives a TIFF's size as it is when upright.
    if image.format != "TIFF" and image.getexif().get(0x0112, 1) in (5, 6, 7, 8):
        width, height = height, width
    frames = getattr(image, "n_frames", 1)
    return Header((height, width), image.mode in _GRAY_MODES, frames, _is_wide(image), halved)


def _decoded(image: Image.Image, white: float | None) -> ImageArray:
    bits = _stated_bits(image)  # transposing loses the file's tags
    ImageOps.exif_transpose(image, in_place=True)
    return _to_array(_flat(image, bits, white))


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
        return Image.fromarray(eight_bits(np.asarray(image), bits, white))
    if image.has_transparency_data:
        gray = image.mode in ("L", "LA", "La", "1")
        above = image.convert("RGBA")
        onto_white = Image.alpha_composite(Image.new("RGBA", above.size, "white"), above)
        return onto_white.convert("L" if gray else "RGB")
    if image.mode == "1":
        return image.convert("L")
    return image if image.mode in ("L", "RGB") else image.convert("RGB")


def _to_array(image: Image.Image) -> ImageArray:
    array = np.array(image, dtype=np.uint8)
    if array.ndim == 2:
        return array[:, :, None]
    # A color file that only contains gray counts as gray: many gray data sets are saved as RGB.
    return np.ascontiguousarray(array[:, :, :1]) if _shows_gray(array) else array


def _shows_gray(array: ImageArray) -> bool:
    """Whether the three channels are equal. Most color images differ in the first rows already."""
    for first in range(0, len(array), _ROWS):
        part = array[first : first + _ROWS]
        if not ((part[..., 0] == part[..., 1]).all() and (part[..., 0] == part[..., 2]).all()):
            return False
    return True


def _reason(error: Exception) -> str:
    text = str(error)
    if "cannot identify image file" in text:
        return "not an image, or damaged"
    return text or type(error).__name__
