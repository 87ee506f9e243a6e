"""Migrating older versions of project.json to the newest, one step at a time.

A change of the format adds a step at the end; steps are never changed or removed.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from cnnplay.project.errors import ProjectError
from cnnplay.spec.versions import newer_text

Document: TypeAlias = dict[str, Any]
Migration: TypeAlias = Callable[[Document], Document]


def _more_settings(document: Document) -> Document:
    """Version 2 has more training settings, whose defaults mean the previous behavior."""
    return document


MIGRATIONS: tuple[Migration, ...] = (_more_settings,)
"""The first step migrates from version 1 to version 2, and so on."""

VERSION = len(MIGRATIONS) + 1


def migrate(document: Document, steps: Sequence[Migration] = MIGRATIONS) -> Document:
    """The document in the newest version. ProjectError if it is newer than that, or has no version."""
    version, newest = document.get("version"), len(steps) + 1
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ProjectError(f"version: expected a whole number from 1 to {newest}; found {_shown(version)}")
    if version > newest:
        raise ProjectError(newer_text(_shown(version), newest))
    for number, step in enumerate(steps[version - 1 :], start=version + 1):
        document = {**step(document), "version": number}
    return document


def _shown(value: object) -> str:
    # A JSON integer can have any number of digits; Python refuses to print more than a few thousand.
    try:
        text = repr(value)
    except ValueError:
        return "a number with thousands of digits"
    return text if len(text) <= 40 else text[:40] + "…"
