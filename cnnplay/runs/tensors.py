"""Tensors of a run's files. With torch: what the window shows at first does without."""

import os
from pathlib import Path

from cnnplay.modules.tensor_file import read_tensors
from cnnplay.modules.weights import Weights
from cnnplay.runs.plain import check_room, open_plain


def tensors_of(path: Path) -> tuple[dict[str, str], Weights]:
    """What a safetensors file says of itself, and its tensors. RunError where it is no plain file or larger
    than the free memory; SafetensorError, OSError.
    """
    with open_plain(path) as plain:
        check_room(path, os.fstat(plain.fileno()).st_size)
    return read_tensors(path)
