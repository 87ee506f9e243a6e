"""Pictures read and fitted in the background, a bounded number of batches ahead of who uses them."""

import os
import queue
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnplay.data.fitting import Shape, fit_rows
from cnnplay.data.images import DataError, ImageSet, Indices

AHEAD = 4
"""So many batches wait at most: enough to ride over a slow file, and never much memory."""
READERS = max(1, min(4, os.cpu_count() or 1))
"""So many files are read at once: Pillow lets other threads run while it decodes and resizes."""


@dataclass(frozen=True, slots=True)
class Block:
    """Fitted pictures N × H × W × C, which they are, and a line for each that could not be read."""

    pixels: NDArray[np.uint8]
    indices: Indices
    problems: tuple[str, ...]


def stream(images: ImageSet, input_shape: Shape, chunks: Sequence[Indices]) -> Iterator[Block]:
    """The chunks in their order, each as a block. Whoever stops early ends the background threads too."""
    ready: queue.Queue[Block | Exception | None] = queue.Queue(AHEAD)
    stop = threading.Event()

    def work() -> None:
        try:
            with ThreadPoolExecutor(READERS, "cnnplay-read") as pool:
                for chunk in chunks:
                    if not _put(ready, read_block(images, input_shape, chunk, pool), stop):
                        return
            _put(ready, None, stop)
        except Exception as error:  # carried over to the thread that asked
            _put(ready, error, stop)

    worker = threading.Thread(target=work, name="cnnplay-stream", daemon=True)
    worker.start()
    try:
        while (block := ready.get()) is not None:
            if isinstance(block, Exception):
                raise block
            yield block
    finally:
        stop.set()
        worker.join()


def read_block(images: ImageSet, input_shape: Shape, chunk: Indices, pool: Executor) -> Block:
    """Some pictures, fitted, several at a time. One that can no longer be read is left out and named."""
    channels, height, width = input_shape
    array = images.array
    if array is not None:
        return Block(fit_rows(array[chunk], input_shape), chunk, ())
    rows: list[NDArray[np.uint8]] = [np.empty((0, height, width, channels), np.uint8)]
    read: list[int] = []
    problems: list[str] = []
    found = pool.map(lambda index: _read_one(images, input_shape, int(index)), chunk)
    for index, row in zip(chunk, found, strict=True):
        if isinstance(row, str):
            problems.append(row)
        else:
            rows.append(row)
            read.append(int(index))
    return Block(np.concatenate(rows), np.array(read, np.int64), tuple(problems))


def _read_one(images: ImageSet, input_shape: Shape, index: int) -> NDArray[np.uint8] | str:
    """1 × H × W × C, or why the picture cannot be read."""
    try:
        picture = images.picture(index)
    except DataError as error:
        return str(error)
    return fit_rows(picture[None], input_shape)


def _put(
    ready: "queue.Queue[Block | Exception | None]", item: Block | Exception | None, stop: threading.Event
) -> bool:
    """Waits for room; False once nobody wants it any more."""
    while not stop.is_set():
        try:
            ready.put(item, timeout=0.1)
        except queue.Full:
            continue
        return True
    return False
