"""Distributed training gives the same result as a single process."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.distributed as dist

from cnnplay.data.images import DataError, ImageSet
from cnnplay.data.prepared import Prepared, prepare
from cnnplay.network.network import Network
from cnnplay.shapes.infer import infer
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.batches import BatchSource
from cnnplay.training.control import Control
from cnnplay.training.devices import DeviceError
from cnnplay.training.distributed import DistributedContext, distributed_from_environment
from cnnplay.training.estimate import estimate
from cnnplay.training.failures import SettingsError
from cnnplay.training.job import Job
from cnnplay.training.setup import set_up

TRAIN = [
    "-m",
    "cnnplay",
    "train",
    "tiny-cnn",
    "--data",
    "mnist-sample",
    "--epochs",
    "1",
    "--batch-size",
    "67",
]
# Adam would amplify the last-bit differences of sums in another order.
TRAIN += [
    "--optimizer",
    "momentum",
    "--lr",
    "0.01",
    "--weight-decay",
    "0.001",
    "--set",
    "label_smoothing=0.1",
]


@pytest.mark.parametrize("size", [2, 3, 5])
@pytest.mark.parametrize("batch_size", [32, 33, 199])
def test_the_shares_of_a_batch_are_the_batch(few: ImageSet, size: int, batch_size: int) -> None:
    prepared = prepare(
        few, (1, 8, 8), torch.device("cpu"), min_batch=DistributedContext(0, size, 0, size).min_batch
    )
    whole = [b.indices.tolist() for b in prepared.train_batches(1, batch_size, 0)]
    shares = [
        [b.indices.tolist() for b in prepared.train_batches(1, batch_size, 0, share=(rank, size))]
        for rank in range(size)
    ]
    for number, batch in enumerate(whole):
        parts = [shares[rank][number] for rank in range(size)]
        group = [DistributedContext(rank, size, rank, size) for rank in range(size)]
        real = [part for part, process in zip(parts, group, strict=True) if process.share(len(batch))]
        assert sorted(index for part in real for index in part) == sorted(batch)
        assert min(map(len, parts)) >= 2, "batch norm has no variance of one"
        # A mean of the shares' means, each by its weight, is the batch's mean.
        values = np.arange(len(few), dtype=float)
        weighted = [
            process.weight(len(batch)) * np.mean(values[part])
            for part, process in zip(parts, group, strict=True)
        ]
        assert np.mean(weighted) == pytest.approx(np.mean(values[batch]))


def test_a_process_alone_is_not_distributed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    assert distributed_from_environment() is None
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "1")
    assert distributed_from_environment() is None
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setenv("LOCAL_RANK", "0")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    assert distributed_from_environment() == DistributedContext(0, 4, 0, 2)


def test_a_process_needs_a_gpu_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("devices", "distributed"):
        monkeypatch.setattr(f"cnnplay.training.{module}.devices", lambda: ("cpu", "cuda:0", "cuda:1"))
    assert DistributedContext(1, 4, 1, 4).device("auto") == torch.device("cuda", 1)
    assert DistributedContext(3, 4, 3, 4).device("cpu") == torch.device("cpu")
    with pytest.raises(DeviceError, match=r"each of the 4 processes .* GPU of its own; it has cpu, cuda:0, "):
        DistributedContext(3, 4, 3, 4).device("auto")


@pytest.fixture
def one_of_two() -> Iterator[DistributedContext]:
    """The first of two processes; its messages to the other come back to itself."""
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    yield DistributedContext(0, 2, 0, 2)
    dist.destroy_process_group()


def test_no_process_gets_a_single_image_and_all_count_the_same_steps(
    one_of_two: DistributedContext, few: ImageSet, small: Network
) -> None:
    """197 of 200 images fill a batch and 3 are left over: one process would get a single image."""
    config = TrainConfig(batch_size=197, device="cpu", threads=1)
    ready = set_up(Job("run", small, config, few, distributed=one_of_two), Control(), lambda _: None)
    source = BatchSource(ready, config, DistributedContext(1, 2, 1, 2))
    assert (source.sizes, ready.prepared.steps(197)) == ([200], 1)
    assert [len(batch.labels) for batch in source.batches(1, 0, lambda: (config, 0))] == [100]


def test_a_process_is_set_up_for_its_share_of_batch_and_memory(
    one_of_two: DistributedContext, few: ImageSet, small: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole batch would not fit into the half of what is free."""
    config = TrainConfig(batch_size=200, device="cpu", threads=1)
    whole = estimate(small, infer(small), config, few, timed=False, available=0).network_bytes
    half, given = int(1.05 * whole), list[object]()
    assert not estimate(small, infer(small), config, few, timed=False, available=half).fits
    monkeypatch.setattr("cnnplay.training.estimate.free_bytes", lambda device: 2 * half)

    def prepared(*arguments: object, **named: object) -> Prepared:
        given.append(named["memory"])
        return prepare(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr("cnnplay.training.setup.prepare", prepared)
    ready = set_up(Job("run", small, config, few, distributed=one_of_two), Control(), lambda _: None)
    assert (ready.estimate.available_bytes, given) == (half, [half])


def test_too_few_images_for_the_processes_are_refused(
    one_of_two: DistributedContext, few: ImageSet, small: Network
) -> None:
    config = TrainConfig(batch_size=3, device="cpu", threads=1)
    with pytest.raises(SettingsError, match="at least 4, 2 images per process; got 3"):
        set_up(Job("run", small, config, few, distributed=one_of_two), Control(), lambda _: None)
    three = ImageSet(
        key="three",
        title="three",
        classes=few.classes,
        images=few.array if few.array is not None else np.empty(0),
        labels=few.labels,
        train=few.train[:3],
        validation=few.validation,
        shape=few.shape,
        channels=1,
    )
    config = TrainConfig(batch_size=4, device="cpu", threads=1)
    with pytest.raises(DataError, match="2 processes need at least 4 training images, 2 each; there are 3"):
        set_up(Job("run", small, config, three, distributed=one_of_two), Control(), lambda _: None)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="torchrun's processes of POSIX")
def test_two_processes_have_the_loss_curve_of_one(tmp_path: Path) -> None:
    """60 steps; the last batch of 47 is shared unevenly."""
    alone = [sys.executable, *TRAIN, "--threads", "1", "--out", str(tmp_path / "one")]
    both = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    both += [*TRAIN, "--out", str(tmp_path / "two")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    for command in (alone, both):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    one, two = (_steps(tmp_path / name) for name in ("one", "two"))
    assert len(one) == len(two) == 60
    assert [step["images"] for step in one] == [step["images"] for step in two]
    assert [step["loss"] for step in two] == pytest.approx([step["loss"] for step in one], abs=1e-4)
    assert [step["accuracy"] for step in two] == pytest.approx([step["accuracy"] for step in one], abs=0.02)
    assert (tmp_path / "two" / "checkpoint.safetensors").exists()


def _steps(run: Path) -> list[dict[str, float]]:
    lines = (run / "events.jsonl").read_text().splitlines()
    return [event for event in map(json.loads, lines) if event["event"] == "step"]
