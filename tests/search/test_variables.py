"""A space against the network and the settings: what may vary, and the values put in."""

import pytest

from cnnplay.network.network import Network, find
from cnnplay.search.errors import BadTrial, SearchError
from cnnplay.search.space import Choices, Entry, Range, Space
from cnnplay.search.values import apply_values, settings_text
from cnnplay.search.variables import variables, varying_fields, varying_settings
from cnnplay.spec.settings import TrainConfig


def test_settings_and_blocks_fields_are_found_by_name(small: Network) -> None:
    space = Space(
        {
            "learning_rate": Range(1e-4, 0.1, log=True),
            "optimizer": Choices(("sgd", "adam")),
            "flip": Choices((False, True)),
            "conv-1.filters": Range(2, 8),
            "conv-2.padding": Choices(("same", 1)),
        }
    )
    found = variables(space, small, "f")
    assert [one.name for one in found] == list(space.vary)
    assert [one.label for one in found][2:] == ["flip", "conv-1 filters", "conv-2 padding"]


@pytest.mark.parametrize(
    ("name", "entry", "message"),
    [
        (
            "learning_rte",
            Range(1, 2),
            "f, vary.learning_rte: expected a setting, perhaps learning_rate; found",
        ),
        ("conv-9.filters", Range(1, 2), "f, vary.conv-9.filters: expected a layer of small, perhaps conv-2;"),
        ("conv-1.filter", Range(1, 2), "f, vary.conv-1.filter: expected a field of conv-1, perhaps filters"),
        (
            "relu-1.slope",
            Range(1, 2),
            "f, vary.relu-1.slope: expected no field: relu-1 has none; found slope",
        ),
        ("threads", Choices((1, 2)), "f, vary.threads: expected a setting"),
        ("checkpoint_every", Range(1, 2), "f, vary.checkpoint_every: expected a setting"),
        ("batch_size", Range(0, 8), "f, vary.batch_size.low: batch size must be 1 or more; found 0"),
        (
            "batch_size",
            Range(1, 8.5),
            "f, vary.batch_size.high: batch size must be a whole number; found 8.5",
        ),
        ("batch_size", Range(2, 8, step=1.5), "f, vary.batch_size.step: expected a whole number; found 1.5"),
        ("momentum", Range(0.5, 1), "f, vary.momentum.high: momentum must be at most 0.9999; found 1"),
        ("optimizer", Choices(("adam", "lion")), "f, vary.optimizer[1]: optimizer must be sgd or"),
        ("optimizer", Range(1, 2), "f, vary.optimizer: expected a list of sgd, momentum"),
        ("flip", Range(0, 1), "f, vary.flip: expected a list [false, true]; found a range"),
        ("flip", Choices((0, 1)), "f, vary.flip[0]: flip must be true or false; found 0"),
        (
            "learning_rate",
            Choices((True,)),
            "f, vary.learning_rate[0]: learning rate must be a number; found true",
        ),
    ],
)
def test_an_invalid_variable_is_an_error_with_its_place(
    small: Network, name: str, entry: Entry, message: str
) -> None:
    with pytest.raises(SearchError) as caught:
        variables(Space({name: entry}), small, "f")
    assert str(caught.value).startswith(message)


def test_values_are_applied_to_settings_and_network(small: Network) -> None:
    vary: dict[str, Entry] = {
        "learning_rate": Range(0.1, 0.2),
        "conv-1.kernel_size": Range(3, 5),
        "dropout-1.p": Range(0, 0.5),
    }
    varied = variables(Space(vary), small, "f")
    values = {"learning_rate": 0.15, "conv-1.kernel_size": 5, "dropout-1.p": 0.25}
    network, config = apply_values(values, varied, small, TrainConfig())
    assert config == TrainConfig(learning_rate=0.15)
    assert find(network, "conv-1").kernel_size == (5, 5)  # type: ignore[union-attr]
    assert find(network, "dropout-1").p == 0.25  # type: ignore[union-attr]
    assert find(small, "dropout-1").p == 0.3  # type: ignore[union-attr]
    assert settings_text(values) == "learning rate 0.15, conv-1 kernel size 5, dropout-1 p 0.25"


def test_a_network_with_problems_is_a_bad_trial_with_the_reason(small: Network) -> None:
    varied = variables(Space({"conv-2.filters": Range(4, 8)}), small, "f")
    with pytest.raises(BadTrial, match="skip-1"):
        apply_values({"conv-2.filters": 7}, varied, small, TrainConfig())
    assert apply_values({"conv-2.filters": 4}, varied, small, TrainConfig())[0] == small


def test_every_field_that_may_vary_has_limits_or_choices(small: Network) -> None:
    names = {field.name for field in varying_settings()}
    assert {"learning_rate", "optimizer", "shift", "flip", "epochs"} <= names
    assert not names & {"device", "threads", "fit", "checkpoint_every"}
    assert {field.name for field in varying_fields(small, "dropout-1")} == {"p"}
