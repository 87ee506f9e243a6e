"""What the lecture's recap names, against torch and against what can be worked out by hand."""

import copy
from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from cnnplay.data.images import ImageSet
from cnnplay.data.order import class_balanced_order
from cnnplay.data.prepared import prepare
from cnnplay.modules.build import build
from cnnplay.network.network import Classification, Input, Network
from cnnplay.network.nodes import Convolution, Dense, Dropout, Flatten, ReLU
from cnnplay.shapes.infer import infer
from cnnplay.spec import events
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.averaging import is_averaged
from cnnplay.training.control import Control
from cnnplay.training.distributed import DistributedContext
from cnnplay.training.job import Observation, Result
from cnnplay.training.task import LossConfig
from cnnplay.training.tasks import training_task
from tests.training.conftest import Kept

Trained = Callable[..., Result]
CLASSES = Classification(4)


@pytest.fixture
def scores() -> torch.Tensor:
    return torch.randn(9, 4, generator=torch.Generator().manual_seed(3))


@pytest.fixture
def labels() -> torch.Tensor:
    return torch.tensor([0, 1, 2, 3, 3, 2, 1, 0, 0])


def _loss(outputs: torch.Tensor, targets: torch.Tensor, loss_config: LossConfig) -> float:
    return training_task(CLASSES).loss(outputs, targets, loss_config).item()


def test_one_unit_is_evaluated_by_binary_cross_entropy() -> None:
    logits = torch.randn(16, 1, generator=torch.Generator().manual_seed(1), requires_grad=True)
    labels = (torch.arange(16) % 3 == 0).long()
    loss = training_task(Classification(2)).loss(logits, labels, LossConfig())
    loss.backward()
    other = logits.detach().clone().requires_grad_()
    expected = F.binary_cross_entropy_with_logits(other[:, 0], labels.float())
    expected.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)
    assert logits.grad is not None
    assert other.grad is not None
    assert torch.allclose(logits.grad, other.grad, atol=1e-7)
    (right,) = training_task(Classification(2)).measure(logits, labels)
    assert int(right) == int(((logits[:, 0] > 0) == labels.bool()).sum())


def test_squared_error_is_that_of_the_probabilities_against_one_hot(
    scores: torch.Tensor, labels: torch.Tensor
) -> None:
    hot = F.one_hot(labels, 4).float()
    expected = F.mse_loss(scores.softmax(1), hot, reduction="sum") / len(labels)
    assert _loss(scores, labels, LossConfig("squared-error")) == pytest.approx(expected.item(), rel=1e-6)


@pytest.mark.parametrize("loss", ["cross-entropy", "squared-error"])
def test_shares_of_one_class_alone_are_as_good_as_its_label(
    loss: str, scores: torch.Tensor, labels: torch.Tensor
) -> None:
    loss_config = LossConfig(loss, smoothing=0.1)  # type: ignore[arg-type]
    shares = F.one_hot(labels, 4).float()
    assert _loss(scores, shares, loss_config) == pytest.approx(_loss(scores, labels, loss_config), rel=1e-6)


def test_smoothing_and_class_weights_are_torchs(scores: torch.Tensor, labels: torch.Tensor) -> None:
    weights = torch.tensor([0.5, 1.0, 2.0, 0.25])
    expected = F.cross_entropy(scores, labels, weights, label_smoothing=0.2, reduction="sum") / len(labels)
    found = _loss(scores, labels, LossConfig(smoothing=0.2, weights=weights))
    assert found == pytest.approx(expected.item(), rel=1e-6)


@pytest.mark.parametrize("loss", ["cross-entropy", "squared-error"])
@pytest.mark.parametrize("size", [2, 3])
def test_with_class_weights_too_the_shares_of_a_batch_are_the_batch(
    loss: str, size: int, scores: torch.Tensor, labels: torch.Tensor
) -> None:
    """And mixed images of one class alone count as that class's do."""
    loss_config = LossConfig(loss, smoothing=0.1, weights=torch.tensor([0.5, 1.0, 2.0, 0.25]))  # type: ignore[arg-type]
    whole = _loss(scores, labels, loss_config)
    parts = [
        _loss(scores[rank::size], labels[rank::size], loss_config)
        * DistributedContext(rank, size, rank, size).weight(len(labels))
        for rank in range(size)
    ]
    assert np.mean(parts) == pytest.approx(whole, rel=1e-5)
    assert _loss(scores, F.one_hot(labels, 4).float(), loss_config) == pytest.approx(whole, rel=1e-5)


def test_a_network_of_two_classes_may_end_in_one_unit_and_learns(
    trained: Trained, few: ImageSet, kept: Kept
) -> None:
    two = ImageSet(
        key="two",
        title="small and large digits",
        classes=("below five", "five and more"),
        images=few.array if few.array is not None else np.empty(0),
        labels=(few.labels >= 5).astype(np.int64),
        train=few.train,
        validation=few.validation,
        shape=few.shape,
        channels=1,
    )
    stack = (Convolution(id="conv-1", filters=6), ReLU(id="relu-1"), Flatten(id="flatten-1"))
    network = Network(
        name="one unit",
        input=Input(1, 16, 16),
        task=Classification(2),
        stack=(*stack, Dense(id="dense-1", units=1)),
    )
    assert infer(network).valid
    result = trained(network=network, images=two, epochs=16)
    assert result.metrics["train_accuracy"] > 0.9
    assert result.validation is not None
    assert result.validation.details.probabilities.shape == (50, 2)
    assert result.validation.details.confusion.sum() == 50


def test_no_other_number_of_classes_ends_in_one_unit() -> None:
    network = Network(
        name="x",
        input=Input(1, 8, 8),
        task=Classification(3),
        stack=(Flatten(id="f"), Dense(id="d", units=1)),
    )
    assert [problem.field for problem in infer(network).problems] == ["output"]


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw"])
def test_a_run_steps_as_torchs_own_loop_does(
    optimizer: str, trained: Trained, few: ImageSet, small: Network
) -> None:
    """Every knob at once that a plain loop has too: a schedule, smoothing, decay and clipping."""
    plain = Network(
        name="plain",
        input=small.input,
        task=small.task,
        stack=tuple(n for n in small.stack if not isinstance(n, Dropout)),
    )
    settings = {
        "learning_rate": 0.003,
        "weight_decay": 0.01,
        "label_smoothing": 0.1,
        "gradient_clipping": 0.5,
    }
    result = trained(network=plain, optimizer=optimizer, epochs=2, schedule="cosine", warmup=0.5, **settings)
    module = build(plain, seed=0).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    prepared = prepare(few, plain.input.shape, torch.device("cpu"))
    made = {
        "sgd": lambda w: torch.optim.SGD(w, 0.003, weight_decay=0.01),
        "momentum": lambda w: torch.optim.SGD(w, 0.003, momentum=0.9, weight_decay=0.01),
        "nesterov": lambda w: torch.optim.SGD(w, 0.003, momentum=0.9, weight_decay=0.01, nesterov=True),
        "rmsprop": lambda w: torch.optim.RMSprop(w, 0.003, alpha=0.9, weight_decay=0.01),
        "adam": lambda w: torch.optim.Adam(w, 0.003, weight_decay=0.01),
        "adamw": lambda w: torch.optim.AdamW(w, 0.003, weight_decay=0.01),
    }[optimizer](module.parameters())
    steps = prepared.steps(32)
    rise = round(0.5 * steps)
    schedule = torch.optim.lr_scheduler.SequentialLR(
        made,
        [
            torch.optim.lr_scheduler.LambdaLR(made, lambda step: (step + 1) / rise),
            torch.optim.lr_scheduler.CosineAnnealingLR(made, 2 * steps - rise),
        ],
        [rise],
    )
    for epoch in (1, 2):
        for x, y, _ in prepared.train_batches(epoch, 32, 0):
            made.zero_grad()
            F.cross_entropy(module(x), y, label_smoothing=0.1).backward()
            torch.nn.utils.clip_grad_norm_(module.parameters(), 0.5)
            made.step()
            schedule.step()
    for name, tensor in module.state_dict().items():
        assert torch.allclose(result.weights[name], tensor, rtol=1e-4, atol=1e-6), name


def test_decay_loss_is_reported_apart_from_the_data_loss(trained: Trained) -> None:
    result = trained(epochs=1, weight_decay=0.1)
    parameters = [
        v for k, v in result.weights.items() if not k.endswith(("running_mean", "running_var", "tracked"))
    ]
    expected = 0.05 * sum(float(tensor.double().square().sum()) for tensor in parameters)
    assert result.metrics["decay_loss"] == pytest.approx(expected, rel=1e-5)
    assert "decay_loss" not in trained(epochs=1).metrics


def test_averaged_weights_are_the_mean_of_the_last_epochs_with_statistics_of_their_own(
    trained: Trained, few: ImageSet, small: Network, kept: Kept
) -> None:
    after: list[dict[str, torch.Tensor]] = []

    def observe(seen: Observation) -> None:
        if seen.checkpoint is not None:
            after.append(seen.checkpoint.weights)

    result = trained(epochs=4, averaging=0.5, observer=observe)
    averaged = result.averaged
    assert averaged is not None
    assert averaged.count == 2
    key = "conv-1.weight"
    mean = (after[2][key] + after[3][key]) / 2
    assert torch.allclose(averaged.weights[key], mean, atol=1e-7)
    reported = [
        sorted(k for k in done.metrics if k.startswith("averaged")) for done in kept.of(events.EpochDone)
    ]
    assert reported == [
        [],
        [],
        ["averaged_accuracy", "averaged_loss"],
        ["averaged_accuracy", "averaged_loss"],
    ]
    # Torch's own way to the statistics, over the same batches.
    module = build(small, seed=0)
    module.load_state_dict(copy.deepcopy(averaged.weights))
    prepared = prepare(few, small.input.shape, torch.device("cpu"))
    batches = [x for x, _, _ in prepared.train_batches(4, 32, 0)]
    torch.optim.swa_utils.update_bn(batches, module)
    own = averaged.weights["batch-norm-1.running_var"]
    assert torch.allclose(module.state_dict()["batch-norm-1.running_var"], own, rtol=1e-4)


def test_averaging_takes_the_last_part_of_the_epochs() -> None:
    taken = [epoch for epoch in range(1, 21) if is_averaged(TrainConfig(averaging=0.25), 1, epoch)]
    assert taken == [16, 17, 18, 19, 20]
    assert [
        epoch for epoch in range(5, 8) if is_averaged(TrainConfig(epochs=3, averaging=0.01), 5, epoch)
    ] == [7]
    assert not is_averaged(TrainConfig(), 1, 20)


def test_a_run_ends_early_once_validation_is_no_better_for_so_long(trained: Trained, kept: Kept) -> None:
    result = trained(epochs=50, early_stopping=2, learning_rate=1e-12)
    assert (result.reason, result.last_epoch) == ("early", (result.best_epoch or 0) + 2)
    assert kept.of(events.Finished)[-1].reason == "early"


def test_more_epochs_may_be_asked_for_while_a_run_is_on(trained: Trained, kept: Kept) -> None:
    control = Control()

    def observe(seen: Observation) -> None:
        if seen.checkpoint is not None and seen.epoch == 1:
            control.change("epochs", 3)

    assert trained(epochs=2, control=control, observer=observe).last_epoch == 3
    (change,) = kept.of(events.SettingChanged)
    assert (change.name, change.value) == ("epochs", 3)


@pytest.mark.parametrize(
    ("scheme", "variance"),
    [("he", 2 / 250), ("xavier", 2 / (250 + 400 * 25)), ("lecun", 1 / 250), ("small", 1e-4)],
)
def test_a_scheme_draws_with_the_spread_that_its_authors_give(scheme: str, variance: float) -> None:
    network = Network(
        name="x",
        input=Input(10, 8, 8),
        task=Classification(10),
        stack=(
            Convolution(id="c", filters=400, kernel_size=(5, 5)),
            Flatten(id="f"),
            Dense(id="d", units=10),
        ),
    )
    module = build(network, seed=1, initialisation=scheme)  # type: ignore[arg-type]
    weight = module.state_dict()["c.weight"]
    assert weight.shape == (400, 10, 5, 5)
    assert float(weight.var()) == pytest.approx(variance, rel=0.03)
    assert not module.state_dict()["c.bias"].any()


def test_from_zero_all_units_of_a_layer_stay_alike(trained: Trained) -> None:
    weight = trained(epochs=1, initialisation="zero").weights["conv-2.weight"]
    assert torch.equal(weight, weight[:1].expand_as(weight))


def test_rare_classes_are_drawn_as_often_as_others_and_weigh_as_much(trained: Trained, few: ImageSet) -> None:
    labels = np.array([0] * 900 + [1] * 90 + [2] * 10, np.int64)
    drawn = labels[class_balanced_order(labels, 0, 1)]
    assert np.bincount(drawn).tolist() == pytest.approx([333, 333, 333], rel=0.15)
    assert np.array_equal(class_balanced_order(labels, 0, 1), class_balanced_order(labels, 0, 1))
    assert trained(epochs=1, class_balance="sampling").reason == "done"
    assert trained(epochs=1, class_balance="loss").reason == "done"


@pytest.mark.parametrize("name", ["batch_size", "nonsense"])
def test_what_does_not_act_on_a_run_that_is_on_cannot_be_changed_in_it(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} cannot be changed during a run"):
        Control().change(name, 3)


def test_in_bfloat16_the_weights_stay_whole_and_the_loss_is_near(trained: Trained, kept: Kept) -> None:
    whole, short = trained(epochs=2), trained(epochs=2, precision="bfloat16")
    assert [plan.precision for plan in kept.of(events.Planned)] == ["float32", "bfloat16"]
    assert {tensor.dtype for tensor in short.weights.values()} == {torch.float32, torch.int64}
    assert not torch.equal(whole.weights["conv-1.weight"], short.weights["conv-1.weight"])
    assert short.metrics["train_loss"] == pytest.approx(whole.metrics["train_loss"], rel=0.05)
