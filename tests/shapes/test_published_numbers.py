"""The presets against numbers published elsewhere."""

import pytest

from cnnplay.network.presets import preset
from cnnplay.shapes.infer import infer


@pytest.mark.parametrize(
    ("key", "parameters"),
    [
        ("lenet-5", 61_706),
        ("alexnet", 62_378_344),
        ("vgg-16", 138_357_544),
        ("resnet-18", 11_689_512),
        ("resnet-34", 21_797_672),
        ("tiny-cnn", 4_150),
        ("mini-resnet", 51_578),
        ("mlp", 1_033_510),
    ],
)
def test_parameters_are_those_published(key: str, parameters: int) -> None:
    report = infer(preset(key).network)
    assert report.valid
    assert report.parameters == parameters


@pytest.mark.parametrize(
    ("key", "multiply_adds"),
    [
        ("lenet-5", 416_520),
        ("vgg-16", 15_470_264_320),  # "15.47 G" in torchvision's table
        ("resnet-18", 1_814_073_344),  # 1.81 G
        ("resnet-34", 3_663_761_408),  # 3.66 G
    ],
)
def test_multiply_adds_are_those_published(key: str, multiply_adds: int) -> None:
    assert infer(preset(key).network).multiply_adds == multiply_adds


@pytest.mark.parametrize(
    ("key", "node", "size", "jump"),
    [
        ("alexnet", "max-pool-3", 195, 32),  # Araujo, Norris & Sim 2019
        ("vgg-16", "max-pool-5", 212, 32),  # the same
        ("resnet-18", "skip-8", 435, 32),
        ("resnet-34", "skip-16", 899, 32),
        ("lenet-5", "conv-3", 32, 4),
    ],
)
def test_receptive_fields_are_those_published(key: str, node: str, size: int, jump: int) -> None:
    field = infer(preset(key).network).nodes[node].field
    assert field is not None
    assert field.size == (size, size)
    assert field.jump == (jump, jump)


@pytest.mark.parametrize(
    ("key", "last"),
    [("vgg-16", (512, 7, 7)), ("alexnet", (256, 6, 6)), ("resnet-18", (512, 1, 1)), ("lenet-5", (120, 1, 1))],
)
def test_the_maps_before_flatten_are_the_papers(key: str, last: tuple[int, int, int]) -> None:
    assert infer(preset(key).network).nodes["flatten-1"].input == last
