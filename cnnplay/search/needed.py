"""Optuna is an extra: whether it is here, and how it is got."""

import logging
from importlib.util import find_spec

from cnnplay.search.errors import SearchError

INSTALL = "python -m pip install 'cnn-playground[search]'"


def why_missing() -> str:
    """What to do where Optuna is not installed; "" where it is. Imports nothing."""
    if find_spec("optuna") is not None:
        return ""
    return f"searching needs Optuna, which is not installed: {INSTALL}"


def require() -> None:
    """SearchError where Optuna is not installed. From here on it prints nothing of its own."""
    reason = why_missing()
    if reason:
        raise SearchError(reason)
    import optuna

    optuna.logging.disable_default_handler()
    logging.getLogger("optuna").setLevel(logging.CRITICAL)
    logging.getLogger("alembic").setLevel(logging.CRITICAL)
