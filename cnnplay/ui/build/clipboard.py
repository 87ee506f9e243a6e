"""Layers on the system clipboard, as JSON that people can read, mail and paste back."""

import msgspec
from PySide6.QtCore import QMimeData
from PySide6.QtGui import QClipboard, QGuiApplication

from cnnplay.network.network import ID_PATTERN
from cnnplay.network.nodes import Node, Stack, stacks_of

MIME_TYPE = "application/x-cnnplay-blocks+json"
_MAX_CHARACTERS = 16 * 1024 * 1024


class ClipboardError(ValueError):
    """The clipboard does not contain layers; the message is shown to the user."""


class CopiedLayers(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="cnnplay", tag="blocks"
):
    """The clipboard format: layers and containers as copied."""

    blocks: tuple[Node, ...]


def to_text(nodes: Stack) -> str:
    return msgspec.json.format(msgspec.json.encode(CopiedLayers(nodes)), indent=2).decode()


def from_text(text: str) -> Stack:
    """The layers in a clipboard text. ClipboardError when it contains none."""
    if not text.strip():
        raise ClipboardError("the clipboard is empty: copy some layers first")
    if len(text) > _MAX_CHARACTERS:
        raise ClipboardError(f"the text on the clipboard is too long to be layers: {len(text):,} characters")
    try:
        nodes = msgspec.json.decode(text, type=CopiedLayers).blocks
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise ClipboardError(
            f"the clipboard contains no layers: expected layers as JSON; got “{_start(text)}” ({error})"
        ) from None
    except RecursionError:
        raise ClipboardError("the layers on the clipboard are nested too deeply") from None
    if not nodes:
        raise ClipboardError("the clipboard contains an empty list of layers")
    _check_ids(nodes)
    return nodes


def put(nodes: Stack) -> None:
    """Puts layers on the system clipboard, as text and under their own MIME type."""
    text = to_text(nodes)
    data = QMimeData()
    data.setText(text)
    data.setData(MIME_TYPE, text.encode())
    _clipboard().setMimeData(data)


def take() -> Stack:
    """The layers on the system clipboard. ClipboardError when there are none."""
    data = _data()
    if data is not None and data.hasFormat(MIME_TYPE):
        return from_text(bytes(data.data(MIME_TYPE).data()).decode("utf-8", "replace"))
    if data is not None and data.hasText():
        return from_text(data.text())
    raise ClipboardError("the clipboard contains no layers: copy some first")


def may_contain_layers() -> bool:
    """Whether the clipboard may contain layers; cheap enough to check whenever a menu opens."""
    data = _data()
    return data is not None and (data.hasFormat(MIME_TYPE) or data.hasText())


def _clipboard() -> QClipboard:
    return QGuiApplication.clipboard()


def _data() -> QMimeData | None:
    """None for an empty clipboard, although PySide's type hints do not say so."""
    return _clipboard().mimeData()


def _start(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 40 else line[:39] + "…"


def _check_ids(nodes: Stack) -> None:
    # Pasting assigns new ids; an invalid one means that the text was not written by this application.
    for node in nodes:
        if not ID_PATTERN.match(node.id):
            raise ClipboardError(f"the layers on the clipboard are damaged: {node.id!r} is not a valid id")
        for inner in stacks_of(node):
            _check_ids(inner)
