"""Bounds for JSON from outside: how many values, and how large whole numbers may be."""

LARGEST_INTEGER = 2**53
"""Beyond it, whole numbers are no longer exact as floating-point numbers."""


def size_problem(text: bytes, most: int) -> str:
    """Why a JSON text is too large to decode; "" if it is not: decoded, it may take 100 times its bytes.
    Almost every value comes after a comma or a bracket."""
    count = sum(text.count(sign) for sign in (b",", b"{", b"["))
    return f"expected at most {most:,} values; found up to {count:,}" if count > most else ""


def integer_problem(value: object, place: str = "") -> str:
    """Which whole number in decoded JSON is beyond all that can be computed with; "" if none is."""
    match value:
        case bool():
            return ""
        case int():
            expected = f"a whole number of at most {LARGEST_INTEGER:,}"
            return f"{place}: expected {expected}; found a larger one" if abs(value) > LARGEST_INTEGER else ""
        case dict():
            parts = ((f"{place}.{key}" if place else str(key), part) for key, part in value.items())
        case list() | tuple():
            parts = ((place, part) for part in value)
        case _:
            return ""
    return next((problem for name, part in parts if (problem := integer_problem(part, name))), "")
