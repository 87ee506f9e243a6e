"""The Python expression that creates a torch layer, and its explicit padding."""

from torch import nn

from cnnplay.modules.padding import PaddedAvgPool2d, PaddedConv2d, PaddedMaxPool2d


def expression(layer: nn.Module) -> str:
    """``nn.Conv2d(1, 6, 5)``: arguments equal to torch's defaults are left out."""
    match layer:
        case nn.Conv2d():
            return _convolution("Conv2d", layer, "")
        case nn.ConvTranspose2d():
            return _convolution("ConvTranspose2d", layer, _unless("output_padding", layer.output_padding, 0))
        case nn.MaxPool2d() | nn.AvgPool2d():
            name = "MaxPool2d" if isinstance(layer, nn.MaxPool2d) else "AvgPool2d"
            padding = _unless("padding", layer.padding, 0)
            return f"nn.{name}({pair(layer.kernel_size)}, stride={pair(layer.stride)}{padding})"
        case nn.BatchNorm1d() | nn.BatchNorm2d():
            name = "BatchNorm1d" if isinstance(layer, nn.BatchNorm1d) else "BatchNorm2d"
            rest = _unless("eps", layer.eps, 1e-5) + _unless("momentum", layer.momentum, 0.1)
            return f"nn.{name}({layer.num_features}{rest}{_unless('affine', layer.affine, True)})"
        case nn.Linear():
            bias = _unless("bias", layer.bias is not None, True)
            return f"nn.Linear({layer.in_features}, {layer.out_features}{bias})"
        case _:
            return _without_weights(layer)


def padding_before(layer: nn.Module) -> str:
    """The arguments of F.pad after the tensor, if the layer pads explicitly; else ""."""
    if not isinstance(layer, (PaddedConv2d, PaddedMaxPool2d, PaddedAvgPool2d)):
        return ""
    top, bottom, left, right = layer.around
    value = ', value=float("-inf")' if isinstance(layer, PaddedMaxPool2d) else ""
    return f"({left}, {right}, {top}, {bottom}){value}"


def pair(size: object) -> str:
    """A height and width as torch takes them: a single number if they are equal."""
    if isinstance(size, tuple) and len(size) == 2 and size[0] == size[1]:
        size = size[0]
    return repr(size)


def _without_weights(layer: nn.Module) -> str:
    match layer:
        case nn.Upsample(mode="bilinear"):
            return (
                f'nn.Upsample(scale_factor={pair(layer.scale_factor)}, mode="bilinear", align_corners=False)'
            )
        case nn.Upsample():
            return f"nn.Upsample(scale_factor={pair(layer.scale_factor)})"
        case nn.AdaptiveAvgPool2d():
            return "nn.AdaptiveAvgPool2d(1)"
        case nn.LocalResponseNorm():
            return f"nn.LocalResponseNorm({layer.size}, alpha={layer.alpha}, beta={layer.beta}, k={layer.k})"
        case nn.Dropout():
            return f"nn.Dropout({layer.p})"
        case nn.LeakyReLU():
            return f"nn.LeakyReLU({layer.negative_slope})"
        case _:
            return f"nn.{type(layer).__name__}()"


def _convolution(name: str, layer: nn.Conv2d | nn.ConvTranspose2d, more: str) -> str:
    return (
        f"nn.{name}({layer.in_channels}, {layer.out_channels}, {pair(layer.kernel_size)}"
        + _unless("stride", layer.stride, 1)
        + _unless("padding", layer.padding, 0)
        + more
        + _unless("dilation", layer.dilation, 1)
        + _unless("groups", layer.groups, 1)
        + _unless("bias", layer.bias is not None, True)
        + ")"
    )


def _unless(name: str, value: object, default: object) -> str:
    """``, name=value`` if the value is not torch's default."""
    text = pair(value)
    return "" if text == repr(default) else f", {name}={text}"
