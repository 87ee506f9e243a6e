"""A LeNet that has been trained a little, as a project."""

import pytest

from cnnplay.modules.build import build
from cnnplay.modules.weights import weights_of
from cnnplay.network.presets import preset
from cnnplay.project.project import Project
from cnnplay.spec.events import EpochDone, Event, Finished, Started, Stepped
from cnnplay.spec.preprocessing import Preprocessing
from cnnplay.spec.settings import TrainConfig
from cnnplay.spec.trained import DataFacts


def _history(config: TrainConfig) -> tuple[Event, ...]:
    events: list[Event] = [
        Started(
            run="r",
            network="lenet-5",
            data="mnist-sample",
            config=config,
            device="cpu",
            parameters=61_706,
            train_size=4000,
            validation_size=1000,
            steps_per_epoch=63,
        )
    ]
    for epoch in range(1, 4):
        events += [
            Stepped.make("r", step, epoch, 2.0 / step, {"accuracy": step / 200}, 64)
            for step in range((epoch - 1) * 63 + 1, epoch * 63 + 1)
        ]
        events.append(
            EpochDone(
                run="r",
                epoch=epoch,
                step=epoch * 63,
                metrics={"train_loss": 0.5 / epoch, "validation_loss": float("nan")},
                seconds=1.25,
                images_per_second=3000.0,
                best=epoch == 2,
            )
        )
    events.append(
        Finished(
            run="r",
            epochs=3,
            reason="done",
            metrics={"validation_accuracy": 0.9},
            images_per_second=3000.0,
            seconds=4.0,
            best_epoch=2,
        )
    )
    return tuple(events)


@pytest.fixture(scope="session")
def project() -> Project:
    network = preset("lenet-5").network
    config = TrainConfig(epochs=3, learning_rate=0.01, optimizer="sgd")
    return Project(
        network=network,
        config=config,
        data_key="mnist-sample",
        facts=DataFacts(
            key="mnist-sample",
            classes=tuple("0123456789"),
            preprocessing=Preprocessing(input=(1, 32, 32), mean=(0.1,), std=(0.3,)),
        ),
        weights=weights_of(build(network, seed=1)),
        best=weights_of(build(network, seed=2)),
        averaged=weights_of(build(network, seed=3)),
        best_epoch=2,
        last_epoch=3,
        history=_history(config),
        view={"workspace": "train", "splitters": [1, 2.5, None], "dark": True},
    )
