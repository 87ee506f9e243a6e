"""Single layers against torch's functions."""

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from cnnplay.modules.layers import layer
from cnnplay.network import nodes
from cnnplay.network.nodes import Node

sizes = st.integers(1, 5)
pairs = st.tuples(sizes, sizes)
strides = st.tuples(st.integers(1, 3), st.integers(1, 3))


def _picture(channels: int = 3, height: int = 11, width: int = 13) -> Tensor:
    return torch.randn(2, channels, height, width, generator=torch.Generator().manual_seed(0))


def _by_hand(x: Tensor, kernel: tuple[int, int], dilation: tuple[int, int], value: float) -> Tensor:
    """`x` inside a larger constant map, the odd row and column at the end."""
    extra = [d * (f - 1) for d, f in zip(dilation, kernel, strict=True)]
    height, width = x.shape[2] + extra[0], x.shape[3] + extra[1]
    padded = torch.full((*x.shape[:2], height, width), float(value))
    top, left = math.floor(extra[0] / 2), math.floor(extra[1] / 2)
    padded[:, :, top : top + x.shape[2], left : left + x.shape[3]] = x
    return padded


@settings(deadline=None)
@given(kernel=pairs, stride=strides, dilation=strides)
def test_same_convolution_pads_by_d_times_f_minus_one_with_the_odd_pixel_at_the_end(
    kernel: tuple[int, int], stride: tuple[int, int], dilation: tuple[int, int]
) -> None:
    node = nodes.Convolution(filters=4, kernel_size=kernel, stride=stride, dilation=dilation, padding="same")
    made, x = layer(node, (3, 11, 13), "cpu"), _picture()
    assert isinstance(made, nn.Conv2d)
    expected = F.conv2d(_by_hand(x, kernel, dilation, 0), made.weight, made.bias, stride, 0, dilation)
    torch.testing.assert_close(made(x), expected)
    assert made(x).shape[2:] == (math.ceil(11 / stride[0]), math.ceil(13 / stride[1]))


@settings(deadline=None)
@given(kernel=pairs)
def test_same_convolution_at_stride_one_is_torchs_own(kernel: tuple[int, int]) -> None:
    made = layer(nodes.Convolution(filters=4, kernel_size=kernel, padding="same"), (3, 11, 13), "cpu")
    assert isinstance(made, nn.Conv2d)
    x = _picture()
    padding = [(kernel[1] - 1) // 2, kernel[1] // 2, (kernel[0] - 1) // 2, kernel[0] // 2]
    torch.testing.assert_close(made(x), F.conv2d(F.pad(x, padding), made.weight, made.bias))


@settings(deadline=None)
@given(kernel=pairs, stride=strides)
def test_same_pooling_pads_max_with_minus_infinity_and_average_with_zeros(
    kernel: tuple[int, int], stride: tuple[int, int]
) -> None:
    x = _picture() - 5  # all negative: a zero in the padding would win
    largest = layer(nodes.MaxPooling(kernel_size=kernel, stride=stride, padding="same"), (3, 11, 13), "cpu")
    mean = layer(nodes.AveragePooling(kernel_size=kernel, stride=stride, padding="same"), (3, 11, 13), "cpu")
    one = (1, 1)
    torch.testing.assert_close(largest(x), F.max_pool2d(_by_hand(x, kernel, one, -math.inf), kernel, stride))
    torch.testing.assert_close(mean(x), F.avg_pool2d(_by_hand(x, kernel, one, 0), kernel, stride))


@settings(deadline=None)
@given(kernel=pairs, padding=st.tuples(st.integers(0, 4), st.integers(0, 4)))
def test_pooling_takes_more_padding_than_torch_allows(
    kernel: tuple[int, int], padding: tuple[int, int]
) -> None:
    made = layer(nodes.AveragePooling(kernel_size=kernel, padding=padding), (3, 11, 13), "cpu")
    around = [padding[1], padding[1], padding[0], padding[0]]
    torch.testing.assert_close(made(_picture()), F.avg_pool2d(F.pad(_picture(), around), kernel, 2))


def test_each_activation_is_torchs_own() -> None:
    x = _picture()
    pairs: list[tuple[Node, Tensor]] = [
        (nodes.ReLU(), F.relu(x)),
        (nodes.LeakyReLU(negative_slope=0.2), F.leaky_relu(x, 0.2)),
        (nodes.Tanh(), torch.tanh(x)),
        (nodes.Sigmoid(), torch.sigmoid(x)),
        (nodes.GELU(), F.gelu(x)),
        (nodes.SiLU(), F.silu(x)),
        (nodes.ELU(alpha=0.7), F.elu(x, 0.7)),
    ]
    for node, expected in pairs:
        torch.testing.assert_close(layer(node, (3, 11, 13), "cpu")(x), expected)


def test_each_layer_without_weights_is_torchs_own() -> None:
    x = _picture()
    pairs: list[tuple[Node, Tensor]] = [
        (nodes.Upsampling(scale=(2, 3)), F.interpolate(x, scale_factor=(2.0, 3.0))),
        (
            nodes.Upsampling(scale=(3, 2), mode="bilinear"),
            F.interpolate(x, scale_factor=(3.0, 2.0), mode="bilinear", align_corners=False),
        ),
        (nodes.GlobalAveragePooling(), x.mean((2, 3), keepdim=True)),
        (
            nodes.LocalResponseNormalisation(size=3, alpha=0.1, beta=0.5, k=1.5),
            F.local_response_norm(x, 3, 0.1, 0.5, 1.5),
        ),
        (nodes.Flatten(), x.flatten(1)),
        (nodes.Dropout(p=0), x),
    ]
    for node, expected in pairs:
        torch.testing.assert_close(layer(node, (3, 11, 13), "cpu")(x), expected)


def test_a_transposed_convolution_is_torchs_own_with_every_field() -> None:
    node = nodes.TransposedConvolution(
        filters=6,
        kernel_size=(3, 4),
        stride=(2, 3),
        padding=(1, 0),
        output_padding=(1, 2),
        dilation=(2, 1),
        groups=2,
        bias=False,
    )
    made, x = layer(node, (4, 5, 6), "cpu"), _picture(4, 5, 6)
    assert isinstance(made, nn.ConvTranspose2d)
    assert made.bias is None
    expected = F.conv_transpose2d(x, made.weight, None, (2, 3), (1, 0), (1, 2), 2, (2, 1))
    torch.testing.assert_close(made(x), expected)


@pytest.mark.parametrize(("shape", "kind"), [((7, 5, 5), nn.BatchNorm2d), ((7,), nn.BatchNorm1d)])
def test_batch_norm_takes_maps_and_vectors(shape: tuple[int, ...], kind: type[nn.Module]) -> None:
    made = layer(nodes.BatchNormalisation(momentum=0.3, eps=1e-3, affine=False), shape, "cpu")
    assert type(made) is kind
    x = torch.randn(4, *shape, generator=torch.Generator().manual_seed(0))
    running = (torch.zeros(7), torch.ones(7))
    torch.testing.assert_close(made(x), F.batch_norm(x, *running, training=True, momentum=0.3, eps=1e-3))
    assert isinstance(made, (nn.BatchNorm1d, nn.BatchNorm2d))
    assert made.weight is None
    assert made.running_mean is not None
    torch.testing.assert_close(made.running_mean, running[0])


@pytest.mark.parametrize("shape", [(6, 5, 4), (6, 1, 1), (6,)], ids=str)
@pytest.mark.parametrize("groups", [1, 2, 3])
def test_group_norm_is_torchs_own_on_maps_and_vectors_and_single_images(
    shape: tuple[int, ...], groups: int
) -> None:
    made = layer(nodes.GroupNormalisation(groups=groups), shape, "cpu")
    assert isinstance(made, nn.GroupNorm)
    scale, shift = torch.arange(1.0, 7), torch.arange(6.0)
    with torch.no_grad():
        made.weight.copy_(scale)
        made.bias.copy_(shift)
    x = torch.randn(3, *shape, generator=torch.Generator().manual_seed(0))
    rows = x.reshape(3, groups, -1)
    normal = (rows - rows.mean(2, keepdim=True)) / (rows.var(2, keepdim=True, unbiased=False) + 1e-5).sqrt()
    sides = (6, *(1 for _ in shape[1:]))
    expected = normal.reshape(x.shape) * scale.reshape(sides) + shift.reshape(sides)
    for images, wanted in ((x, expected), (x[:1], expected[:1])):
        torch.testing.assert_close(made(images), wanted)
        torch.testing.assert_close(made.train()(images), wanted)


@settings(deadline=None)
@given(kernel=pairs, stride=strides, bias=st.booleans(), last=st.booleans())
def test_a_convolution_as_large_as_its_input_equals_torchs_with_its_gradients(
    kernel: tuple[int, int], stride: tuple[int, int], bias: bool, last: bool
) -> None:
    """It is computed as a matrix product in training."""
    node = nodes.Convolution(filters=4, kernel_size=kernel, stride=stride, padding="valid", bias=bias)
    made = layer(node, (3, *kernel), "cpu")
    made.to(memory_format=torch.channels_last if last else torch.contiguous_format)  # type: ignore[call-overload]
    assert isinstance(made, nn.Conv2d)
    leaves = [_picture(3, *kernel).requires_grad_(), *made.parameters()]
    for x in (leaves[0], leaves[0].to(memory_format=torch.channels_last)):
        learned = made.train()(x)
        expected = F.conv2d(x, made.weight, made.bias, stride)
        torch.testing.assert_close(learned, expected)
        gradients = torch.autograd.grad(learned.square().sum(), leaves)
        torch.testing.assert_close(gradients, torch.autograd.grad(expected.square().sum(), leaves))
        assert torch.equal(made.eval()(x), expected)
    assert (
        made.train()(_picture(3, 6, 7)).shape == F.conv2d(_picture(3, 6, 7), made.weight, None, stride).shape
    )


@settings(deadline=None)
@given(size=pairs, last=st.booleans())
def test_global_average_pooling_equals_torchs_and_its_gradient_has_the_memory_format_of_its_maps(
    size: tuple[int, int], last: bool
) -> None:
    layout = torch.channels_last if last else torch.contiguous_format
    made = layer(nodes.GlobalAveragePooling(), (3, *size), "cpu").train()
    maps = _picture(3, *size).contiguous(memory_format=layout).requires_grad_()
    taken: list[bool] = []
    maps.register_hook(lambda gradient: taken.append(gradient.is_contiguous(memory_format=layout)))
    expected = F.adaptive_avg_pool2d(maps, 1)
    wanted = torch.autograd.grad(expected.square().sum(), maps)[0]
    taken.clear()
    learned = made(maps)
    assert torch.equal(learned, expected)
    assert torch.equal(torch.autograd.grad(learned.square().sum(), maps)[0], wanted)
    assert taken == [True]
    assert torch.equal(made.eval()(maps), expected)


@pytest.mark.parametrize(
    "more", [{"dilation": (2, 2)}, {"groups": 3}, {"padding": (1, 1)}, {"padding": "same"}], ids=str
)
def test_others_as_large_as_their_input_are_convolved(more: dict[str, Any]) -> None:
    node = nodes.Convolution(**{"filters": 3, "kernel_size": (3, 3), "padding": "valid", **more})
    x = _picture(3, 5, 5) if "dilation" in more else _picture(3, 3, 3)
    made = layer(node, (3, *x.shape[2:]), "cpu")
    assert isinstance(made, nn.Conv2d)
    assert torch.equal(made.train()(x), made.eval()(x))
    expected = F.conv2d(x, made.weight, made.bias, 1, made.padding, made.dilation, made.groups)
    assert torch.equal(made(x), expected)
