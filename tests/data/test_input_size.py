"""The input that a data set suggests for a network, and what images lose in a network's own."""

import numpy as np
import pytest

from cnnplay.data.images import ImageSet
from cnnplay.data.input_size import is_choice, is_squashed, loss_text, size_text, suggested_shape

LENET, RESNET = (1, 32, 32), (3, 224, 224)


def images(*sizes: tuple[int, int], channels: int = 3) -> ImageSet:
    """Images of these sizes; nothing of them is read."""
    same = len(set(sizes)) == 1
    return ImageSet(
        key="folder:/pets",
        title="pets",
        classes=("cat", "dog"),
        images=np.zeros((len(sizes), 1, 1, 1), np.uint8),
        labels=np.zeros(len(sizes), np.int64),
        train=np.arange(len(sizes)),
        validation=np.arange(0),
        shape=(channels, *sizes[0]) if same else None,
        sizes=None if same else np.array(sizes),
        channels=channels,
    )


PHOTOS = images((375, 500), (300, 400), (500, 375), (360, 480))
"""Three landscapes and a portrait: usually 368 × 440."""


@pytest.mark.parametrize(
    ("dataset", "own", "expected"),
    [
        (images((28, 28), channels=1), LENET, (1, 28, 28)),
        (images((32, 32)), LENET, (3, 32, 32)),
        (PHOTOS, LENET, (3, 56, 64)),
        (PHOTOS, RESNET, (3, 184, 224)),
        (images((50, 40), (60, 44)), RESNET, (3, 56, 40)),
        (images((2000, 3000), channels=1), LENET, (1, 40, 64)),
        (images((1, 900), (2, 900)), LENET, (3, 8, 64)),
    ],
)
def test_the_suggested_input_is_the_images_own_or_their_usual_size_shrunk(
    dataset: ImageSet, own: tuple[int, int, int], expected: tuple[int, int, int]
) -> None:
    assert suggested_shape(dataset, own) == expected


def test_users_choose_where_color_or_detail_would_be_lost_or_small_images_be_enlarged() -> None:
    assert is_choice(PHOTOS, LENET), "color"
    assert is_choice(images((300, 300), (310, 300), channels=1), LENET), "detail"
    assert is_choice(images((28, 28), channels=1), RESNET), "time"
    assert is_choice(images((50, 40), (60, 44)), RESNET), "time"
    assert not is_choice(PHOTOS, RESNET)
    assert not is_choice(images((28, 28), channels=1), LENET)
    assert not is_choice(images((30, 28), (28, 30), channels=1), LENET)


def test_what_images_lose_is_said() -> None:
    assert loss_text(images((28, 28), channels=1), LENET) == ""
    assert "color" in loss_text(images((28, 28)), LENET)
    lost = loss_text(images((375, 500)), LENET)
    assert all(word in lost for word in ("color", "aspect ratio", "375 × 500", "1 × 32 × 32"))
    assert "color" not in loss_text(images((375, 500)), RESNET)
    assert not is_squashed((105, 100), RESNET)
    assert is_squashed((100, 115), RESNET)
    assert not is_squashed((100, 200), (3, 32, 64))


def test_sizes_are_said_with_how_many_are_not_square() -> None:
    assert size_text(images((28, 30))) == "28 × 30"
    assert (
        size_text(images((28, 28), (30, 40), (30, 30))) == "mixed sizes, usually 30 × 30, 1 of 3 not square"
    )
    assert size_text(images((28, 28), (30, 30))) == "mixed sizes, usually 29 × 29"
