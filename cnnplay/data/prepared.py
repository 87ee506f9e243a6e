"""A data set prepared for one network on one device.

If memory allows, every image of a run is fitted once and kept on the device as one tensor N × H × W × C: as
normalized floats or, if those take too much memory, as bytes that are normalized per batch. Data that does
not fit is streamed: read and fitted in the background while the network computes. So is a test split, when it
is requested: no run uses it.
"""

from collections.abc import Callable, Iterator, Sequence
from math import prod
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cnnplay.data.fitting import Shape, fit_rows
from cnnplay.data.images import DataError, ImageSet, Indices, Split
from cnnplay.data.loading import LoadCancelled
from cnnplay.data.memory import available_bytes
from cnnplay.data.order import batch_sizes, class_balanced_order, shuffled
from cnnplay.data.statistics import channel_statistics
from cnnplay.data.streaming import Block, stream
from cnnplay.spec.preprocessing import Preprocessing

Storage: TypeAlias = Literal["floats", "bytes", "streamed"]


class Batch(NamedTuple):
    """Images B × C × H × W (float32, channels_last), labels B, and the images' indices in the data set, B.

    All are on the device.
    """

    images: Tensor
    labels: Tensor
    indices: Tensor


FLOATS_SHARE = 0.1
BYTES_SHARE = 0.5
"""The shares of the free memory that images may take, as floats and as bytes."""

STATISTICS_SAMPLE = 4096
"""Streamed data sets compute their statistics from this many images."""

_BLOCK = 512
_FILES = 64
"""Images are fitted in chunks of this size; between chunks, cancellation is checked."""


class Prepared:
    """Batches of a data set for one input shape. Created by `prepare`; several epochs and runs may
    share it.
    """

    def __init__(
        self,
        dataset: ImageSet,
        preprocessing: Preprocessing,
        device: torch.device,
        pixels: Tensor | None,
        unreadable: Sequence[int] = (),
        min_batch: int = 2,
    ) -> None:
        self.dataset = dataset
        self.preprocessing = preprocessing
        self.device = device
        self.min_batch = min_batch
        """The smallest training batch: batch norm has no variance of one image, and distributed processes
        need two each.
        """
        self.problems: list[str] = []
        self._unreadable = np.array(unreadable, np.int64)
        self.train = self._readable(dataset.train)
        self.validation = self._readable(dataset.validation)
        self._pixels = pixels
        self._run_size = dataset.run_size
        self._labels = torch.from_numpy(dataset.labels).to(device)
        self._mean = torch.tensor(preprocessing.mean, dtype=torch.float32, device=device)
        self._std = torch.tensor(preprocessing.std, dtype=torch.float32, device=device)

    @property
    def resident(self) -> bool:
        """Whether all images, except a test split, are on the device as one tensor."""
        return self._pixels is not None

    @property
    def floats(self) -> bool:
        """Whether they are stored normalized."""
        return self._pixels is not None and self._pixels.dtype == torch.float32

    @property
    def train_size(self) -> int:
        return len(self.train)

    @property
    def validation_size(self) -> int:
        return len(self.validation)

    def steps(self, batch_size: int) -> int:
        """The number of batches per epoch."""
        return len(self.sizes(batch_size))

    def sizes(self, batch_size: int) -> list[int]:
        """The number of images in each batch of an epoch: a last batch smaller than `min_batch` joins the one
        before.
        """
        return batch_sizes(self.train_size, batch_size, self.min_batch)

    def train_batches(
        self,
        epoch: int,
        batch_size: int,
        seed: int,
        *,
        balanced: bool = False,
        skip: int = 0,
        share: tuple[int, int] = (0, 1),
    ) -> Iterator[Batch]:
        """The training split in an order given by seed and epoch, without the first `skip` batches.

        `share` (rank, size) takes every `size`-th image of each batch, starting at `rank`; if there is none,
        the batch's first image. `balanced` draws images so that all classes are equally frequent.
        """
        if balanced:
            order = self.train[class_balanced_order(self.dataset.labels[self.train], seed, epoch)]
        else:
            order = self.train[shuffled(self.train_size, seed, epoch)]
        sizes = self.sizes(batch_size)
        order, sizes = order[sum(sizes[:skip]) :], sizes[skip:]
        rank, size = share
        if size > 1:
            parts = [part[rank::size] if len(part) > rank else part[:1] for part in _parts(order, sizes)]
            order, sizes = np.concatenate([*parts, order[:0]]), [len(part) for part in parts]
        return self.batches(order, sizes)

    def batches(self, indices: Indices, sizes: Sequence[int]) -> Iterator[Batch]:
        """Any images in the given order, in batches of the given sizes."""
        if self._pixels is None or self._in_test_split(indices):
            yield from self._streamed(indices, sizes)
            return
        pixels, labels = self._pixels, self._labels
        for chosen in self._on_device(indices).split(list(sizes)):
            yield Batch(
                self._normalize(pixels.index_select(0, chosen)), labels.index_select(0, chosen), chosen
            )

    def inputs(self, indices: Sequence[int] | Indices) -> Tensor:
        """A few images as the network's input, B × C × H × W."""
        chosen = np.asarray(indices, np.int64)
        if self._pixels is not None and not self._in_test_split(chosen):
            return self._normalize(self._pixels.index_select(0, self._on_device(chosen)))
        rows = [fit_rows(self.dataset.image(int(i))[None], self.preprocessing.input) for i in chosen]
        return self._normalize(torch.from_numpy(np.concatenate(rows)).to(self.device))

    def split(self, split: Split) -> Indices:
        """The readable images of a split."""
        if split == "train":
            return self.train
        return self.validation if split == "validation" else self._readable(self.dataset.indices(split))

    def close(self) -> None:
        """Frees the memory; no batches after this."""
        self._pixels = None

    def _in_test_split(self, indices: Indices) -> bool:
        """Whether some belong to a test split, which is only read when requested."""
        return bool(len(indices)) and int(indices.max()) >= self._run_size

    def _readable(self, indices: Indices) -> Indices:
        return np.setdiff1d(indices, self._unreadable).astype(np.int64)

    def _streamed(self, indices: Indices, sizes: Sequence[int]) -> Iterator[Batch]:
        for block in stream(self.dataset, self.preprocessing.input, _parts(indices, sizes)):
            # Every epoch meets the same unreadable file again: report it once.
            self.problems += [problem for problem in block.problems if problem not in self.problems]
            if len(block.indices):
                pixels = torch.from_numpy(block.pixels).to(self.device, non_blocking=True)
                chosen = self._on_device(block.indices)
                yield Batch(self._normalize(pixels), self._labels.index_select(0, chosen), chosen)

    def _normalize(self, pixels: Tensor) -> Tensor:
        """N × H × W × C, bytes or normalized, as normalized floats N × C × H × W over the same memory."""
        if pixels.dtype == torch.uint8:
            pixels = pixels.to(torch.float32).div_(255).sub_(self._mean).div_(self._std)
        return pixels.permute(0, 3, 1, 2)

    def _on_device(self, indices: Indices) -> Tensor:
        return torch.from_numpy(indices).to(self.device)


def prepare(
    dataset: ImageSet,
    input_shape: Shape,
    device: torch.device | str = "cpu",
    *,
    preprocessing: Preprocessing | None = None,
    reserved: int = 0,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    memory: int | None = None,
    min_batch: int = 2,
) -> Prepared:
    """Fits a data set to `input_shape` (C, H, W) and moves it to the device.

    The statistics are those of the training split after fitting, unless `preprocessing` gives them (a trained
    network keeps its own). `reserved` bytes of the free memory are left for the network; `memory` replaces
    the measured free memory. No training batch is smaller than `min_batch` if it can join another. Raises
    DataError if images cannot become such an input, LoadCancelled if `cancelled()`.
    """
    device = torch.device(device)
    free = max(0, (free_bytes(device) if memory is None else memory) - reserved)
    kind = storage(dataset.run_size, input_shape, free)
    if kind == "streamed":
        statistics = preprocessing or sampled_statistics(dataset, input_shape, cancelled=cancelled)
        return Prepared(dataset, statistics, device, None, min_batch=min_batch)
    rows, problems, unreadable = _fitted(dataset, input_shape, progress, cancelled)
    train = np.setdiff1d(dataset.train, unreadable)
    if preprocessing is None and not len(train):
        raise _no_training_images(dataset)
    statistics = preprocessing or _statistics(rows, train, input_shape, dataset.white)
    pixels = torch.from_numpy(rows)
    if kind == "floats":
        pixels = _normalized(pixels, statistics)
    prepared = Prepared(dataset, statistics, device, pixels.to(device), unreadable, min_batch)
    prepared.problems += problems
    return prepared


def storage(images: int, input_shape: Shape, free: int) -> Storage:
    """How to store that many images, with `free` bytes of memory."""
    numbers = images * prod(input_shape)
    if numbers * 4 <= free * FLOATS_SHARE:
        return "floats"
    return "bytes" if numbers <= free * BYTES_SHARE else "streamed"


def free_bytes(device: torch.device) -> int:
    """The free memory of the device."""
    if device.type != "cuda":
        return available_bytes()
    # Memory that torch has reserved but does not use is free for the next run.
    unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return int(torch.cuda.mem_get_info(device)[0]) + unused


def _parts(indices: Indices, sizes: Sequence[int]) -> list[Indices]:
    ends = np.cumsum(sizes)
    return [indices[end - size : end] for end, size in zip(ends, sizes, strict=True)]


def _fitted(
    dataset: ImageSet,
    input_shape: Shape,
    progress: Callable[[int, int], None] | None,
    cancelled: Callable[[], bool] | None,
) -> tuple[NDArray[np.uint8], list[str], list[int]]:
    """All images of a run as N × H × W × C, the problems with unreadable ones, and their indices."""
    channels, height, width = input_shape
    problems: list[str] = []
    unreadable: list[int] = []
    count = dataset.run_size
    rows = np.zeros((count, height, width, channels), np.uint8)
    size = _BLOCK if dataset.array is not None else _FILES
    starts = range(0, count, size)
    chunks = [np.arange(start, min(start + size, count), dtype=np.int64) for start in starts]
    blocks = _until_cancelled(stream(dataset, input_shape, chunks), cancelled)
    for chunk, block in zip(chunks, blocks, strict=True):
        rows[block.indices] = block.pixels
        problems += block.problems
        unreadable += sorted(set(chunk.tolist()) - set(block.indices.tolist()))
        if progress is not None:
            progress(int(chunk[-1]) + 1, count)
    return rows, problems, unreadable


def _statistics(
    rows: NDArray[np.uint8], train: Indices, input_shape: Shape, white: float | None
) -> Preprocessing:
    blocks = (rows[train[start : start + _BLOCK]] for start in range(0, len(train), _BLOCK))
    mean, std = channel_statistics(blocks)
    return Preprocessing(input=input_shape, mean=mean, std=std, white=white)


def sampled_statistics(
    dataset: ImageSet,
    input_shape: Shape,
    most: int = STATISTICS_SAMPLE,
    cancelled: Callable[[], bool] | None = None,
) -> Preprocessing:
    """The statistics of at most `most` training images: the first in the order of seed 0, epoch 0. Raises
    DataError if none can be read or become such an input, LoadCancelled if `cancelled()`.
    """
    sample = dataset.train[shuffled(len(dataset.train), 0, 0)][:most]
    chunks = [sample[start : start + _FILES] for start in range(0, len(sample), _FILES)]
    blocks = _until_cancelled(stream(dataset, input_shape, chunks), cancelled)
    mean, std = channel_statistics(block.pixels for block in blocks)
    if not mean:
        raise _no_training_images(dataset)
    return Preprocessing(input=input_shape, mean=mean, std=std, white=dataset.white)


def _until_cancelled(blocks: Iterator[Block], cancelled: Callable[[], bool] | None) -> Iterator[Block]:
    """The blocks one by one; raises LoadCancelled once `cancelled()`."""
    for block in blocks:
        if cancelled is not None and cancelled():
            raise LoadCancelled("preparing the images was cancelled")
        yield block


def _no_training_images(dataset: ImageSet) -> DataError:
    return DataError(f"{dataset.title}: none of the training images can be read")


def _normalized(pixels: Tensor, preprocessing: Preprocessing) -> Tensor:
    mean = torch.tensor(preprocessing.mean, dtype=torch.float32)
    std = torch.tensor(preprocessing.std, dtype=torch.float32)
    result = torch.empty(pixels.shape, dtype=torch.float32)
    for source, target in zip(pixels.split(_BLOCK), result.split(_BLOCK), strict=True):
        target.copy_(source).div_(255).sub_(mean).div_(std)
    return result
