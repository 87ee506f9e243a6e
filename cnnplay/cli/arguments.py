"""Arguments that are read in more than one place: sizes written as C,H,W."""

from cnnplay.cli.problems import Mistake


def numbers(option: str, form: str, text: str) -> tuple[int, ...]:
    """``1,28,28`` for the form ``C,H,W``, each 1 or more. Mistake otherwise."""
    parts = text.replace("x", ",").replace("×", ",").split(",")
    expected = f"{option} must be {form}, {form.count(',') + 1} whole numbers of 1 or more; got {text}"
    try:
        found = tuple(int(part) for part in parts)
    except ValueError:
        raise Mistake(expected) from None
    if len(found) != form.count(",") + 1 or min(found) < 1:
        raise Mistake(expected)
    return found


def one_of(option: str, value: str, choices: tuple[str, ...]) -> str:
    """`value` where it is one of the choices. Mistake otherwise."""
    if value not in choices:
        listed = f"{', '.join(choices[:-1])} or {choices[-1]}"
        raise Mistake(f"{option} must be {listed}; got {value}")
    return value
