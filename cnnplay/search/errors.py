"""What may go wrong in a search, in words for people."""


class SearchError(ValueError):
    """Something that whoever asked can put right: a space, a name, a library that is not there."""


class SearchTrouble(RuntimeError):
    """Storage, disk or the program itself is the reason."""


class BadTrial(ValueError):
    """Values with which nothing could be trained: the trial fails, the search goes on."""
