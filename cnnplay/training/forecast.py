"""What a run will take, before it starts: memory, and time per epoch.

A sum that can be followed. Memory: the weights, a gradient and the optimizer's numbers for each, copies of
good weights, and every layer's output for every picture of a batch, which the backward pass needs again
(but of those that the next writes over).
Time: each layer is tried, forward and backward, with a few pictures; what cannot be tried is made of
arithmetic, of moving maps and weights through memory, and of what calling a layer costs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, prod

import msgspec
import torch

from cnnplay.data.images import ImageSet
from cnnplay.data.prepared import Prepared, free_bytes, storage
from cnnplay.modules.in_place import overwriting
from cnnplay.network.network import Network, leaves, walk
from cnnplay.network.nodes import Branches, LocalResponseNormalisation, Skip
from cnnplay.shapes.report import Report
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.devices import most_threads, resolve
from cnnplay.training.layer_times import layer_seconds
from cnnplay.training.machine import speed
from cnnplay.training.optimizers import STATE_PER_WEIGHT
from cnnplay.training.team import Team

BASE = 24 * 2**20
"""Bytes that any run takes: the library's own buffers, threads."""
COPIES = 2.5
"""Copies of the weights: the last good ones, one being made, and often a best epoch's apart from them."""
MAPS = 1.3
"""Outputs are kept for the backward pass; so much more goes to what convolutions need meanwhile."""
GRADIENTS = 2
"""On the way back a layer has its output's gradient and makes its input's: two maps as the largest."""
LRN_MAPS = 6
"""Local response normalisation keeps so many intermediate results more, each as large as its output."""
LRN_BACKWARD = 10
"""So many again pass through memory while one such layer goes backward (measured with torch 2.13)."""
SHARE = 0.9
"""A run may take this share of what is free: other programs live too."""

PASSES_OVER_MAPS = 6.0
"""How often a layer's output goes through memory in a step: written, read, and the same for its gradient."""
PASSES_OVER_WEIGHTS = 3.0
"""A layer's weights are read twice, and their gradient is written."""
WEIGHTS_OF_A_STEP = 3
"""The optimizer reads weights and gradients and writes weights; what it remembers it reads and writes."""
SECONDS_PER_LAYER = 2e-4
"""What it costs to call a layer forward and backward, whatever it computes."""
SECONDS_PER_STEP = 4e-4
"""Fetching the batch, the loss, and telling it."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a run will take. `words` says it in a line; `advice` is the change to try, empty where it fits."""

    bytes: int
    network_bytes: int
    data_bytes: int
    available_bytes: int
    seconds_per_epoch: float
    fits: bool
    largest_batch: int | None
    """The largest batch that fits; None where not even one picture does."""
    words: str
    advice: str
    sure: bool = True
    """Whether nothing else of this program computed while layers were tried: else the next forecast tries
    again those where something did."""


def forecast(
    network: Network,
    report: Report,
    config: TrainConfig,
    images: ImageSet,
    *,
    prepared: Prepared | None = None,
    timed: bool = True,
    available: int | None = None,
    team: Team | None = None,
    enough: Callable[[], bool] = lambda: False,
) -> Forecast:
    """Foresees a run. Quick, and takes no memory for weights.

    `prepared` pictures take no more memory. `available` replaces the bytes that are found free. The seconds
    are 0 unless `timed`, and where the run does not fit; once there is `enough` no more layers are tried for
    them. In a `team` all bytes are one process's; `largest_batch` is what all share. DeviceError for a device
    that is not there.
    """
    size = 1 if team is None else team.size
    # No batch is larger than the training part.
    config = msgspec.structs.replace(config, batch_size=min(config.batch_size, max(1, len(images.train))))
    device = resolve(config.device) if team is None else team.device(config.device)
    free = free_for_one(device, team) if available is None else available
    fixed = _fixed_bytes(report, config)
    per_picture = _bytes_per_picture(network, report)
    needed = fixed + per_picture * ceil(config.batch_size / size)
    room = int(free * SHARE) - fixed
    largest = min(room // max(1, per_picture) * size, 65_536) if room >= per_picture else None
    fits = largest is not None and config.batch_size <= largest
    data = 0 if prepared is not None and prepared.resident else _data_bytes(network, images, free - needed)
    seconds, sure = 0.0, True
    if timed and fits:  # trying a layer may take what there is not
        seconds, sure = _seconds_per_epoch(network, report, config, images, device, team, enough)
    return Forecast(
        bytes=needed + data,
        network_bytes=needed,
        data_bytes=data,
        available_bytes=free,
        seconds_per_epoch=seconds,
        fits=fits,
        largest_batch=largest,
        words=_words(config, needed + data, free, seconds, fits, size),
        advice="" if fits else _advice(largest),
        sure=sure,
    )


def free_for_one(device: torch.device, team: Team | None) -> int:
    """The free bytes that a process may count on: those of a team share a machine's memory, not its GPUs."""
    free = free_bytes(device)
    return free if team is None or device.type == "cuda" else free // team.local_size


def size_words(count: int) -> str:
    """``1.4 GB``, ``230 MB``: decimal units, as disks and systems count."""
    if count >= 10**9:
        return f"{count / 10**9:.1f} GB"
    return f"{max(1, round(count / 10**6)):,} MB"


def time_words(seconds: float) -> str:
    """``40 ms``, ``12 s``, ``5 min``, ``3.2 h``."""
    if seconds < 1:
        return f"{max(10, round(seconds * 100) * 10)} ms"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _fixed_bytes(report: Report, config: TrainConfig) -> int:
    """What does not grow with the batch."""
    numbers_per_weight = 2 + STATE_PER_WEIGHT[config.optimizer] + COPIES  # itself and its gradient: 2
    return int(BASE + report.parameters * 4 * numbers_per_weight)


def _bytes_per_picture(network: Network, report: Report) -> int:
    normalised = [
        report.nodes[node.id].activation_bytes or 0
        for node in leaves(network)
        if isinstance(node, LocalResponseNormalisation)
    ]
    more = LRN_MAPS * sum(normalised) + LRN_BACKWARD * max(normalised, default=0)
    over = overwriting(network.stack)
    # A container's output is what it merges: its own, beside those of the layers inside.
    maps = [4 * prod(report.nodes[node.id].output or ()) for node, _ in walk(network) if node.id not in over]
    kept = MAPS * (sum(maps) + GRADIENTS * max(maps, default=0))
    return int(kept + more) + prod(network.input.shape) * 4


def _data_bytes(network: Network, images: ImageSet, free: int) -> int:
    shape = network.input.shape
    numbers = images.run_size * prod(shape)
    way = storage(images.run_size, shape, max(0, free))
    return {"floats": 4 * numbers, "bytes": numbers, "streamed": 0}[way]


def _seconds_per_epoch(
    network: Network,
    report: Report,
    config: TrainConfig,
    images: ImageSet,
    device: torch.device,
    team: Team | None,
    enough: Callable[[], bool],
) -> tuple[float, bool]:
    """Training the one part, and a third of that for each picture of the other: it only goes forward. A team
    shares the first; the second each process judges by itself. And whether it is sure."""
    size, local_size = (1, 1) if team is None else (team.size, team.local_size)
    share = ceil(config.batch_size / size)
    threads = config.threads or most_threads(local_size)
    config = msgspec.structs.replace(config, batch_size=share, threads=threads)
    seconds, sure = _step_seconds(network, report, config, device, enough)
    return seconds / share * (len(images.train) / size + len(images.validation) / 3), sure


def _step_seconds(
    network: Network, report: Report, config: TrainConfig, device: torch.device, enough: Callable[[], bool]
) -> tuple[float, bool]:
    """Every layer as it was tried on the CPU; others, and a GPU's, by what they compute and move."""
    machine = speed(str(device), config.threads or most_threads())
    batch = config.batch_size
    tried: dict[str, float] = {}
    sure = machine.sure
    if device.type == "cpu":
        for time in layer_seconds(network, report, batch, machine.threads, enough):
            tried[time.node.id] = time.seconds
            sure = sure and time.sure
    seconds = SECONDS_PER_STEP + sum(tried.values())
    for node, _ in walk(network):
        found = report.nodes[node.id]
        maps = PASSES_OVER_MAPS * (found.activation_bytes or 0) * batch
        if isinstance(node, Skip | Branches):  # what is inside has been counted; this is the merge alone
            seconds += PASSES_OVER_MAPS / 2 * 4 * prod(found.output or ()) * batch / machine.bytes
        elif node.id not in tried:
            arithmetic = 6 * (found.multiply_adds or 0) * batch / machine.operations
            moved = maps + PASSES_OVER_WEIGHTS * (found.parameters or 0) * 4
            seconds += arithmetic + moved / machine.bytes + SECONDS_PER_LAYER
    numbers = WEIGHTS_OF_A_STEP + 2 * STATE_PER_WEIGHT[config.optimizer]
    return seconds + report.parameters * 4 * numbers / machine.bytes, sure


def _words(config: TrainConfig, needed: int, free: int, seconds: float, fits: bool, processes: int) -> str:
    memory = f"a batch of {config.batch_size} needs about {size_words(needed)} of memory"
    time_needed = f"; about {time_words(seconds)} an epoch" if seconds and fits else ""
    if processes > 1:
        each = f"in each of {processes} processes; {size_words(free)} are free for each"
        return f"{memory} {each}{time_needed}"
    if not fits:
        return f"{memory}; {size_words(free)} are free"
    return f"{memory} of {size_words(free)} free{time_needed}"


def _advice(largest: int | None) -> str:
    if largest is None:
        return "Not even one picture fits: use smaller pictures, or a network with fewer weights."
    return f"Use a batch size of {largest} or less."
