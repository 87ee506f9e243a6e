"""The lecture's own worked example: a 6 × 6 image and the filter that finds vertical edges."""

import numpy as np

from cnnplay.lessons.sliding import Array

IMAGE: Array = np.array(
    [
        [
            [3, 0, 1, 2, 7, 4],
            [1, 5, 8, 9, 3, 1],
            [2, 7, 2, 5, 1, 3],
            [0, 1, 3, 1, 7, 8],
            [4, 2, 1, 6, 2, 8],
            [2, 4, 5, 2, 3, 9],
        ]
    ]
)
"""1 × 6 × 6."""

VERTICAL_EDGE: Array = np.array([[[1, 0, -1], [1, 0, -1], [1, 0, -1]]])
"""1 × 3 × 3: the left column minus the right one, so that a uniform area gives 0."""

REMARKS: dict[tuple[int, int], str] = {(1, 0): "one of the lecture's slides says 10 here; −10 is correct"}
"""Remarks on single cells of its output (stride 1, no padding)."""

IMAGE.flags.writeable = False
VERTICAL_EDGE.flags.writeable = False
