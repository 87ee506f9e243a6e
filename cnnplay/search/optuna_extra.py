"""Optuna is an extra: required where a search begins."""

import logging

from cnnplay.search.errors import SearchError
from cnnplay.spec.extras import missing_reason


def require_optuna() -> None:
    """SearchError if Optuna is not installed. Also silences Optuna's own logging."""
    reason = missing_reason("search", "the search")
    if reason:
        raise SearchError(reason)
    import optuna

    optuna.logging.disable_default_handler()
    logging.getLogger("optuna").setLevel(logging.CRITICAL)
    logging.getLogger("alembic").setLevel(logging.CRITICAL)
