"""Tooltips in readable lines: Qt shows plain text in one line, however long."""

from textwrap import fill

WIDTH = 84
"""Characters in a line of a tooltip that has more."""


def tip(text: str) -> str:
    """A tooltip's text with its long lines wrapped; rich text, which Qt wraps, stays as it is."""
    if len(text) <= WIDTH or "</" in text:
        return text
    lines = text.split("\n")
    return "\n".join(fill(line, WIDTH, break_long_words=False, break_on_hyphens=False) for line in lines)
