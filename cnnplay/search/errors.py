"""Errors of a search; their messages are for people."""


class SearchError(ValueError):
    """Something the user can fix: a space, a name, a missing library."""


class SearchFailure(RuntimeError):
    """The storage, the disk or the program itself failed."""


class BadTrial(ValueError):
    """Values that cannot be trained: the trial fails, the search continues."""
