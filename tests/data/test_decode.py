"""Every odd kind of image file becomes 8-bit gray or RGB, upright, on white."""

import os
import struct
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cnnplay.data import decode as decode_module
from cnnplay.data.decode import MAX_PIXELS, decode, scan
from cnnplay.data.images import DataError


def saved(image: Image.Image, path: Path, **options: object) -> Path:
    image.save(path, **options)  # type: ignore[arg-type]
    return path


@pytest.mark.parametrize("suffix", ["png", "bmp", "tiff", "ppm", "webp"])
def test_lossless_color_comes_back_as_it_was(suffix: str, noise: np.ndarray, tmp_path: Path) -> None:
    options = {"lossless": True} if suffix == "webp" else {}
    path = saved(Image.fromarray(noise), tmp_path / f"a.{suffix}", **options)
    assert np.array_equal(decode(path), noise)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_is_applied(orientation: int, tmp_path: Path) -> None:
    upright = np.zeros((8, 12, 3), np.uint8)
    upright[:4, :6] = 250  # the corner at the top left is bright
    # What a camera held in that way would store: the inverse of what the viewer has to do.
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(Image.fromarray(np.ascontiguousarray(stored)), tmp_path / "a.png", exif=exif)
    found = decode(path)
    assert np.array_equal(found, upright[:, :, :1])
    assert scan(path, lambda _: False).header.size == found.shape[:2]


def test_transparent_parts_are_put_onto_white(tmp_path: Path) -> None:
    half = np.zeros((2, 2, 4), np.uint8)
    half[0, 0] = (200, 10, 20, 255)
    half[0, 1] = (200, 10, 20, 0)
    half[1, 0] = (0, 0, 0, 128)
    found = decode(saved(Image.fromarray(half), tmp_path / "a.png"))
    assert found[0, 0].tolist() == [200, 10, 20]
    assert found[0, 1].tolist() == [255, 255, 255]
    assert abs(int(found[1, 0, 0]) - 127) <= 1


def test_a_gray_image_with_transparency_stays_gray(tmp_path: Path) -> None:
    found = decode(saved(Image.new("LA", (3, 2), (50, 0)), tmp_path / "a.png"))
    assert found.shape == (2, 3, 1)
    assert (found == 255).all()


def test_a_palette_becomes_its_colors(tmp_path: Path) -> None:
    image = Image.new("P", (4, 3), 1)
    image.putpalette([0, 0, 0, 10, 200, 30])
    assert decode(saved(image, tmp_path / "a.png"))[0, 0].tolist() == [10, 200, 30]
    assert decode(saved(image, tmp_path / "a.gif"))[0, 0].tolist() == [10, 200, 30]


def test_a_palettes_transparent_color_becomes_white(tmp_path: Path) -> None:
    image = Image.new("P", (4, 3), 1)
    image.putpalette([0, 0, 0, 10, 200, 30])
    assert (decode(saved(image, tmp_path / "a.png", transparency=1)) == 255).all()


def test_sixteen_bits_become_eight(tmp_path: Path) -> None:
    values = np.array([[0, 257, 65535], [32768, 128 * 257, 256]], np.uint16)
    for name in ("a.png", "a.tiff"):
        found = decode(saved(Image.fromarray(values), tmp_path / name))
        assert found[:, :, 0].tolist() == [[0, 1, 255], [128, 128, 1]]


def test_floats_become_eight_bits(tmp_path: Path) -> None:
    values = np.array([[0.0, 0.5, 1.0]], np.float32)
    assert decode(saved(Image.fromarray(values), tmp_path / "a.tiff"))[0, :, 0].tolist() == [0, 128, 255]


def tiff(bits: int, numbers: bytes, width: int) -> bytes:
    """A TIFF of one row of gray, as a microscope writes it: Pillow itself writes none of 12 bits."""
    tags = {256: width, 257: 1, 258: bits, 259: 1, 262: 1, 273: 8, 277: 1, 278: 1, 279: len(numbers)}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    head = b"II*\0" + struct.pack("<I", 8 + len(numbers)) + numbers
    return head + struct.pack("<H", len(tags)) + entries + bytes(4)


def test_a_scale_that_the_file_states_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "a.tiff"
    path.write_bytes(tiff(12, bytes([0xFF, 0xF0, 0x64]), 2))  # 4095 and 100 in 12 bits each
    assert decode(path)[0, :, 0].tolist() == [255, 6]
    path = tmp_path / "a.pgm"
    path.write_bytes(b"P5 2 1 4095\n" + struct.pack(">2H", 4095, 100))
    assert decode(path)[0, :, 0].tolist() == [255, 6]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[0, 100, 255]], np.int32), [0, 100, 255]),
        (np.array([[0, 32768, 65535]], np.int32), [0, 128, 255]),
        (np.array([[0, 100, 255]], np.float32), [0, 100, 255]),
        (np.array([[0, 32768, 65535]], np.float32), [0, 128, 255]),
        (np.array([[0, 0.02]], np.float32), [0, 5]),
        (np.zeros((1, 2), np.uint16), [0, 0]),
        (np.zeros((1, 2), np.float32), [0, 0]),
        (np.array([[0, 4096]], np.uint16), [0, 16]),
    ],
)
def test_the_least_usual_scale_that_holds_all_numbers_is_white(
    values: np.ndarray, expected: list[int], tmp_path: Path
) -> None:
    assert decode(saved(Image.fromarray(values), tmp_path / "a.tiff"))[0, :, 0].tolist() == expected


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (np.array([[0, 2**31 - 1]], np.int32), "expected values in 0…1, 0…255 or 0…65,535; found 0…2"),
        (np.array([[-1, 200]], np.int32), "found -1…200"),
        (np.array([[0, 4095]], np.uint16), "4,095, but white is 65,535"),
        (np.array([[0, 1000]], np.int32), "1,000, but white is 65,535"),
        (np.array([[-0.5, 1.0]], np.float32), "found -0.5…1"),
        (np.array([[0, 1e9]], np.float32), r"found 0…1e\+09"),
        (np.array([[0, 1.5]], np.float32), "1.5, but white is 255"),
        (np.full((1, 2), np.nan, np.float32), "NaN or infinity"),
        (np.array([[0.5, np.inf]], np.float32), "NaN or infinity"),
    ],
)
def test_numbers_that_would_turn_black_or_white_are_refused(
    values: np.ndarray, text: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=rf"a\.tiff: .*{text}"):
        decode(saved(Image.fromarray(values), tmp_path / "a.tiff"))


def test_cmyk_becomes_rgb(tmp_path: Path) -> None:
    path = saved(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), tmp_path / "a.jpg", quality=100)
    red, green, blue = decode(path)[8, 8].tolist()
    assert red > 240
    assert green < 20
    assert blue < 20


def test_black_and_white_becomes_gray(tmp_path: Path) -> None:
    found = decode(saved(Image.new("1", (5, 4), 1), tmp_path / "a.png"))
    assert found.shape == (4, 5, 1)
    assert (found == 255).all()


def test_a_color_file_that_shows_gray_alone_counts_as_gray(tmp_path: Path) -> None:
    found = decode(saved(Image.new("RGB", (5, 4), (9, 9, 9)), tmp_path / "a.png"))
    assert found.shape == (4, 5, 1)


def test_of_an_animation_the_first_image_is_taken(tmp_path: Path) -> None:
    first, second = Image.new("RGB", (4, 4), (255, 0, 0)), Image.new("RGB", (4, 4), (0, 255, 0))
    path = saved(first, tmp_path / "a.gif", save_all=True, append_images=[second])
    assert decode(path)[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1)])
def test_odd_sizes_are_read(size: tuple[int, int], tmp_path: Path) -> None:
    assert decode(saved(Image.new("RGB", size, (1, 2, 3)), tmp_path / "a.png")).shape == (size[1], size[0], 3)


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "bmp", "tiff", "webp"])
def test_a_file_cut_short_gives_words_that_name_it(suffix: str, noise: np.ndarray, tmp_path: Path) -> None:
    path = saved(Image.fromarray(noise).resize((64, 64)), tmp_path / f"short.{suffix}")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match=rf"short\.{suffix}"):
        decode(path)


@pytest.mark.parametrize("content", [b"", b"not a picture at all", b"\x89PNG\r\n\x1a\n" + b"\0" * 50])
def test_what_is_no_image_gives_an_error(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(content)
    for read in (decode, lambda path: scan(path, lambda _: False)):
        with pytest.raises(DataError, match=r"a\.png"):
            read(path)


def test_a_missing_file_gives_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        decode(tmp_path / "none.png")


@pytest.mark.parametrize("size", [(10_000, 10_000), (MAX_PIXELS // 8 + 1, 8)])
def test_an_image_of_too_many_pixels_is_refused_unread(size: tuple[int, int], tmp_path: Path) -> None:
    path = saved(Image.new("1", size), tmp_path / "bomb.png")
    for read in (decode, lambda path: scan(path, lambda _: False)):
        with pytest.raises(DataError, match=r"bomb\.png"):
            read(path)


def test_postscript_is_not_read(tmp_path: Path) -> None:
    path = saved(Image.new("RGB", (4, 4)), tmp_path / "a.eps")
    with pytest.raises(DataError):
        decode(path)


def test_few_pixels_are_decoded_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four threads decode images of which two fit at once; a larger one comes alone."""
    path = saved(Image.new("RGB", (10, 10)), tmp_path / "a.png")
    large = saved(Image.new("RGB", (30, 10)), tmp_path / "large.png")
    budget, lock, now, most = decode_module._PixelBudget(250), threading.Lock(), [0], [0]
    monkeypatch.setattr(decode_module, "DECODING", budget)
    flat = decode_module._flat

    def watched(image: Image.Image, *rest: Any) -> Image.Image:
        pixels = image.width * image.height
        with lock:
            now[0] += pixels
            most[0] = max(most[0], now[0])
        threading.Event().wait(0.01)
        result = flat(image, *rest)
        with lock:
            now[0] -= pixels
        return result

    monkeypatch.setattr(decode_module, "_flat", watched)
    with ThreadPoolExecutor(4) as pool:
        assert len(list(pool.map(decode, [path] * 12))) == 12
    assert most[0] == 200
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(decode, [path, large, path, large]))
    assert most[0] == 300


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "webp", "tiff", "bmp"])
@pytest.mark.parametrize("frames", [1, 3])
def test_a_scan_opens_a_file_once_and_gives_the_same_image(
    suffix: str, frames: int, noise: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = [Image.fromarray(np.roll(noise, shift, axis=0)) for shift in range(frames)]
    several = suffix in ("png", "gif", "webp", "tiff") and frames > 1
    options = {"save_all": True, "append_images": images[1:]} if several else {}
    path = saved(images[0], tmp_path / f"a.{suffix}", **options)
    expected = decode(path)
    opened: list[object] = []
    real = Image.open
    monkeypatch.setattr(Image, "open", lambda file, **more: opened.append(file) or real(file, **more))
    found = scan(path, lambda _: True)
    assert opened == [path]
    assert found.image is not None
    assert np.array_equal(found.image, expected)
    assert found.header.frames == (frames if several else 1)
    assert scan(path, lambda _: False) == (found.header, None, None)


def test_a_large_jpeg_is_decoded_at_half_its_size_and_others_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ramp = np.linspace(0, 255, 64 * 48).reshape(48, 64).astype(np.uint8)
    jpeg = saved(Image.fromarray(ramp), tmp_path / "a.jpg", quality=95)
    png = saved(Image.fromarray(ramp), tmp_path / "a.png")
    whole = decode(jpeg)
    monkeypatch.setattr(decode_module, "FULL_PIXELS", 64 * 48)
    assert np.array_equal(decode(jpeg), whole), "it just fits"
    monkeypatch.setattr(decode_module, "FULL_PIXELS", 64 * 48 - 1)
    half, (header, _, _) = decode(jpeg), scan(jpeg, lambda _: False)
    assert half.shape == (24, 32, 1)
    assert (header.size, header.halved) == ((24, 32), True)
    blocks = whole[:, :, 0].reshape(24, 2, 32, 2).mean(axis=(1, 3))
    assert np.abs(half[:, :, 0] - blocks).max() < 4
    assert decode(png).shape == (48, 64, 1)
    assert not scan(png, lambda _: False).header.halved


def test_without_memory_the_reason_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(Image.new("RGB", (4, 4)), tmp_path / "a.png")

    def none_left(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(decode_module, "_to_array", none_left)
    with pytest.raises(DataError, match=r"a\.png: not enough memory"):
        decode(path)


@pytest.mark.skipif(sys.platform == "win32", reason="libtiff is a part of Pillow's own library there")
@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate"])
def test_libtiff_writes_nothing_to_the_terminal(
    compression: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    path = saved(Image.fromarray(noise), tmp_path / "a.tif", compression=compression)
    content = bytearray(path.read_bytes())
    content[200:6000] = bytes(5800)
    path.write_bytes(content)
    capfd.readouterr()
    with pytest.raises(DataError, match=r"a\.tif"):
        decode(path)
    os.write(2, b"ours")
    assert capfd.readouterr().err == "ours"
