"""The training settings as the window shows them: values, problems, and what may change during a run."""

from typing import Any

import msgspec
from PySide6.QtCore import QObject, Signal

from cnnplay.network.fields import FieldInfo
from cnnplay.spec.settings import (
    GROUPS,
    SettingProblem,
    TrainConfig,
    live_settings,
    setting_fields,
    setting_problems,
    unused_reason,
)


class SettingsModel(QObject):
    """Holds a `TrainConfig`. `changed`: it changed."""

    changed = Signal()

    def __init__(self, config: TrainConfig | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._config = config or TrainConfig()
        self._problems = setting_problems(self._config)

    @property
    def config(self) -> TrainConfig:
        return self._config

    @property
    def problems(self) -> tuple[SettingProblem, ...]:
        return self._problems

    @property
    def fields(self) -> tuple[FieldInfo, ...]:
        """The settings that are shown, in order."""
        return setting_fields()

    @property
    def groups(self) -> dict[str, str]:
        """The groups in order, each with a one-sentence description."""
        return GROUPS

    def of_group(self, group: str) -> tuple[FieldInfo, ...]:
        """The settings of a group, in order."""
        return tuple(field for field in self.fields if field.group == group)

    def differing(self, group: str) -> tuple[str, ...]:
        """The settings of a group that differ from their defaults: ``label smoothing 0.1``."""
        return tuple(
            f"{field.label} {value_text(field, value)}"
            for field in self.of_group(group)
            if (value := getattr(self._config, field.name)) != field.default
        )

    def problems_in(self, group: str) -> tuple[str, ...]:
        """The problems in a group."""
        names = {field.name for field in self.of_group(group)}
        return tuple(problem.message for problem in self._problems if problem.field in names)

    def problem_of(self, field: str) -> str:
        """The problem of a setting; "" if there is none."""
        return next((problem.message for problem in self._problems if problem.field == field), "")

    def set(self, field: str, value: Any) -> None:
        """Changes one setting. A value outside its limits is kept too: `problems` then says what is wrong."""
        if getattr(self._config, field) != value:
            self.replace(msgspec.structs.replace(self._config, **{field: value}))

    def replace(self, config: TrainConfig) -> None:
        """Replaces all settings: another project was opened."""
        if config != self._config:
            self._config = config
            self._problems = setting_problems(config)
            self.changed.emit()

    def locked_reason(self, field: str, running: bool) -> str:
        """Why a setting cannot be changed now; "" if it can."""
        if running and field not in live_settings():
            return "is fixed during a run: stop the run to change it"
        return unused_reason(self._config, field)


def value_text(field: FieldInfo, value: Any) -> str:
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
