"""What somebody who misspelt a name may have meant."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

SETTING_ALIASES = {
    "lr": "learning_rate",
    "batch": "batch_size",
    "decay": "weight_decay",
}
"""Short names by which people know settings."""


def nearest(name: str, known: Iterable[str], aliases: Mapping[str, str] = {}) -> str | None:
    """What an alias stands for, or the most alike of the known names; None where none is alike."""
    alike = get_close_matches(name.lower(), sorted(known), 1)
    return aliases.get(name.lower(), alike[0] if alike else None)
