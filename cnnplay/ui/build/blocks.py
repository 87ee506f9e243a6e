"""The list of blocks that can be inserted, and how it is searched."""

from cnnplay.network.kinds import KINDS, Kind


def matching(text: str) -> tuple[Kind, ...]:
    """The kinds whose title, word, tag or other name holds the text, best first; all for an empty one."""
    wanted = text.strip().casefold()
    if not wanted:
        return KINDS
    scored = [(_score(kind, wanted), index, kind) for index, kind in enumerate(KINDS)]
    found = sorted((score, index) for score, index, _ in scored if score is not None)
    return tuple(KINDS[index] for _, index in found)


def _score(kind: Kind, wanted: str) -> int | None:
    """0: a name is the text, 1: one starts so, 2: a word in it does, 3: it is part of one; else None."""
    best: int | None = None
    for name in (kind.title, kind.word, kind.tag, *kind.aliases):
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


def help_of(kind: Kind) -> str:
    """What the block does, in the words of its declaration."""
    return f"{kind.title}: {' '.join(kind.help.split())}"
