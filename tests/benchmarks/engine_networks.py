"""The networks and images of plain_networks.py as cnnplay has them."""

import numpy as np

from cnnplay.data.catalog import load
from cnnplay.data.images import ImageSet
from cnnplay.network.network import Classification, Input, Network
from cnnplay.network.nodes import (
    BatchNormalisation,
    Convolution,
    Dense,
    Flatten,
    GlobalAveragePooling,
    Node,
    ReLU,
    Skip,
)
from cnnplay.network.presets import preset


def engine_network(name: str) -> Network:
    if name == "lenet-5":
        return preset("lenet-5").network
    first = (*_norm("conv-1", 16, 1), ReLU(id="relu-1"))
    blocks = (*_block("a", 16, 1, False), *_block("b", 32, 2, True), *_block("c", 64, 2, True))
    last = (GlobalAveragePooling(id="pool"), Flatten(id="flatten"), Dense(id="dense", units=10))
    return Network(
        name="resnet-8", input=Input(3, 32, 32), task=Classification(10), stack=(*first, *blocks, *last)
    )


def engine_images(name: str) -> ImageSet:
    if name == "lenet-5":
        return load("mnist-sample")
    noise = np.random.default_rng(0).integers(0, 256, (2048, 32, 32, 3), dtype=np.uint8)
    return ImageSet(
        key="noise",
        title="noise",
        classes=tuple("0123456789"),
        images=np.concatenate([noise, noise[:100]]),
        labels=np.arange(2148, dtype=np.int64) % 10,
        train=np.arange(2048),
        validation=np.arange(2048, 2148),
        shape=(3, 32, 32),
        channels=3,
    )


def _norm(name: str, filters: int, stride: int, size: int = 3) -> tuple[Node, ...]:
    step = (stride, stride)
    return (
        Convolution(
            id=name, filters=filters, kernel_size=(size, size), stride=step,
            padding=(size // 2, size // 2), bias=False,
        ),
        BatchNormalisation(id=f"norm-{name}"),
    )  # fmt: skip


def _block(name: str, filters: int, stride: int, projected: bool) -> tuple[Node, ...]:
    body = (
        *_norm(f"{name}-1", filters, stride), ReLU(id=f"{name}-relu-1"), *_norm(f"{name}-2", filters, 1)
    )  # fmt: skip
    shortcut = _norm(f"{name}-3", filters, stride, 1) if projected else ()
    return Skip(id=f"{name}-skip", body=body, shortcut=shortcut), ReLU(id=f"{name}-relu-2")
