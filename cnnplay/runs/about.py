"""What people say of a run: a note and tags, in ``about.json`` beside what the run says of itself."""

import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from cnnplay.modules.atomic import write_bytes
from cnnplay.runs.plain import content_of
from cnnplay.runs.record import RunError, RunWriteError
from cnnplay.spec.portable import text as as_text

ABOUT = "about.json"
VERSION = 1
LONGEST_NOTE, LONGEST_TAG, MOST_TAGS = 10_000, 40, 32
LARGEST = 2**20
"""A longer about.json is none of ours."""
TAG = re.compile(rf"[^\s,:;<>=\"']{{1,{LONGEST_TAG}}}\Z")
"""No sign that parts words in a line of tags, nor one that the filter reads."""


class About(msgspec.Struct, frozen=True, kw_only=True):
    """A note in plain text, and tags in their order, each once."""

    version: int = VERSION
    note: str = ""
    tags: tuple[str, ...] = ()


def read_about(folder: Path) -> About:
    """What stands in a run's folder; nothing where there is no such file. RunError where it is damaged."""
    path = folder / ABOUT
    try:
        about = msgspec.json.decode(content_of(path, LARGEST, "larger than any note"), type=About)
    except FileNotFoundError:
        return About()
    except OSError as error:
        raise RunError(f"{path}: cannot be read ({error.strerror or error})") from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RunError(f"{path}: no note and tags: {error}") from None
    if about.version > VERSION:
        raise RunError(
            f"{path}: written by a newer CNN Playground (version {about.version}; this one reads {VERSION})"
        )
    return checked(about, str(path))


def write_about(folder: Path, about: About) -> None:
    """Puts them in the place of those that were there. RunError where they break a limit or have no place."""
    content = msgspec.json.format(msgspec.json.encode(checked(about, str(folder / ABOUT))), indent=2)
    try:
        write_bytes(folder / ABOUT, content)
    except OSError as error:
        raise RunWriteError(f"{folder / ABOUT}: cannot be written ({error.strerror or error})") from None


def checked(about: About, where: str) -> About:
    """The same, where all limits are kept; else RunError."""
    if len(about.note) > LONGEST_NOTE:
        raise RunError(
            f"{where}: note: expected at most {LONGEST_NOTE:,} characters; found {len(about.note):,}"
        )
    if len(about.tags) > MOST_TAGS:
        raise RunError(f"{where}: tags: expected at most {MOST_TAGS}; found {len(about.tags):,}")
    for tag in about.tags:
        if not TAG.match(tag):
            raise RunError(
                f"{where}: tags: expected words of at most {LONGEST_TAG} characters, without blanks, quotes "
                f"and , : ; < > =; found {tag[: LONGEST_TAG + 1]!r}"
            )
    return msgspec.structs.replace(about, note=as_text(about.note), tags=_once(about.tags))


def tags_in(line: str) -> tuple[str, ...]:
    """The tags in a line in which blanks or commas part them."""
    return _once(word for word in re.split(r"[\s,]+", line) if word)


def _once(tags: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(as_text(tag) for tag in tags))
