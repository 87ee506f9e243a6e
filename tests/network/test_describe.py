"""The text on a card."""

import pytest

from cnnplay.network import nodes
from cnnplay.network.describe import detail, shape_text, title
from cnnplay.network.layer_details import by
from cnnplay.network.nodes import Node


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (nodes.Convolution(filters=32, stride=(2, 2)), "32 @ 3×3 / 2, same"),
        (nodes.Convolution(filters=6, kernel_size=(5, 3), padding="valid"), "6 @ 5×3"),
        (
            nodes.Convolution(padding=(1, 0), dilation=(2, 2), groups=4),
            "16 @ 3×3, pad 1×0, dilation 2, 4 groups",
        ),
        (nodes.Convolution(padding=(0, 0)), "16 @ 3×3"),
        (nodes.TransposedConvolution(filters=8), "8 @ 2×2 · 2"),
        (nodes.Upsampling(scale=(2, 3)), "× 2×3 nearest"),
        (nodes.MaxPooling(), "2×2 / 2"),
        (nodes.AveragePooling(kernel_size=(3, 3), padding="same"), "3×3 / 2, same"),
        (nodes.GroupNormalisation(groups=8), "8 groups"),
        (nodes.LocalResponseNormalisation(), "5 channels"),
        (nodes.Dropout(p=0.25), "0.25"),
        (nodes.LeakyReLU(), "0.01"),
        (nodes.ELU(alpha=0.5), "0.5"),
        (nodes.Dense(units=4096), "4,096"),
        (nodes.Skip(), "0 layers · add"),
        (nodes.Skip(body=(nodes.ReLU(),), merge="concatenate"), "1 layer · concatenate"),
        (nodes.Branches(branches=((nodes.ReLU(),), (nodes.Tanh(), nodes.Skip()))), "2 layers · concatenate"),
        (nodes.ReLU(), ""),
    ],
)
def test_the_detail_of_a_card(node: Node, text: str) -> None:
    assert detail(node) == text


def test_layers_that_people_refer_to_are_titled_by_their_ids() -> None:
    assert title(nodes.Convolution(id="conv-2")) == "conv-2"
    assert title(nodes.ReLU(id="relu-2")) == "ReLU"


def test_shapes_are_channels_by_height_by_width() -> None:
    assert shape_text((16, 5, 1000)) == "16 × 5 × 1,000"
    assert shape_text(None) == "?"
    assert by((3, 5)) == "3×5"
