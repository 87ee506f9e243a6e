"""Makes torch load what it otherwise loads at the first training step."""

from cnnplay.modules.build import build
from cnnplay.network.network import Classification, Input, Network
from cnnplay.network.nodes import Convolution, Dense, Flatten
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.optimizers import optimizer_for


def warm_up() -> None:
    """Does a second or two of imports before the user presses Train and waits for them. Any thread may call
    it.
    """
    network = Network(
        name="warm-up",
        input=Input(1, 8, 8),
        task=Classification(2),
        stack=(
            Convolution(id="conv-1", filters=2),
            Flatten(id="flatten-1"),
            Dense(id="dense-1", units=2),
        ),
    )
    module = build(network, seed=0)
    # Creating an optimizer imports torch's compiler, whether it is used or not.
    optimizer_for(module.parameters(), TrainConfig())
