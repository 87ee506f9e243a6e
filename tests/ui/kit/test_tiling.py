"""Tiles: where they are, what is under a pixel, pages, and that their pixels are the values."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnplay.ui.kit.paging import page_text, turned_page
from cnnplay.ui.kit.tiling import (
    Arrangement,
    Tiles,
    compose,
    flow,
    fractions,
    grid,
    scale_values,
    tile_size,
)

sizes = st.tuples(st.integers(1, 40), st.integers(1, 40))
areas = st.tuples(st.integers(60, 900), st.integers(60, 1500))


def flowing(count: int, size: tuple[int, int], area: tuple[int, int], first: int = 0) -> Arrangement:
    return flow(count, size, area, label=14, gap=8, least=24, most=200, first=first)


def mosaic(
    rows: int, columns: int, size: tuple[int, int], area: tuple[int, int], first: tuple[int, int] = (0, 0)
) -> Arrangement:
    return grid(rows, columns, size, area, left=60, top=14, gap=3, least=15, most=200, first=first)


def check_hits(arrangement: Arrangement) -> None:
    """Every tile is found under its own pixels, and none between them."""
    height, width = arrangement.tile
    for (row, column), number in np.ndenumerate(arrangement.numbers):
        y, x = arrangement.corner(row, column)
        if number >= 0:
            assert arrangement.hit(y, x) == (number, 0, 0)
            last = (number, arrangement.size[0] - 1, arrangement.size[1] - 1)
            if height >= arrangement.size[0] and width >= arrangement.size[1]:
                assert arrangement.hit(y + height - 1, x + width - 1) == last
            assert arrangement.hit(y + height, x) is None or arrangement.pitch[0] == height
        else:
            assert arrangement.hit(y, x) is None


@given(st.integers(1, 300), sizes, areas)
def test_flowing_tiles_are_found_under_their_pixels(
    count: int, size: tuple[int, int], area: tuple[int, int]
) -> None:
    check_hits(flowing(count, size, area))


@given(st.integers(1, 80), st.integers(1, 80), st.tuples(st.integers(1, 7), st.integers(1, 7)), areas)
@settings(deadline=None)
def test_tiles_of_a_mosaic_are_found_under_their_pixels(
    rows: int, columns: int, size: tuple[int, int], area: tuple[int, int]
) -> None:
    check_hits(mosaic(rows, columns, size, area))


@given(st.integers(1, 300), sizes, areas)
@settings(deadline=None)
def test_pages_of_a_flow_show_every_tile_once(
    count: int, size: tuple[int, int], area: tuple[int, int]
) -> None:
    tiles = Tiles(np.zeros((count, *size), np.float32), "magnitude", np.zeros((count, 2)))
    full = flowing(count, size, area).numbers
    page, shown = full, []
    while True:
        shown += [int(number) for number in page.ravel() if number >= 0]
        first = turned_page(tiles, page, full, 1, 0)
        if first is None:
            break
        page = flowing(count, size, area, first[0]).numbers
    assert shown == list(range(count))


@given(st.integers(1, 40), st.integers(1, 40), areas)
@settings(deadline=None)
def test_pages_of_a_mosaic_show_every_tile_once(rows: int, columns: int, area: tuple[int, int]) -> None:
    tiles = Tiles(
        np.zeros((rows * columns, 3, 3), np.float32), "signed", np.zeros((rows * columns, 2)), columns=columns
    )
    full = mosaic(rows, columns, (3, 3), area).numbers
    shown: list[int] = []
    down: tuple[int, int] | None = (0, 0)
    while down is not None:
        across: tuple[int, int] | None = down
        while across is not None:
            page = mosaic(rows, columns, (3, 3), area, across).numbers
            shown += [int(number) for number in page.ravel() if number >= 0]
            across = turned_page(tiles, page, full, 0, 1)
        down = turned_page(tiles, mosaic(rows, columns, (3, 3), area, down).numbers, full, 1, 0)
    assert sorted(shown) == list(range(rows * columns))


def test_a_page_contains_the_requested_tile() -> None:
    assert flowing(512, (7, 7), (300, 500), first=200).place(200) is not None
    assert mosaic(64, 64, (3, 3), (300, 400), (40, 50)).place(40 * 64 + 50) is not None


def test_small_maps_are_enlarged_by_an_integer_if_that_costs_little() -> None:
    assert tile_size((28, 28), 90) == (84, 84)
    assert tile_size((28, 28), 75) == (75, 75)
    assert tile_size((5, 5), 108) == (105, 105)
    assert tile_size((10, 20), 60) == (30, 60)


def test_large_maps_shrink_to_means_of_blocks() -> None:
    assert tile_size((224, 224), 60) == (56, 56)
    values = np.arange(16, dtype=np.float32).reshape(1, 4, 4)
    shrunk = scale_values(values, (2, 2))
    assert shrunk.tolist() == [[[2.5, 4.5], [10.5, 12.5]]]


def test_enlarging_repeats_each_value() -> None:
    values = np.array([[[1, 2], [3, 4]]], np.float32)
    assert scale_values(values, (4, 4))[0].tolist() == np.kron(values[0], np.ones((2, 2))).tolist()


def test_the_page_shows_each_tile_at_its_place_and_nothing_between() -> None:
    arrangement = flowing(3, (2, 2), (200, 300))
    colors = np.stack([np.full(arrangement.tile, n + 1, np.uint32) for n in range(3)])
    image = compose(arrangement, colors)
    assert image.shape == arrangement.extent
    for number in range(3):
        place = arrangement.place(number)
        assert place is not None
        y, x = np.subtract(arrangement.corner(*place), arrangement.origin)
        assert (image[y : y + arrangement.tile[0], x : x + arrangement.tile[1]] == number + 1).all()
    assert np.count_nonzero(image) == 3 * arrangement.tile[0] * arrangement.tile[1]


def test_fractions_lie_between_each_tiles_own_limits() -> None:
    values = np.array([[[-1.0, 3.0]], [[5.0, 5.0]]], np.float32)
    found = fractions(values, np.array([[-1.0, 3.0], [5.0, 5.0]]))
    assert found.tolist() == [[[0.0, 1.0]], [[0.5, 0.5]]]


@pytest.mark.parametrize(
    ("count", "columns", "text"),
    [(512, 0, "1–64 of 512"), (6, 0, ""), (64 * 64, 64, "filters 1–11 of 64 · channels 1–17 of 64")],
)
def test_the_page_text_says_what_is_shown(count: int, columns: int, text: str) -> None:
    values = np.zeros((count, 3, 3), np.float32)
    tiles = Tiles(values, "signed", np.zeros((count, 2)), columns=columns, noun="filter")
    page = mosaic(64, 64, (3, 3), (212, 380)) if columns else flowing(count, (3, 3), (800, 1200))
    assert page_text(tiles, page.numbers) == text


def test_a_value_is_read_out_with_a_true_minus_sign() -> None:
    tiles = Tiles(np.full((2, 3, 3), -0.25, np.float32), "signed", np.zeros((2, 2)), noun="filter")
    assert tiles.pixel_text(1, 2, 0) == "filter 2 · row 3, column 1: −0.250"
