"""Reads and fits images in the background, a limited number of batches ahead of the consumer."""

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
"""At most this many batches wait: enough to bridge a slow file, without much memory."""
READERS = max(1, min(4, os.cpu_count() or 1))
"""This many files are read at once: Pillow releases the GIL while it decodes and resizes."""
COPIED = 32 * 2**20
"""Bytes of large images in memory that are copied at once to be fitted."""


@dataclass(frozen=True, slots=True)
class Block:
    """Fitted images N × H × W × C, their indices, and a line for each that could not be read."""

    pixels: NDArray[np.uint8]
    indices: Indices
    problems: tuple[str, ...]


def stream(dataset: ImageSet, input_shape: Shape, chunks: Sequence[Indices]) -> Iterator[Block]:
    """The chunks in order, each as a block. Stopping early ends the background threads too."""
    ready: queue.Queue[Block | Exception | None] = queue.Queue(AHEAD)
    stop = threading.Event()

    def work() -> None:
        try:
            with ThreadPoolExecutor(READERS, "cnnplay-read") as pool:
                for chunk in chunks:
                    if not _put(ready, read_block(dataset, input_shape, chunk, pool), stop):
                        return
            _put(ready, None, stop)
        except MemoryError:  # not the batch size's: the network has its own memory
            _put(ready, DataError(f"{dataset.title}: not enough memory to read the images"), stop)
        except Exception as error:  # raised in the consumer's thread
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


def read_block(dataset: ImageSet, input_shape: Shape, chunk: Indices, pool: Executor) -> Block:
    """Reads and fits some images, several at a time. Images that can no longer be read are skipped and
    reported.
    """
    array = dataset.array
    if array is not None:
        few = max(1, COPIED // array[0].nbytes)
        parts = [fit_rows(array[chunk[at : at + few]], input_shape) for at in range(0, len(chunk), few)]
        pixels = parts[0] if len(parts) == 1 else np.concatenate([_no_rows(input_shape), *parts])
        return Block(pixels, chunk, ())
    rows = [_no_rows(input_shape)]
    read: list[int] = []
    problems: list[str] = []
    found = pool.map(lambda index: _read_one(dataset, input_shape, int(index)), chunk)
    for index, row in zip(chunk, found, strict=True):
        if isinstance(row, str):
            problems.append(row)
        else:
            rows.append(row)
            read.append(int(index))
    return Block(np.concatenate(rows), np.array(read, np.int64), tuple(problems))


def _no_rows(input_shape: Shape) -> NDArray[np.uint8]:
    channels, height, width = input_shape
    return np.empty((0, height, width, channels), np.uint8)


def _read_one(dataset: ImageSet, input_shape: Shape, index: int) -> NDArray[np.uint8] | str:
    """1 × H × W × C, or why the image cannot be read."""
    try:
        image = dataset.image(index)
    except DataError as error:
        return str(error)
    return fit_rows(image[None], input_shape)


def _put(
    ready: "queue.Queue[Block | Exception | None]", item: Block | Exception | None, stop: threading.Event
) -> bool:
    """Waits for space in the queue; False once stopped."""
    while not stop.is_set():
        try:
            ready.put(item, timeout=0.1)
        except queue.Full:
            continue
        return True
    return False
