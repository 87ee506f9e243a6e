"""A user's note and tags on a run, in ``about.json`` in the run's folder."""

import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from cnnplay.modules.atomic import write_bytes
from cnnplay.runs.record import RunError, RunWriteError
from cnnplay.runs.regular_file import read_limited
from cnnplay.spec.json_values import json_text
from cnnplay.spec.versions import newer_text

NOTES = "about.json"
VERSION = 1
LONGEST_NOTE, LONGEST_TAG, MOST_TAGS = 10_000, 40, 32
LARGEST = 2**20
"""Bytes; a larger about.json is not ours."""
TAG = re.compile(rf"[^\s,:;<>=\"']{{1,{LONGEST_TAG}}}\Z")
"""No characters that separate tags in a line or that the filter parses."""


class Notes(msgspec.Struct, frozen=True, kw_only=True):
    """A note in plain text, and unique tags in order."""

    version: int = VERSION
    note: str = ""
    tags: tuple[str, ...] = ()


def read_notes(folder: Path) -> Notes:
    """The note and tags in a run's folder; empty if there is no such file. RunError if it is damaged."""
    path = folder / NOTES
    try:
        about = msgspec.json.decode(read_limited(path, LARGEST, "larger than any note and tags"), type=Notes)
    except FileNotFoundError:
        return Notes()
    except OSError as error:
        raise RunError(f"{path}: cannot be read ({error.strerror or error})") from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RunError(f"{path}: expected a note and tags: {error}") from None
    if about.version > VERSION:
        raise RunError(f"{path}: {newer_text(about.version, VERSION)}")
    return checked(about, str(path))


def write_notes(folder: Path, about: Notes) -> None:
    """Replaces the note and tags. RunError if they break a limit or cannot be written."""
    content = msgspec.json.format(msgspec.json.encode(checked(about, str(folder / NOTES))), indent=2)
    try:
        write_bytes(folder / NOTES, content)
    except OSError as error:
        raise RunWriteError(f"{folder / NOTES}: cannot be written ({error.strerror or error})") from None


def checked(about: Notes, where: str) -> Notes:
    """Returns the notes with each tag once. RunError if they break a limit."""
    if len(about.note) > LONGEST_NOTE:
        raise RunError(
            f"{where}: note: expected at most {LONGEST_NOTE:,} characters; found {len(about.note):,}"
        )
    if len(about.tags) > MOST_TAGS:
        raise RunError(f"{where}: tags: expected at most {MOST_TAGS}; found {len(about.tags):,}")
    for tag in about.tags:
        if not TAG.match(tag):
            raise RunError(
                f"{where}: tags: expected at most {LONGEST_TAG} characters per tag, without spaces, quotes "
                f"or , : ; < > =; found {tag[: LONGEST_TAG + 1]!r}"
            )
    return msgspec.structs.replace(about, note=json_text(about.note), tags=_once(about.tags))


def tags_in(line: str) -> tuple[str, ...]:
    """The tags in a line, separated by spaces or commas."""
    return _once(tag for tag in re.split(r"[\s,]+", line) if tag)


def _once(tags: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(json_text(tag) for tag in tags))
