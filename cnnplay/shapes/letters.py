"""The meanings of the letters in formulas."""

import re

from cnnplay.network import nodes
from cnnplay.network.nodes import Node
from cnnplay.shapes.formula import Formula

LETTERS = {
    "n": "height or width of the input",
    "f": "kernel size",
    "f₁": "kernel height",
    "f₂": "kernel width",
    "s": "stride",
    "p": "padding on each side",
    "d": "dilation",
    "o": "output padding",
    "k": "number of filters",
    "C": "channels of the input",
    "H": "height of the input",
    "W": "width of the input",
    "H′": "height of the output",
    "W′": "width of the output",
    "g": "number of groups",
    "u": "number of units",
    "r": "receptive field of the input",
    "j": "jump: pixels of the image from one value of the input to the next",
    "x": "a value of the input",
    "e": "Euler's number, 2.718…",
    "Φ": "distribution function of the standard normal distribution",
    "μ": "mean",
    "σ": "standard deviation",
    "γ": "learned scale",
    "β": "learned shift",
    "ε": "a small number that avoids a division by 0",
    "a": "slope for negative values",
    "α": "limit for large negative values, with the sign reversed",
    "⌊ ⌋": "rounded down",
    "⌈ ⌉": "rounded up",
    "Σ": "sum",
}
"""Their usual meanings, in the order in which they are explained."""

OF_MEMORY = {
    "n": "number of outputs",
    "C": "channels of the output",
    "H": "height of the output",
    "W": "width of the output",
}
OF_KIND: dict[type[nodes.Base], dict[str, str]] = {
    nodes.Dense: {"n": "number of inputs"},
    nodes.Flatten: {"n": "number of values"},
    nodes.GroupNormalisation: {"n": "number of values"},
    nodes.Upsampling: {"k": "scale"},
    nodes.Dropout: {"p": "probability"},
    nodes.LocalResponseNormalisation: {
        "k": "constant added to the sum",
        "n": "number of neighboring channels",
        "α": "weight of the sum",
        "β": "exponent",
        "Σ": "sum over the neighboring channels",
    },
}
"""Where a letter means something else."""

_LETTER = re.compile(r"[A-Za-zΑ-ω][₁₂′]?(?![a-z])|[⌊⌈]")


def letters_of(symbols: str) -> tuple[str, ...]:
    """The letters and signs of a formula, each once: ``n``, ``H′``, ``⌊ ⌋``. Words are none."""
    found = (match.group() for match in _LETTER.finditer(re.sub(r"[A-Za-z]{2,}", " ", symbols)))
    return tuple(dict.fromkeys({"⌊": "⌊ ⌋", "⌈": "⌈ ⌉"}.get(letter, letter) for letter in found))


def explained(formula: Formula, node: Node) -> tuple[str, ...]:
    """``s: stride`` for each letter of a node's formula."""
    others = OF_MEMORY if formula.name == "activations" else OF_KIND.get(type(node), {})
    used = letters_of(formula.symbols)
    return tuple(f"{letter}: {text}" for letter, text in (LETTERS | others).items() if letter in used)
