"""The mend on the notice follows what the engine advises."""

from cnnplay.spec.events import Failed
from cnnplay.spec.settings import TrainConfig
from cnnplay.viewmodels.failure import mend_of


def failed(advice: str) -> Failed:
    return Failed(run="r", cause="memory", step=0, epoch=0, message="too large", advice=advice)


def test_the_largest_batch_that_fits_is_offered() -> None:
    mend = mend_of(failed("Use a batch size of 24 or less."), TrainConfig(batch_size=64), 24)
    assert mend is not None
    assert (mend.field, mend.value) == ("batch_size", 24)


def test_no_batch_is_offered_where_not_even_one_picture_fits() -> None:
    advice = "Not even one picture fits: use smaller pictures, or a network with fewer weights."
    assert mend_of(failed(advice), TrainConfig(batch_size=64), None) is None
