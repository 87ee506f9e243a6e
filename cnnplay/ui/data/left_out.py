"""What of a folder is not in its data set, as texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnplay.data.left_out import grouped

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet

EXAMPLES = 2
"""How many files and folders of a kind are named before the whole list is asked for."""


def notes(images: ImageSet) -> tuple[str, ...]:
    """``left out: 3 damaged or unreadable images, 2 run folders``, and the remarks on the images."""
    titles = ", ".join(group.title for group in grouped(images.left_out, 0))
    return (f"left out: {titles}", *images.remarks) if titles else images.remarks


def groups(images: ImageSet, examples: int = EXAMPLES) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """For each kind of what was left out: its title with the count, and a line for the first few."""
    root = images.key.removeprefix("folder:")

    def line(text: str) -> str:
        return text.removeprefix(root).lstrip("/\\") if text.startswith(root) else text

    return tuple(
        (group.title, tuple(line(one.line) for one in group.examples))
        for group in grouped(images.left_out, examples)
    )


def whole_list(images: ImageSet) -> str:
    """Everything that was left out, by kind, and the remarks on the images that are used."""
    lines = list(images.remarks)
    for title, files in groups(images, len(images.left_out)):
        lines += ["", title, *(f"    {line}" for line in files)]
    return "\n".join(lines).strip("\n")
