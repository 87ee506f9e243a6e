import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cnnplay.probing.tiles import (
    columns_for,
    filter_rows,
    grid,
    magnitude_limits,
    mosaic,
    signed_limits,
)


@given(
    count=st.integers(1, 20),
    height=st.integers(1, 4),
    width=st.integers(1, 4),
    columns=st.integers(1, 25),
    gap=st.integers(0, 2),
)
def test_every_pixel_of_every_map_is_found_where_the_grid_says(
    count: int, height: int, width: int, columns: int, gap: int
) -> None:
    maps = np.arange(count * height * width, dtype=np.float32).reshape(count, height, width)
    picture, place = mosaic(maps, columns, gap), grid(maps, columns, gap)
    assert picture.shape == place.shape
    found = 0
    for row in range(picture.shape[0]):
        for column in range(picture.shape[1]):
            at = place.at(row, column)
            if at is None:
                assert np.isnan(picture[row, column])
            else:
                assert picture[row, column] == maps[at]
                found += 1
    assert found == maps.size
    assert place.at(-1, 0) is None
    assert place.at(0, picture.shape[1] + 1) is None


def test_colour_tiles_keep_their_channels() -> None:
    assert mosaic(np.ones((3, 2, 2, 3), np.float32), 2).shape == (7, 7, 3)


def test_a_page_of_kernels_reads_a_row_a_filter_and_a_column_a_channel() -> None:
    kernels = np.arange(4 * 3 * 2 * 2, dtype=np.float32).reshape(4, 3, 2, 2)
    tiles = filter_rows(kernels, first=1, rows=2, channels=2, first_channel=1)
    assert tiles.shape == (4, 2, 2)
    np.testing.assert_array_equal(tiles[0], kernels[1, 1])
    np.testing.assert_array_equal(tiles[1], kernels[1, 2])
    np.testing.assert_array_equal(tiles[2], kernels[2, 1])


def test_limits_are_centred_or_whole_and_never_empty() -> None:
    values = np.array([-3.0, 1.0, np.nan, np.inf], np.float32)
    assert signed_limits(values) == (-3.0, 3.0)
    assert magnitude_limits(values) == (-3.0, 1.0)
    zeros = np.zeros(4, np.float32)
    assert signed_limits(zeros) == (-1.0, 1.0)
    assert magnitude_limits(zeros) == (0.0, 1.0)
    assert magnitude_limits(np.array([np.nan], np.float32)) == (0.0, 1.0)


def test_columns_follow_the_place_that_there_is() -> None:
    assert columns_for(16, 5, 5, 1.0) == 4
    assert columns_for(16, 5, 5, 100.0) == 16
    assert columns_for(16, 5, 5, 0.01) == 1
    assert columns_for(0, 5, 5, 1.0) == 1
