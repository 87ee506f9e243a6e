"""Suggests what a misspelled name was meant to be."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

SETTING_ALIASES = {
    "lr": "learning_rate",
    "batch": "batch_size",
    "decay": "weight_decay",
}
"""Common short names of settings."""


def nearest(name: str, known: Iterable[str], aliases: Mapping[str, str] = {}) -> str | None:
    """The target of an alias, or else the most similar known name; None if none is similar."""
    alike = get_close_matches(name.lower(), sorted(known), 1)
    return aliases.get(name.lower(), alike[0] if alike else None)
