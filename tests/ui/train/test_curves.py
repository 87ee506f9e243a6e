"""What the curves name: the generalization gap, the weight penalty, averaged weights, changed settings."""

import pytest

from cnnplay.spec.events import EpochDone, Event, SettingChanged, Started, Stepped
from cnnplay.spec.settings import TrainConfig
from cnnplay.ui.train.curves import CurvesModel, change_text, with_decay
from cnnplay.ui.train.generalization_gap import measure_gap
from cnnplay.ui.train.history import History

STEPS = 40


def make_history(
    training: float,
    validation: float,
    epochs: int = 4,
    size: int = 10_000,
    loss: str = "cross-entropy",
    **more: float,
) -> History:
    """A run whose steps and epochs all have these accuracies; `more` are metrics of its last two epochs."""
    config = TrainConfig(epochs=epochs, loss=loss)  # type: ignore[arg-type]
    events: list[Event] = [
        Started(
            run="r",
            network="n",
            data="d",
            config=config,
            device="cpu",
            parameters=1,
            train_size=100,
            validation_size=size,
            steps_per_epoch=STEPS,
        )
    ]
    for epoch in range(1, epochs + 1):
        events += [
            Stepped(run="r", step=step, epoch=epoch, loss=1.0, accuracy=training, images=8)
            for step in range((epoch - 1) * STEPS + 1, epoch * STEPS + 1)
        ]
        metrics = {
            "train_loss": 1.0,
            "train_accuracy": training,
            "validation_loss": 1.5,
            "validation_accuracy": validation,
        }
        if epoch > epochs - 2:
            metrics |= more
        events.append(
            EpochDone(
                run="r",
                epoch=epoch,
                step=epoch * STEPS,
                metrics=metrics,
                seconds=1.0,
                images_per_second=1.0,
                best=epoch == 1,
            )
        )
    return History(events)


@pytest.mark.parametrize("before", [0.95, 0.2])
def test_the_end_of_the_previous_run_is_on_the_accuracy_axis(before: float) -> None:
    history, earlier = make_history(0.5, 0.4), make_history(before, before)
    bounds = CurvesModel().bounds("accuracy", history, earlier)
    assert bounds.bottom <= before <= bounds.top
    alone = CurvesModel().bounds("accuracy", history)
    assert not alone.bottom <= before <= alone.top
    assert CurvesModel().bounds("accuracy", history, make_history(0.5, float("nan"))) == alone


def test_a_gap_is_named_in_points_with_what_helps() -> None:
    history, model = make_history(0.98, 0.951), CurvesModel()
    assert model.summary("accuracy", history) == "best 95.1 %, epoch 1 · gap 2.9 points"
    assert "overfitting" in model.hint("accuracy", history)
    assert "overfitting" not in model.hint("loss", history)


def test_both_low_is_underfitting_and_close_values_are_named() -> None:
    low, alike, turned = make_history(0.405, 0.4), make_history(0.971, 0.97), make_history(0.8, 0.9)
    model = CurvesModel()
    assert "underfitting" in model.hint("accuracy", low)
    assert "close together" in model.hint("accuracy", alike)
    assert model.summary("accuracy", turned).endswith("gap −10.0 points")
    assert "harder" in model.hint("accuracy", turned)


def test_a_gap_within_the_noise_of_few_validation_images_is_not_significant() -> None:
    assert "overfitting" in CurvesModel().hint("accuracy", make_history(0.98, 0.95))
    assert "close together" in CurvesModel().hint("accuracy", make_history(0.98, 0.95, size=100))


def test_no_gap_is_named_before_the_third_epoch_nor_without_validation() -> None:
    assert measure_gap(make_history(0.9, 0.8, epochs=2)) is None
    assert measure_gap(make_history(0.9, 0.8, epochs=3)) is not None
    assert measure_gap(make_history(0.9, float("nan"), epochs=3)) is None
    assert measure_gap(History()) is None


def test_the_gap_is_the_difference_of_the_two_numbers_beside_the_curves() -> None:
    history, model = make_history(0.97849, 0.95151), CurvesModel()
    texts = [end.text for end in model.ends("accuracy", history, 4.0)]
    assert texts == ["training 97.8 %", "validation 95.2 %"]
    assert model.summary("accuracy", history).endswith("gap 2.6 points")


def test_the_number_beside_the_training_curve_is_measured_not_smoothed() -> None:
    history, model = make_history(0.9, 0.8), CurvesModel()
    history.extend(
        Stepped(run="r", step=4 * STEPS + 1 + n, epoch=5, loss=1.0, accuracy=0.1, images=8) for n in range(20)
    )
    assert "training 90.0 %" in [end.text for end in model.ends("accuracy", history, 5.0)], "of epoch 4"
    first = History(
        [*history.stages, *[Stepped(run="r", step=n, epoch=1, loss=4.0 - n, images=8) for n in (1, 2)]]
    )
    assert [end.text for end in model.ends("loss", first, 1.0)] == ["training 2.00"], "the last step"


def test_the_gap_is_that_after_the_last_epoch_not_within_the_next() -> None:
    history = make_history(0.9, 0.8)
    history.extend(
        [
            Stepped(run="r", step=4 * STEPS + 1 + n, epoch=5, loss=1.0, accuracy=0.0, images=8)
            for n in range(20)
        ]
    )
    gap = measure_gap(history)
    assert gap is not None
    assert gap.training == pytest.approx(0.9)


def test_decay_has_a_line_an_end_and_a_readout() -> None:
    history, model = make_history(0.9, 0.8, decay_loss=0.25), CurvesModel()
    assert with_decay(history).y.tolist() == [1.25, 1.25]
    lines = {line.part: line.curve for line in model.lines("loss", history, None, 0, 4, 400)}
    assert lines["with decay"].x.tolist() == [3.0, 4.0]
    assert "data + decay 1.25" in [end.text for end in model.ends("loss", history, 4.0)]
    readout = model.readout("loss", history, 3.9)
    assert readout is not None
    assert readout.labels[-1].text == "data + decay 1.25 (decay 0.250)"
    assert "penalty" in model.hint("loss", history)
    assert "with decay" not in {line.part for line in model.lines("accuracy", history, None, 0, 4, 400)}


def test_a_large_decay_does_not_press_the_data_loss_flat() -> None:
    model = CurvesModel()
    plain = model.bounds("loss", make_history(0.9, 0.8))
    assert model.bounds("loss", make_history(0.9, 0.8, decay_loss=0.6)).top == pytest.approx(1.6)
    assert model.bounds("loss", make_history(0.9, 0.8, decay_loss=50.0)).top == pytest.approx(1.5 * plain.top)


def test_averaged_weights_have_a_curve_of_their_own() -> None:
    history, model = make_history(0.9, 0.8, averaged_accuracy=0.85, averaged_loss=1.2), CurvesModel()
    for metric, words in (("accuracy", "averaged 85.0 %"), ("loss", "averaged 1.20")):
        lines = {line.part for line in model.lines(metric, history, None, 0, 4, 400)}  # type: ignore[arg-type]
        assert "averaged" in lines
        assert words in [end.text for end in model.ends(metric, history, 4.0)]  # type: ignore[arg-type]
        late = model.readout(metric, history, 3.9)  # type: ignore[arg-type]
        early = model.readout(metric, history, 1.0)  # type: ignore[arg-type]
        assert late is not None
        assert words in [end.text for end in late.labels]
        assert early is not None
        assert words not in [end.text for end in early.labels]
        assert "mean of the weights" in model.hint(metric, history)  # type: ignore[arg-type]
    assert "mean of the weights" not in model.hint("loss", make_history(0.9, 0.8))


def test_the_loss_that_a_run_minimizes_is_named() -> None:
    assert CurvesModel().summary("loss", make_history(0.9, 0.8)) == "cross-entropy"
    assert CurvesModel().summary("loss", make_history(0.9, 0.8, loss="squared-error")) == "squared error"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("learning_rate", 0.0002, "learning rate 0.0002"),
        ("schedule", "cosine", "schedule cosine"),
        ("flip", True, "flip on"),
        ("shift", 2, "shift 2 px"),
        ("of_a_later_version", "x", "of a later version x"),
    ],
)
def test_a_changed_setting_is_named_whatever_its_type(
    name: str, value: bool | float | str, words: str
) -> None:
    assert change_text(SettingChanged(run="r", step=1, name=name, value=value)) == words
