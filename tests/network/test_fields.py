"""One declaration gives limits, labels and editors."""

import msgspec
import pytest

from cnnplay.network import nodes
from cnnplay.network.fields import FieldInfo, fields_of, violated_limit
from cnnplay.network.kinds import KINDS, Kind, kind_named, kind_of
from cnnplay.network.network import Classification, Input


def declared(kind: type[msgspec.Struct], name: str) -> FieldInfo:
    (field,) = (field for field in fields_of(kind) if field.name == name)
    return field


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.tag)
def test_every_kind_has_help_and_defaults_within_their_limits(kind: Kind) -> None:
    assert kind.help
    assert kind_named(kind.tag) is kind
    node = kind.type()
    assert kind_of(node) is kind  # type: ignore[arg-type]
    for field in fields_of(kind.type):
        assert field.help
        assert field.default == getattr(node, field.name)
        assert violated_limit(field, field.default) is None


def test_every_field_that_shapes_a_node_is_declared() -> None:
    for kind in KINDS:
        declared = {field.name for field in fields_of(kind.type)} | {"id", "body", "shortcut", "branches"}
        assert set(kind.type.__struct_fields__) <= declared


@pytest.mark.parametrize(
    ("kind", "name", "type_", "choices"),
    [
        (nodes.Convolution, "filters", "integer", ()),
        (nodes.Convolution, "kernel_size", "pair", ()),
        (nodes.Convolution, "padding", "padding", ("same", "valid")),
        (nodes.Convolution, "bias", "flag", ()),
        (nodes.Upsampling, "mode", "choice", ("nearest", "bilinear")),
        (nodes.Dropout, "p", "number", ()),
        (Input, "channels", "integer", ()),
        (Classification, "classes", "integer", ()),
    ],
)
def test_how_a_field_is_edited_follows_from_its_type(
    kind: type, name: str, type_: str, choices: tuple[str, ...]
) -> None:
    field = declared(kind, name)
    assert field.type == type_
    assert field.choices == choices


@pytest.mark.parametrize(
    ("kind", "name", "value", "message"),
    [
        (nodes.Convolution, "stride", (0, 1), "1 or more"),
        (nodes.Convolution, "stride", (1, 513), "at most 512"),
        (nodes.Convolution, "padding", "same", None),
        (nodes.Convolution, "padding", "mirror", "same or valid"),
        (nodes.Dense, "units", 1_000_001, "at most 1,000,000"),
        (nodes.BatchNormalisation, "eps", 0.0, "more than 0"),
        (nodes.BatchNormalisation, "eps", float("inf"), "a finite number, 0 or more"),
        (nodes.Dropout, "p", float("nan"), "a number from 0 to 1"),
        (nodes.Dropout, "p", 1.0, None),
        (nodes.Convolution, "bias", False, None),
    ],
)
def test_a_violated_limit_is_named(kind: type, name: str, value: object, message: str | None) -> None:
    assert violated_limit(declared(kind, name), value) == message
