"""The fix on the notice is the one that the engine advises."""

from cnnplay.spec.events import Failed
from cnnplay.ui.train.failure import fix_for


def failed(setting: str = "", value: float | None = None) -> Failed:
    return Failed(
        run="r", cause="memory", step=0, epoch=0, message="m", advice="a", setting=setting, value=value
    )


def test_the_largest_batch_that_fits_is_offered() -> None:
    fix = fix_for(failed("batch_size", 24))
    assert fix is not None
    assert (fix.field, fix.value, fix.label.casefold()) == ("batch_size", 24, "use batch size 24")
    assert isinstance(fix.value, int)


def test_a_learning_rate_is_offered_as_a_number_that_can_be_read() -> None:
    fix = fix_for(failed("learning_rate", 0.001))
    assert fix is not None
    assert (fix.field, fix.value, fix.label.casefold()) == (
        "learning_rate",
        0.001,
        "use learning rate 0.001",
    )


def test_nothing_is_offered_where_no_setting_helps() -> None:
    assert fix_for(failed()) is None
