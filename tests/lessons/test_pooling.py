"""Pooling's steps against numbers worked by hand and against torch."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnplay.lessons.lecture import IMAGE
from cnnplay.lessons.pooling import Pool, pooling, pooling_step
from cnnplay.lessons.sliding import Sliding, pads_of

HALVES = Sliding(size=(6, 6), kernel=(2, 2), stride=(2, 2))


def test_max_pooling_of_the_lectures_image_keeps_the_largest_of_each_window() -> None:
    assert pooling(IMAGE, HALVES, "max").tolist() == [[5, 9, 7], [7, 5, 8], [4, 6, 9]]


def test_average_pooling_of_the_lectures_image_is_the_mean_of_each_window() -> None:
    assert pooling(IMAGE, HALVES, "average").tolist() == [
        [2.25, 5.0, 3.75],
        [2.5, 2.75, 4.75],
        [3.0, 3.5, 5.5],
    ]


def test_a_step_says_where_the_largest_value_is() -> None:
    step = pooling_step(IMAGE, HALVES, "max", row=0, column=1)
    assert step.patch.tolist() == [[1, 2], [8, 9]]
    assert step.chosen == (1, 1)
    assert step.total == 9


def test_padding_never_wins_a_maximum() -> None:
    sliding = Sliding(size=(6, 6), kernel=(3, 3), stride=(2, 2), pads=(1, 1, 1, 1))
    step = pooling_step(-IMAGE, sliding, "max")
    assert step.total == 0
    assert step.patch[0].tolist() == [-np.inf] * 3


@settings(max_examples=80, deadline=None)
@given(
    size=st.tuples(st.integers(2, 9), st.integers(2, 9)),
    kernel=st.tuples(st.integers(2, 4), st.integers(2, 4)),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    padding=st.sampled_from([(0, 0), (1, 0), (1, 1)]),
    pool=st.sampled_from(["max", "average"]),
)
def test_whole_output_and_every_step_agree_with_torch(
    size: tuple[int, int],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
    pool: Pool,
) -> None:
    maps = np.random.default_rng(1).normal(size=(2, *size))
    sliding = Sliding(size=size, kernel=kernel, stride=stride, pads=pads_of(padding, kernel))
    if not sliding.steps:
        return
    reference = torch.nn.functional.max_pool2d if pool == "max" else torch.nn.functional.avg_pool2d
    truth = reference(torch.from_numpy(maps)[None], kernel, stride, padding)[0, 1].numpy()
    assert pooling(maps, sliding, pool, channel=1) == pytest.approx(truth)
    for index in range(sliding.steps):
        row, column = sliding.place(index)
        step = pooling_step(maps, sliding, pool, channel=1, row=row, column=column)
        assert step.total == pytest.approx(truth[row, column])
