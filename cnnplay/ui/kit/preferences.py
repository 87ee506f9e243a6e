"""What is remembered between starts: sizes, choices, recent files."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from platformdirs import user_config_path, user_data_path
from PySide6.QtCore import QByteArray, QObject, QSettings, Signal

APPLICATION = "cnnplay"
MAX_RECENT = 10


class Preferences(QObject):
    """One INI file in the user's configuration folder. A damaged file counts as empty."""

    recent_changed = Signal()

    def __init__(self, path: Path | None = None) -> None:
        super().__init__()
        self.path = path or user_config_path(APPLICATION, appauthor=False) / "preferences.ini"
        self._settings = QSettings(str(self.path), QSettings.Format.IniFormat)

    def text(self, key: str, default: str = "") -> str:
        value = self._settings.value(key, default)
        return value if isinstance(value, str) else default

    def number(self, key: str, default: float) -> float:
        try:
            return float(self.text(key, str(default)))
        except ValueError:
            return default

    def flag(self, key: str, default: bool = False) -> bool:
        return self.text(key, "true" if default else "false") == "true"

    def blob(self, key: str) -> QByteArray:
        value = self._settings.value(key)
        return value if isinstance(value, QByteArray) else QByteArray()

    def set(self, key: str, value: Any) -> None:
        """Stores a text, number, flag or blob; written to disk when the application exits, or before."""
        if isinstance(value, bool):
            value = "true" if value else "false"
        elif not isinstance(value, QByteArray):
            value = str(value)
        self._settings.setValue(key, value)

    def remove(self, prefix: str) -> None:
        """Removes a group of keys, for example ``layout``."""
        self._settings.remove(prefix)

    def choice(self, key: str, choices: Sequence[str]) -> str:
        """The stored text if it is one of `choices`, else the first of them."""
        found = self.text(key)
        return found if found in choices else choices[0]

    def texts(self, key: str) -> tuple[str, ...]:
        """The texts stored by `set_texts`; anything else is split into lines."""
        text = self.text(key)
        try:
            parts = json.loads(text)
        except (ValueError, RecursionError):
            parts = text.split("\n")
        return tuple(p for p in parts if isinstance(p, str) and p) if isinstance(parts, list) else ()

    def set_texts(self, key: str, parts: Sequence[str]) -> None:
        """Stores several texts, which may contain any characters."""
        # The standard library's JSON: a path may contain invalid Unicode, which msgspec rejects.
        self.set(key, json.dumps(list(parts)))

    def recent(self) -> tuple[Path, ...]:
        """The most recently opened project files, newest first; missing files are left out."""
        return tuple(Path(name) for name in self.texts("recent") if Path(name).exists())

    def add_recent(self, path: Path) -> None:
        kept = [path.resolve()] + [old for old in self.recent() if old != path.resolve()]
        self.set_texts("recent", [str(file) for file in kept[:MAX_RECENT]])
        self.recent_changed.emit()

    def sync(self) -> None:
        self._settings.sync()


def autosave_folder() -> Path:
    """Where unsaved work is saved in case of a crash."""
    return user_data_path(APPLICATION, appauthor=False) / "autosave"


def log_path() -> Path:
    """Where unexpected errors are logged."""
    return user_data_path(APPLICATION, appauthor=False) / "errors.log"
