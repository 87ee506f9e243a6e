"""Why no run can be started now."""

from pytestqt.qtbot import QtBot

from cnnplay.network.network import Classification, Input, Network
from cnnplay.network.nodes import AveragePooling, Flatten
from tests.train_bench import bench

WITHOUT_WEIGHTS = Network(
    name="mean",
    input=Input(1, 8, 8),
    task=Classification(2),
    stack=(
        AveragePooling(id="avg-pool-1", kernel_size=(8, 4), stride=(8, 4)),
        Flatten(id="flatten-1"),
    ),
)


def test_a_network_without_weights_is_not_trained_and_says_why(qtbot: QtBot) -> None:
    with bench() as one:
        one.editor.open_network(WITHOUT_WEIGHTS)
        assert one.editor.report.valid
        assert "no parameters to train" in one.run.disabled_reason("train")
        assert not one.run.start()
