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
    """The most alike of the known names, or what the most alike alias stands for; None where none is."""
    alike = get_close_matches(name.lower(), [*sorted(known), *aliases], 1, 0.5)
    return aliases.get(alike[0], alike[0]) if alike else None
