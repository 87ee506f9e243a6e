"""Looking and judging while nothing trains."""

import numpy as np

from cnnplay.data.images import ImageSet
from cnnplay.network.network import Classification, Input, Network
from cnnplay.network.nodes import Convolution, Dense, Flatten, GlobalAveragePooling
from cnnplay.ui.data.rules import Rules
from cnnplay.ui.look.studio import Studio, Subject

SIDE = 1024


def test_a_verdict_on_large_pictures_takes_few_at_a_time_and_can_be_given_up_between() -> None:
    """Else a run that begins, or the window's end, would wait for all 64 of a batch."""
    noise = np.random.default_rng(0).integers(0, 256, (5, SIDE, SIDE, 1), dtype=np.uint8)
    images = ImageSet(
        key="noise", title="noise", classes=("a", "b"), pictures=noise, labels=np.arange(5) % 2,
        train=np.arange(1), validation=np.arange(1, 5), shape=(1, SIDE, SIDE), channels=1,
    )  # fmt: skip
    # 8 channels of a megapixel are 32 MiB a picture: with the pooled ones, three have room in 128.
    layers = (
        Convolution(id="conv", filters=8), GlobalAveragePooling(id="pool"),
        Flatten(id="row"), Dense(id="out", units=2),
    )  # fmt: skip
    network = Network(name="large", input=Input(1, SIDE, SIDE), task=Classification(2), stack=layers)
    subject = Subject(network, {}, 0, None, images)
    studio, heard = Studio(Rules()), list[tuple[int, int]]()

    def breathe(done: int, whole: int) -> bool:
        heard.append((done, whole))
        return len(heard) != 4

    verdict = studio.judge(subject, breathe)
    assert heard == [(0, 4), (3, 4)]
    assert verdict is not None
    assert verdict.indices.tolist() == [1, 2, 3, 4]
    heard[:] = [(0, 0), (0, 0)]
    assert studio.judge(subject, breathe) is None
    assert heard[2:] == [(0, 4), (3, 4)]
