"""Optuna is an extra: whether it is installed, and how to install it."""

import logging
from importlib.util import find_spec

from cnnplay.search.errors import SearchError

INSTALL = "python -m pip install 'cnn-playground[search]'"


def missing_reason() -> str:
    """What to do if Optuna is not installed; "" if it is. Imports nothing."""
    if find_spec("optuna") is not None:
        return ""
    return f"the search needs Optuna, which is not installed; run: {INSTALL}"


def require_optuna() -> None:
    """SearchError if Optuna is not installed. Also silences Optuna's own logging."""
    reason = missing_reason()
    if reason:
        raise SearchError(reason)
    import optuna

    optuna.logging.disable_default_handler()
    logging.getLogger("optuna").setLevel(logging.CRITICAL)
    logging.getLogger("alembic").setLevel(logging.CRITICAL)
