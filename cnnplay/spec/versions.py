"""Files of later versions of the program."""


def newer_text(version: object, newest: int) -> str:
    """Why a file of a version above `newest` is refused, and what helps."""
    return (
        f"written by a newer CNN Playground (version {version}; this one reads up to {newest}): update "
        "CNN Playground to open it"
    )
