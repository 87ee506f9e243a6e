"""The training settings as the window shows them: one value, its faults, and what may change during a run."""

from typing import Any

import msgspec
from PySide6.QtCore import QObject, Signal

from cnnplay.network.fields import FieldInfo
from cnnplay.spec.settings import (
    GROUPS,
    SettingFault,
    TrainConfig,
    faults,
    live_settings,
    setting_fields,
    why_unused,
)


class SettingsModel(QObject):
    """Holds a `TrainConfig`. `changed`: the value is another one."""

    changed = Signal()

    def __init__(self, config: TrainConfig | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._config = config or TrainConfig()
        self._faults = faults(self._config)

    @property
    def config(self) -> TrainConfig:
        return self._config

    @property
    def faults(self) -> tuple[SettingFault, ...]:
        return self._faults

    @property
    def fields(self) -> tuple[FieldInfo, ...]:
        """The settings that are shown, in their order."""
        return setting_fields()

    @property
    def groups(self) -> dict[str, str]:
        """The groups in their order, each in a sentence."""
        return GROUPS

    def of_group(self, group: str) -> tuple[FieldInfo, ...]:
        """The settings of a group, in their order."""
        return tuple(field for field in self.fields if field.group == group)

    def differing(self, group: str) -> tuple[str, ...]:
        """What of a group is not as at the first start, in words: ``label smoothing 0.1``."""
        return tuple(
            f"{field.label} {value_words(field, value)}"
            for field in self.of_group(group)
            if (value := getattr(self._config, field.name)) != field.default
        )

    def faults_in(self, group: str) -> tuple[str, ...]:
        """What is wrong in a group."""
        names = {field.name for field in self.of_group(group)}
        return tuple(fault.message for fault in self._faults if fault.field in names)

    def fault_of(self, field: str) -> str:
        """What is wrong with a setting; "" when nothing is."""
        return next((fault.message for fault in self._faults if fault.field == field), "")

    def set(self, field: str, value: Any) -> None:
        """Changes one setting. A value outside its limits is held too: `faults` then says what is wrong."""
        if getattr(self._config, field) != value:
            self.replace(msgspec.structs.replace(self._config, **{field: value}))

    def replace(self, config: TrainConfig) -> None:
        """All settings at once: another project was opened."""
        if config != self._config:
            self._config = config
            self._faults = faults(config)
            self.changed.emit()

    def why_fixed(self, field: str, running: bool) -> str:
        """Why a setting cannot be changed now; "" when it can."""
        if running and field not in live_settings():
            return "is part of the run that is on: stop it to change this"
        return why_unused(self._config, field)


def value_words(field: FieldInfo, value: Any) -> str:
    """A setting's value with its unit: ``2 px``, ``1 epoch``, ``10°``, ``on``, ``cosine``."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, str):
        return value
    number = f"{value:,}" if isinstance(value, int) else f"{value:g}"
    if field.unit == "°":
        return f"{number}°"
    one = number == "1" and len(field.unit) > 2  # "s" and "px" have no plural
    return f"{number} {field.unit.removesuffix('s') if one else field.unit}".strip()
