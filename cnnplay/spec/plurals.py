"""Numbers with their words."""


def plural(number: int, word: str) -> str:
    """``1 image``, ``61,706 images``, ``10 classes``."""
    ending = "es" if word.endswith("s") else "s"
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}{ending}"
