"""What a misspelt name may have meant."""

import pytest

from cnnplay.spec.nearest import SETTING_ALIASES, nearest
from cnnplay.spec.settings import TrainConfig

SETTINGS = TrainConfig.__struct_fields__


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("lr", "learning_rate"),
        ("LR", "learning_rate"),
        ("Learning-Rate", "learning_rate"),
        ("optimiser", "optimizer"),
        ("momentun", "momentum"),
        ("zzz", None),
    ],
)
def test_an_alias_goes_before_what_is_alike(name: str, meant: str | None) -> None:
    assert nearest(name, SETTINGS, SETTING_ALIASES) == meant


def test_every_alias_stands_for_a_setting() -> None:
    assert set(SETTING_ALIASES.values()) <= set(SETTINGS)
