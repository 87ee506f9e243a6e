"""Tooltips: in readable lines, and punctuated alike. Qt shows plain text in one line, however long."""

import re
from textwrap import fill

from PySide6.QtCore import Qt

LINE = 76
"""Characters in a line."""
_SENTENCE_ENDS = re.compile(r"[.!?]\s")


def tip(text: str) -> str:
    """A tooltip's text, wrapped. A single sentence has no full stop; rich text is left to Qt."""
    if Qt.mightBeRichText(text):
        return text
    if text.endswith(".") and not text.endswith("..") and not _SENTENCE_ENDS.search(text):
        text = text[:-1]
    lines = text.split("\n")
    return "\n".join(fill(line, LINE, break_long_words=False, break_on_hyphens=False) for line in lines)
