"""Search over the layers that can be inserted."""

from cnnplay.network.kinds import KINDS, Kind


def matching_kinds(text: str) -> tuple[Kind, ...]:
    """The layer kinds whose title, tag or alias contains the text, best match first; all for ""."""
    wanted = text.strip().casefold()
    if not wanted:
        return KINDS
    scored = [(_score(kind, wanted), index, kind) for index, kind in enumerate(KINDS)]
    found = sorted((score, index) for score, index, _ in scored if score is not None)
    return tuple(KINDS[index] for _, index in found)


def _score(kind: Kind, wanted: str) -> int | None:
    """0: a name equals the text, 1: starts with it, 2: a word in it does, 3: contains it; None: no match."""
    best: int | None = None
    for name in (kind.title, kind.name, kind.tag, *kind.aliases):
        low = name.casefold()
        if low == wanted:
            score = 0
        elif low.startswith(wanted):
            score = 1
        elif any(word.startswith(wanted) for word in low.replace("-", " ").split()):
            score = 2
        elif wanted in low or _initials(low) == wanted:
            score = 3
        else:
            continue
        best = score if best is None else min(best, score)
    return best


def _initials(name: str) -> str:
    return "".join(word[0] for word in name.replace("-", " ").split())


def kind_help(kind: Kind) -> str:
    """The title and help text of a layer kind, for a tooltip."""
    return f"{kind.title}: {' '.join(kind.help.split())}"
