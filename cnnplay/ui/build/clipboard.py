"""Blocks on the system's clipboard: JSON that people can read, mail and paste back."""

import msgspec
from PySide6.QtCore import QMimeData
from PySide6.QtGui import QClipboard, QGuiApplication

from cnnplay.network.network import ID_PATTERN
from cnnplay.network.nodes import Node, Stack, stacks_of

MIME_TYPE = "application/x-cnnplay-blocks+json"
_LARGEST = 16 * 1024 * 1024


class ClipboardError(ValueError):
    """What lies on the clipboard are no blocks; the message is for people."""


class Copied(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="cnnplay", tag="blocks"):
    """Blocks as they are copied."""

    blocks: tuple[Node, ...]


def to_text(blocks: Stack) -> str:
    """The blocks as JSON."""
    return msgspec.json.format(msgspec.json.encode(Copied(blocks)), indent=2).decode()


def from_text(text: str) -> Stack:
    """The blocks in some text. ClipboardError when it holds none."""
    if not text.strip():
        raise ClipboardError("the clipboard is empty: copy some blocks first")
    if len(text) > _LARGEST:
        raise ClipboardError(f"the text on the clipboard is too long for blocks: {len(text):,} characters")
    try:
        blocks = msgspec.json.decode(text, type=Copied).blocks
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise ClipboardError(
            f"the clipboard holds no blocks: expected JSON of copied blocks, found “{_start(text)}” ({error})"
        ) from None
    except RecursionError:
        raise ClipboardError("the blocks on the clipboard are nested too deeply") from None
    if not blocks:
        raise ClipboardError("the clipboard holds an empty list of blocks")
    _check_ids(blocks)
    return blocks


def put(blocks: Stack) -> None:
    """Lays blocks on the system's clipboard, as text and under their own type."""
    text = to_text(blocks)
    data = QMimeData()
    data.setText(text)
    data.setData(MIME_TYPE, text.encode())
    _clipboard().setMimeData(data)


def take() -> Stack:
    """The blocks on the system's clipboard. ClipboardError when there are none."""
    data = _data()
    if data is not None and data.hasFormat(MIME_TYPE):
        return from_text(bytes(data.data(MIME_TYPE).data()).decode("utf-8", "replace"))
    if data is not None and data.hasText():
        return from_text(data.text())
    raise ClipboardError("the clipboard holds no blocks: copy some first")


def holds_text() -> bool:
    """Whether something lies there that may be blocks; cheap enough to ask whenever a menu opens."""
    data = _data()
    return data is not None and (data.hasFormat(MIME_TYPE) or data.hasText())


def _clipboard() -> QClipboard:
    return QGuiApplication.clipboard()


def _data() -> QMimeData | None:
    """What lies there: None on an empty clipboard, whatever PySide's types say."""
    return _clipboard().mimeData()


def _start(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 40 else words[:39] + "…"


def _check_ids(blocks: Stack) -> None:
    # They get fresh ids when pasted; a strange one says that the text was not ours.
    for block in blocks:
        if not ID_PATTERN.match(block.id):
            raise ClipboardError(f"the blocks on the clipboard are damaged: {block.id!r} is no id")
        for inner in stacks_of(block):
            _check_ids(inner)
