"""A failed run, and the one setting that would fix it."""

import msgspec

from cnnplay.spec.events import Failed


class SettingFix(msgspec.Struct, frozen=True):
    """What a button offers: ``Use learning rate 0.001``."""

    label: str
    field: str
    value: int | float


def fix_for(failure: Failed) -> SettingFix | None:
    """The setting to change, as advised by the engine; None if no setting would help."""
    if failure.value is None:
        return None
    if failure.setting == "batch_size":
        batch = int(failure.value)
        return SettingFix(f"Use batch size {batch:,}", "batch_size", batch)
    if failure.setting == "learning_rate":
        return SettingFix(f"Use learning rate {failure.value:g}", "learning_rate", failure.value)
    return None
