"""A data set made ready for one network on one device.

Where memory allows, every picture of a run is fitted once and lies on the device as one tensor N × H × W × C,
as normalised floats or, where those would take too much, as bytes that are normalised batch by batch. What
does not fit is streamed: read and fitted in the background while the network computes. So is a test part,
whenever somebody asks for it: no run touches it.
"""

from collections.abc import Callable, Iterator, Sequence
from math import prod
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cnnplay.data.fitting import Shape, fit_rows
from cnnplay.data.folder import LoadCancelled
from cnnplay.data.images import DataError, ImageSet, Indices, Split
from cnnplay.data.memory import available_bytes
from cnnplay.data.order import batch_sizes, evenly_drawn, shuffled
from cnnplay.data.statistics import channel_statistics
from cnnplay.data.streaming import Block, stream
from cnnplay.spec.preprocessing import Preprocessing

Storage: TypeAlias = Literal["floats", "bytes", "streamed"]


class Batch(NamedTuple):
    """Pictures B × C × H × W (float32, in channels_last's order), labels B, and which pictures they are, B.

    All lie on the device.
    """

    pictures: Tensor
    labels: Tensor
    indices: Tensor


FLOATS_SHARE = 0.1
BYTES_SHARE = 0.5
"""Shares of the free memory that pictures may take, as floats and as bytes."""

STATISTICS_SAMPLE = 4096
"""Pictures are streamed where there are too many for the memory: statistics are then of so many of them."""

_BLOCK = 512
_FILES = 64
"""So many pictures are fitted between two looks at whether anybody still wants them."""


class Prepared:
    """Batches of a data set for one input shape. Made by `prepare`; several epochs and runs may share it."""

    def __init__(
        self,
        images: ImageSet,
        preprocessing: Preprocessing,
        device: torch.device,
        pixels: Tensor | None,
        unreadable: Sequence[int] = (),
        fewest: int = 2,
    ) -> None:
        self.images = images
        self.preprocessing = preprocessing
        self.device = device
        self.fewest = fewest
        """The fewest pictures of a batch to learn from: batch norm has no variance of one, and processes that
        share batches need two each."""
        self.problems: list[str] = []
        self._unreadable = np.array(unreadable, np.int64)
        self.train = self._readable(images.train)
        self.validation = self._readable(images.validation)
        self._pixels = pixels
        self._run_size = images.run_size
        self._labels = torch.from_numpy(images.labels).to(device)
        self._mean = torch.tensor(preprocessing.mean, dtype=torch.float32, device=device)
        self._std = torch.tensor(preprocessing.std, dtype=torch.float32, device=device)

    @property
    def resident(self) -> bool:
        """Whether all pictures, but for a test part, lie on the device as one tensor."""
        return self._pixels is not None

    @property
    def floats(self) -> bool:
        """Whether they lie there normalised."""
        return self._pixels is not None and self._pixels.dtype == torch.float32

    @property
    def train_size(self) -> int:
        return len(self.train)

    @property
    def validation_size(self) -> int:
        return len(self.validation)

    def steps(self, batch_size: int) -> int:
        """How many batches an epoch has."""
        return len(self.sizes(batch_size))

    def sizes(self, batch_size: int) -> list[int]:
        """How many pictures each of an epoch's batches has: where the last had fewer than `fewest`, they join
        the one before."""
        return batch_sizes(self.train_size, batch_size, self.fewest)

    def train_batches(
        self,
        epoch: int,
        batch_size: int,
        seed: int,
        *,
        evenly: bool = False,
        skip: int = 0,
        share: tuple[int, int] = (0, 1),
    ) -> Iterator[Batch]:
        """The training part in an order that seed and epoch decide, without the first `skip` batches.

        `share` (rank, size) takes every `size`-th picture of each batch, from `rank` on; where that is none,
        the batch's first stands for them. `evenly` draws pictures so that classes come equally often.
        """
        if evenly:
            order = self.train[evenly_drawn(self.images.labels[self.train], seed, epoch)]
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
        """Any pictures in the order given, so many in each batch."""
        if self._pixels is None or self._beyond(indices):
            yield from self._streamed(indices, sizes)
            return
        pixels, labels = self._pixels, self._labels
        for chosen in self._on_device(indices).split(list(sizes)):
            yield Batch(self._seen(pixels.index_select(0, chosen)), labels.index_select(0, chosen), chosen)

    def inputs(self, indices: Sequence[int] | Indices) -> Tensor:
        """A few pictures as the network sees them, B × C × H × W."""
        chosen = np.asarray(indices, np.int64)
        if self._pixels is not None and not self._beyond(chosen):
            return self._seen(self._pixels.index_select(0, self._on_device(chosen)))
        rows = [fit_rows(self.images.picture(int(i))[None], self.preprocessing.input) for i in chosen]
        return self._seen(torch.from_numpy(np.concatenate(rows)).to(self.device))

    def split(self, split: Split) -> Indices:
        """The pictures of a part of the data set that can be read."""
        if split == "train":
            return self.train
        return self.validation if split == "validation" else self._readable(self.images.indices(split))

    def close(self) -> None:
        """Gives the memory back; no batches after this."""
        self._pixels = None

    def _beyond(self, indices: Indices) -> bool:
        """Whether some lie in a test part, which is read when it is asked for and not before."""
        return bool(len(indices)) and int(indices.max()) >= self._run_size

    def _readable(self, indices: Indices) -> Indices:
        return np.setdiff1d(indices, self._unreadable).astype(np.int64)

    def _streamed(self, indices: Indices, sizes: Sequence[int]) -> Iterator[Batch]:
        for block in stream(self.images, self.preprocessing.input, _parts(indices, sizes)):
            # Every epoch comes by the same file again: it is named once.
            self.problems += [problem for problem in block.problems if problem not in self.problems]
            if len(block.indices):
                pixels = torch.from_numpy(block.pixels).to(self.device, non_blocking=True)
                chosen = self._on_device(block.indices)
                yield Batch(self._seen(pixels), self._labels.index_select(0, chosen), chosen)

    def _seen(self, pixels: Tensor) -> Tensor:
        """N × H × W × C, bytes or normalised, as normalised floats N × C × H × W over the same memory."""
        if pixels.dtype == torch.uint8:
            pixels = pixels.to(torch.float32).div_(255).sub_(self._mean).div_(self._std)
        return pixels.permute(0, 3, 1, 2)

    def _on_device(self, indices: Indices) -> Tensor:
        return torch.from_numpy(indices).to(self.device)


def prepare(
    images: ImageSet,
    input_shape: Shape,
    device: torch.device | str = "cpu",
    *,
    preprocessing: Preprocessing | None = None,
    reserved: int = 0,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    memory: int | None = None,
    fewest: int = 2,
) -> Prepared:
    """Brings a data set to `input_shape` (C, H, W) and onto the device.

    The statistics are the training part's, after fitting, unless `preprocessing` gives them (a trained
    network keeps its own). `reserved` bytes of the free memory are left for the network; `memory` replaces
    what is found free. No batch to learn from has fewer pictures than `fewest`, where there are others that
    they can join. DataError where pictures cannot become such an input; LoadCancelled if `cancelled()`.
    """
    device = torch.device(device)
    free = max(0, (free_bytes(device) if memory is None else memory) - reserved)
    way = storage(images.run_size, input_shape, free)
    if way == "streamed":
        statistics = preprocessing or sampled_statistics(images, input_shape, cancelled=cancelled)
        return Prepared(images, statistics, device, None, fewest=fewest)
    rows, problems, unreadable = _fitted(images, input_shape, progress, cancelled)
    train = np.setdiff1d(images.train, unreadable)
    if preprocessing is None and not len(train):
        raise _nothing_to_learn_from(images)
    statistics = preprocessing or _statistics(rows, train, input_shape)
    pixels = torch.from_numpy(rows)
    if way == "floats":
        pixels = _normalised(pixels, statistics)
    prepared = Prepared(images, statistics, device, pixels.to(device), unreadable, fewest)
    prepared.problems += problems
    return prepared


def storage(pictures: int, input_shape: Shape, free: int) -> Storage:
    """How so many pictures are kept, where so many bytes are free."""
    numbers = pictures * prod(input_shape)
    if numbers * 4 <= free * FLOATS_SHARE:
        return "floats"
    return "bytes" if numbers <= free * BYTES_SHARE else "streamed"


def free_bytes(device: torch.device) -> int:
    """The memory that is free where the device computes."""
    if device.type != "cuda":
        return available_bytes()
    # What torch holds without using it is free for the next run.
    unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return int(torch.cuda.mem_get_info(device)[0]) + unused


def _parts(indices: Indices, sizes: Sequence[int]) -> list[Indices]:
    ends = np.cumsum(sizes)
    return [indices[end - size : end] for end, size in zip(ends, sizes, strict=True)]


def _fitted(
    images: ImageSet,
    input_shape: Shape,
    progress: Callable[[int, int], None] | None,
    cancelled: Callable[[], bool] | None,
) -> tuple[NDArray[np.uint8], list[str], list[int]]:
    """All pictures of a run as N × H × W × C, what could not be read, and the indices of those."""
    channels, height, width = input_shape
    problems: list[str] = []
    unreadable: list[int] = []
    count = images.run_size
    rows = np.zeros((count, height, width, channels), np.uint8)
    size = _BLOCK if images.array is not None else _FILES
    starts = range(0, count, size)
    chunks = [np.arange(start, min(start + size, count), dtype=np.int64) for start in starts]
    blocks = _while_wanted(stream(images, input_shape, chunks), cancelled)
    for chunk, block in zip(chunks, blocks, strict=True):
        rows[block.indices] = block.pixels
        problems += block.problems
        unreadable += sorted(set(chunk.tolist()) - set(block.indices.tolist()))
        if progress is not None:
            progress(int(chunk[-1]) + 1, count)
    return rows, problems, unreadable


def _statistics(rows: NDArray[np.uint8], train: Indices, input_shape: Shape) -> Preprocessing:
    blocks = (rows[train[start : start + _BLOCK]] for start in range(0, len(train), _BLOCK))
    mean, std = channel_statistics(blocks)
    return Preprocessing(input=input_shape, mean=mean, std=std)


def sampled_statistics(
    images: ImageSet,
    input_shape: Shape,
    most: int = STATISTICS_SAMPLE,
    cancelled: Callable[[], bool] | None = None,
) -> Preprocessing:
    """The statistics of at most so many training pictures: those that come first in the order of seed 0,
    epoch 0. DataError where none can be read, or they cannot become such an input; LoadCancelled if
    `cancelled()`."""
    sample = images.train[shuffled(len(images.train), 0, 0)][:most]
    chunks = [sample[start : start + _FILES] for start in range(0, len(sample), _FILES)]
    blocks = _while_wanted(stream(images, input_shape, chunks), cancelled)
    mean, std = channel_statistics(block.pixels for block in blocks)
    if not mean:
        raise _nothing_to_learn_from(images)
    return Preprocessing(input=input_shape, mean=mean, std=std)


def _while_wanted(blocks: Iterator[Block], cancelled: Callable[[], bool] | None) -> Iterator[Block]:
    """The blocks one by one; LoadCancelled once nobody wants them any more."""
    for block in blocks:
        if cancelled is not None and cancelled():
            raise LoadCancelled("preparing the pictures was cancelled")
        yield block


def _nothing_to_learn_from(images: ImageSet) -> DataError:
    return DataError(f"{images.title}: none of the training pictures can be read")


def _normalised(pixels: Tensor, preprocessing: Preprocessing) -> Tensor:
    mean = torch.tensor(preprocessing.mean, dtype=torch.float32)
    std = torch.tensor(preprocessing.std, dtype=torch.float32)
    result = torch.empty(pixels.shape, dtype=torch.float32)
    for source, target in zip(pixels.split(_BLOCK), result.split(_BLOCK), strict=True):
        target.copy_(source).div_(255).sub_(mean).div_(std)
    return result
