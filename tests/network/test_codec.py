"""Networks survive a round trip through JSON, and other JSON is refused with a message."""

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from cnnplay.network import nodes
from cnnplay.network.codec import NetworkFormatError, convert, decode, encode
from cnnplay.network.kinds import KINDS, Kind
from cnnplay.network.network import MAX_DEPTH, Network
from cnnplay.network.presets import preset
from tests.shapes.helpers import network_of
from tests.strategies import networks

_START = (
    b'{"name":"n","input":{"channels":1,"height":8,"width":8},'
    b'"task":{"task":"classification","classes":2},"stack":['
)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.tag)
def test_every_kind_survives_a_round_trip(kind: Kind) -> None:
    network = network_of(kind.type())  # type: ignore[arg-type]
    assert decode(encode(network)) == network
    assert convert(msgspec.json.decode(encode(network))) == network
    assert f'"kind": "{kind.tag}"'.encode() in encode(network)


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks())
def test_random_networks_survive_a_round_trip(network: Network) -> None:
    again = decode(encode(network))
    assert again == network
    assert hash(again) == hash(network)


def test_values_outside_their_limits_can_be_saved_and_reopened() -> None:
    network = network_of(nodes.Convolution(stride=(0, -7), filters=0), nodes.Dropout(p=3.0))
    assert decode(encode(network)) == network


def test_a_field_left_out_takes_its_default() -> None:
    text = _START + b'{"kind":"conv","id":"conv-1"}]}'
    assert decode(text).stack == (nodes.Convolution(id="conv-1"),)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"stack": [{"kind": "lstm", "id": "lstm-1"}]}, r"lstm.*\$\.stack\[0\]\.kind"),
        (
            {"stack": [{"kind": "dense", "id": "dense-1", "units": "ten"}]},
            r"Expected `int`.*\$\.stack\[0\]\.units",
        ),
        ({"stack": [{"kind": "relu", "id": "relu-1", "slope": 1}]}, r"unknown field `slope`.*\$\.stack\[0\]"),
        ({"stack": [{"kind": "relu", "id": "../relu"}]}, r"lowercase letters.*'\.\./relu'"),
        ({"stack": [{"kind": "relu", "id": ""}]}, "lowercase letters"),
        ({"stack": [{"kind": "relu", "id": "a"}, {"kind": "tanh", "id": "a"}]}, "two layers are named 'a'"),
        ({"input": {"channels": 1, "height": 8}}, r"missing required field `width`"),
        ({"task": {"task": "translation"}}, "translation"),
        ({"task": {"task": "classification", "classes": 2, "smoothing": 0.1}}, "smoothing"),
    ],
)
def test_json_that_is_not_a_network_is_refused_with_its_place(
    change: dict[str, object], message: str
) -> None:
    data = msgspec.json.decode(encode(network_of(nodes.ReLU())))
    with pytest.raises(NetworkFormatError, match=message):
        convert({**data, **change})
    with pytest.raises(NetworkFormatError, match=message):
        decode(msgspec.json.encode({**data, **change}))


@pytest.mark.parametrize("every", [64])
def test_a_truncated_file_is_refused(every: int) -> None:
    text = encode(preset("mini-resnet").network)
    for length in range(0, len(text) - 1, every):
        with pytest.raises(NetworkFormatError, match="not a network"):
            decode(text[:length])


def test_bytes_that_are_not_text_are_refused() -> None:
    with pytest.raises(NetworkFormatError):
        decode(b'{"name": "\xff\xfe"}')


def test_nesting_has_a_limit() -> None:
    def nested(depth: int) -> dict[str, object]:
        data = msgspec.json.decode(encode(network_of()))
        inner: list[object] = []
        for level in range(depth):
            inner = [{"kind": "skip", "id": f"skip-{level}", "body": inner}]
        return {**data, "stack": inner}

    assert convert(nested(MAX_DEPTH))
    with pytest.raises(NetworkFormatError, match="nested more than 32"):
        convert(nested(MAX_DEPTH + 1))
    with pytest.raises(NetworkFormatError, match="nested too deeply"):
        decode(_text_nested(100_000))


def _text_nested(depth: int) -> bytes:
    return _START + b'{"kind":"skip","id":"s","body":[' * depth + b"]}" * depth + b"]}"
