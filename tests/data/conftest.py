"""Small folders of images, made by Pillow for each test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

MakeFolder = Callable[..., Path]


def image(value: int = 100, mode: str = "RGB", size: tuple[int, int] = (8, 6)) -> Image.Image:
    """A image of one color; `size` is (width, height)."""
    return Image.new("RGB", size, (value, value // 2, 255 - value)).convert(mode)


@pytest.fixture
def make_folder(tmp_path: Path) -> MakeFolder:
    """Makes class folders of `count` color images each."""

    def make(classes: tuple[str, ...] = ("cat", "dog"), count: int = 5, mode: str = "RGB") -> Path:
        root = tmp_path / "pictures"
        for label, name in enumerate(classes):
            (root / name).mkdir(parents=True)
            for number in range(count):
                image(40 * label + 10 * number, mode).save(root / name / f"{number}.png")
        return root

    return make


@pytest.fixture
def noise() -> np.ndarray:
    """A image in which every pixel differs, 12 × 10 × 3."""
    return np.random.default_rng(0).integers(0, 256, (12, 10, 3), dtype=np.uint8)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Tests share the machine: threads that wait for each other would make them slow."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
