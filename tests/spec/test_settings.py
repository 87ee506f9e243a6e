import pytest

from cnnplay.spec.settings import TrainConfig, setting_problems


def test_the_usual_settings_break_no_limit() -> None:
    assert setting_problems(TrainConfig()) == ()


@pytest.mark.parametrize(
    ("config", "text"),
    [
        (TrainConfig(epochs=0), "epochs must be 1 or more; got 0"),
        (TrainConfig(epochs=1_234_567), "epochs must be at most 100,000; got 1,234,567"),
        (TrainConfig(batch_size=-3), "batch size must be 1 or more; got -3"),
        (TrainConfig(seed=2**31), "seed must be at most 2,147,483,647; got 2,147,483,648"),
        (TrainConfig(learning_rate=0.0), "learning rate must be more than 0; got 0"),
        (TrainConfig(learning_rate=float("nan")), "learning rate must be a number from 0 to 1,000; got nan"),
        (TrainConfig(momentum=1.0), "momentum must be at most 0.9999; got 1"),
        (TrainConfig(threads=0), "threads must be 1 or more; got 0"),
        (TrainConfig(threads=100_000), "threads must be at most 256; got 100,000"),
    ],
)
def test_a_problem_names_the_setting_the_limit_and_the_value(config: TrainConfig, text: str) -> None:
    assert [problem.message for problem in setting_problems(config)] == [text]


def test_every_problem_is_reported_not_only_the_first() -> None:
    config = TrainConfig(epochs=0, batch_size=0, weight_decay=-1.0)
    assert [problem.field for problem in setting_problems(config)] == ["epochs", "batch_size", "weight_decay"]
