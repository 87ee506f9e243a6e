"""Estimates a run's memory and time per epoch before it starts.

Memory: the weights, a gradient and the optimizer's state for each of them, copies of good weights, and every
layer's output for every image of a batch, which the backward pass needs (except those overwritten in place by
the next layer). Time: each layer is timed, forward and backward, on a few dataset. For what cannot be timed,
the time is computed from its operations, from moving feature maps and weights through memory, and from the
overhead of calling a layer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, prod

import msgspec
import torch

from cnnplay.data.images import ImageSet
from cnnplay.data.prepared import Prepared, free_bytes, storage
from cnnplay.modules.in_place import in_place_ids
from cnnplay.network.network import Network, leaves, walk
from cnnplay.network.nodes import Branches, LocalResponseNormalisation, Skip
from cnnplay.shapes.report import Report
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.devices import max_threads, resolve
from cnnplay.training.distributed import DistributedContext
from cnnplay.training.layer_times import layer_seconds
from cnnplay.training.machine import machine_speed
from cnnplay.training.optimizers import STATE_PER_WEIGHT

BASE_BYTES = 24 * 2**20
"""Bytes that every run takes: the library's buffers, threads."""
WEIGHT_COPIES = 2.5
"""Copies of the weights: the last good ones, one being made, and often those of the best epoch."""
MAPS_FACTOR = 1.3
"""Outputs are kept for the backward pass; convolutions temporarily need this factor."""
GRADIENT_MAPS = 2
"""In the backward pass a layer holds its output's gradient and computes its input's: two maps of the largest
size.
"""
LRN_MAPS = 6
"""Local response norm keeps this many more intermediate results, each as large as its output."""
LRN_BACKWARD = 10
"""During the backward pass of one such layer, this many more exist at once (measured with torch 2.13)."""
MEMORY_SHARE = 0.9
"""A run may take this share of the free memory, to leave some for other programs."""

PASSES_OVER_MAPS = 6.0
"""How often a layer's output passes through memory in a step: written, read, and the same for its gradient.
"""
PASSES_OVER_WEIGHTS = 3.0
"""A layer's weights are read twice, and their gradient is written once."""
WEIGHT_PASSES_PER_STEP = 3
"""The optimizer reads weights and gradients and writes weights; its state is read and written too."""
SECONDS_PER_LAYER = 2e-4
"""The overhead of calling a layer forward and backward, whatever it computes."""
SECONDS_PER_STEP = 4e-4
"""Loading the batch, the loss, and reporting it."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """The estimated cost of a run. `summary` is one line of text; `advice` says what to change, "" if the run
    fits.
    """

    bytes: int
    network_bytes: int
    data_bytes: int
    available_bytes: int
    seconds_per_epoch: float
    fits: bool
    largest_batch: int | None
    """The largest batch size that fits; None if not even one image does."""
    summary: str
    advice: str
    reliable: bool = True
    """False if another part of this program was computing while layers were timed: the next estimate times
    those layers again.
    """


def estimate(
    network: Network,
    report: Report,
    config: TrainConfig,
    dataset: ImageSet,
    *,
    prepared: Prepared | None = None,
    timed: bool = True,
    available: int | None = None,
    distributed: DistributedContext | None = None,
    stop_timing: Callable[[], bool] = lambda: False,
) -> Estimate:
    """Estimates a run's cost. Quick, and allocates no memory for weights.

    `prepared` images take no more memory. `available` replaces the measured free memory in bytes. The time is
    0 unless `timed`, and if the run does not fit; once `stop_timing()` returns True, no more layers are
    timed. With `distributed`, all bytes are those of one process, while `largest_batch` is the batch size
    over all processes. Raises DeviceError for an absent device.
    """
    size = 1 if distributed is None else distributed.size
    # No batch is larger than the training split.
    config = msgspec.structs.replace(config, batch_size=min(config.batch_size, max(1, len(dataset.train))))
    device = resolve(config.device) if distributed is None else distributed.device(config.device)
    free = free_bytes_per_process(device, distributed) if available is None else available
    fixed = _fixed_bytes(report, config)
    per_image = _bytes_per_image(network, report)
    needed = fixed + per_image * ceil(config.batch_size / size)
    room = int(free * MEMORY_SHARE) - fixed
    largest = min(room // max(1, per_image) * size, 65_536) if room >= per_image else None
    fits = largest is not None and config.batch_size <= largest
    data = 0 if prepared is not None and prepared.resident else _data_bytes(network, dataset, free - needed)
    seconds, reliable = 0.0, True
    if timed and fits:  # timing a layer could take more memory than there is
        seconds, reliable = _seconds_per_epoch(
            network, report, config, dataset, device, distributed, stop_timing
        )
    return Estimate(
        bytes=needed + data,
        network_bytes=needed,
        data_bytes=data,
        available_bytes=free,
        seconds_per_epoch=seconds,
        fits=fits,
        largest_batch=largest,
        summary=_summary(config, needed + data, free, seconds, fits, size),
        advice="" if fits else _advice(largest),
        reliable=reliable,
    )


def memory_problem(network: Network, report: Report, config: TrainConfig, device: torch.device) -> str:
    """Why a batch of this network does not fit into the device's free memory; "" if it does."""
    free = free_bytes(device)
    needed = _fixed_bytes(report, config) + _bytes_per_image(network, report) * config.batch_size
    if needed <= free * MEMORY_SHARE:
        return ""
    return _summary(config, needed, free, 0.0, fits=False, processes=1)


def free_bytes_per_process(device: torch.device, distributed: DistributedContext | None) -> int:
    """The free bytes that one process may use: distributed processes share a machine's memory, but not its
    GPUs.
    """
    free = free_bytes(device)
    return free if distributed is None or device.type == "cuda" else free // distributed.local_size


def size_text(count: int) -> str:
    """``1.4 GB``, ``230 MB``: decimal units, like disks and operating systems."""
    if count >= 10**9:
        return f"{count / 10**9:.1f} GB"
    return f"{max(1, round(count / 10**6)):,} MB"


def time_text(seconds: float) -> str:
    """``40 ms``, ``12 s``, ``5 min``, ``3.2 h``."""
    if seconds < 1:
        return f"{max(10, round(seconds * 100) * 10)} ms"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _fixed_bytes(report: Report, config: TrainConfig) -> int:
    """The memory that does not depend on the batch size."""
    numbers_per_weight = (
        2 + STATE_PER_WEIGHT[config.optimizer] + WEIGHT_COPIES
    )  # 2: the weight and its gradient
    return int(BASE_BYTES + report.parameters * 4 * numbers_per_weight)


def _bytes_per_image(network: Network, report: Report) -> int:
    normalized = [
        report.nodes[node.id].activation_bytes or 0
        for node in leaves(network)
        if isinstance(node, LocalResponseNormalisation)
    ]
    more = LRN_MAPS * sum(normalized) + LRN_BACKWARD * max(normalized, default=0)
    over = in_place_ids(network.stack)
    # A container's merged output is separate from the outputs of the layers inside.
    maps = [4 * prod(report.nodes[node.id].output or ()) for node, _ in walk(network) if node.id not in over]
    kept = MAPS_FACTOR * (sum(maps) + GRADIENT_MAPS * max(maps, default=0))
    return int(kept + more) + prod(network.input.shape) * 4


def _data_bytes(network: Network, dataset: ImageSet, free: int) -> int:
    shape = network.input.shape
    numbers = dataset.run_size * prod(shape)
    way = storage(dataset.run_size, shape, max(0, free))
    return {"floats": 4 * numbers, "bytes": numbers, "streamed": 0}[way]


def _seconds_per_epoch(
    network: Network,
    report: Report,
    config: TrainConfig,
    dataset: ImageSet,
    device: torch.device,
    distributed: DistributedContext | None,
    stop_timing: Callable[[], bool],
) -> tuple[float, bool]:
    """Training on the training split, plus a third of that per validation image, which only goes forward.
    Distributed processes divide the former among them; each evaluates the whole validation split. Also
    returns whether the times are reliable.
    """
    size, local_size = (1, 1) if distributed is None else (distributed.size, distributed.local_size)
    share = ceil(config.batch_size / size)
    threads = config.threads or max_threads(local_size)
    config = msgspec.structs.replace(config, batch_size=share, threads=threads)
    seconds, reliable = _step_seconds(network, report, config, device, stop_timing)
    return seconds / share * (len(dataset.train) / size + len(dataset.validation) / 3), reliable


def _step_seconds(
    network: Network,
    report: Report,
    config: TrainConfig,
    device: torch.device,
    stop_timing: Callable[[], bool],
) -> tuple[float, bool]:
    """On the CPU, layers as timed; for others, and on a GPU, computed from operations and memory traffic."""
    machine = machine_speed(str(device), config.threads or max_threads())
    batch = config.batch_size
    timed: dict[str, float] = {}
    reliable = machine.reliable
    if device.type == "cpu":
        for time in layer_seconds(network, report, batch, machine.threads, stop_timing):
            timed[time.node.id] = time.seconds
            reliable = reliable and time.reliable
    seconds = SECONDS_PER_STEP + sum(timed.values())
    for node, _ in walk(network):
        found = report.nodes[node.id]
        maps = PASSES_OVER_MAPS * (found.activation_bytes or 0) * batch
        if isinstance(node, Skip | Branches):  # the layers inside are counted already; this is the merge only
            seconds += PASSES_OVER_MAPS / 2 * 4 * prod(found.output or ()) * batch / machine.bytes
        elif node.id not in timed:
            arithmetic = 6 * (found.multiply_adds or 0) * batch / machine.operations
            moved = maps + PASSES_OVER_WEIGHTS * (found.parameters or 0) * 4
            seconds += arithmetic + moved / machine.bytes + SECONDS_PER_LAYER
    numbers = WEIGHT_PASSES_PER_STEP + 2 * STATE_PER_WEIGHT[config.optimizer]
    return seconds + report.parameters * 4 * numbers / machine.bytes, reliable


def _summary(config: TrainConfig, needed: int, free: int, seconds: float, fits: bool, processes: int) -> str:
    memory = f"a batch of {config.batch_size} needs about {size_text(needed)} of memory"
    time_needed = f"; about {time_text(seconds)} per epoch" if seconds and fits else ""
    if processes > 1:
        each = f"in each of {processes} processes; {size_text(free)} is free for each"
        return f"{memory} {each}{time_needed}"
    if not fits:
        return f"{memory}; {size_text(free)} is free"
    return f"{memory} of {size_text(free)} free{time_needed}"


def _advice(largest: int | None) -> str:
    if largest is None:
        return "Not even one image fits: use smaller images, or a network with fewer weights."
    return f"Use a batch size of {largest} or less."
