"""Numbers with their words."""


def plural(number: int, word: str) -> str:
    """``1 image``, ``61,706 images``."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
