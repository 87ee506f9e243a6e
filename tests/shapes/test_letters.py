"""Every letter of every formula is explained."""

import pytest

from cnnplay.network import nodes
from cnnplay.network.network import find, leaves
from cnnplay.network.nodes import Base
from cnnplay.network.presets import preset, preset_keys
from cnnplay.shapes.formula import Formula
from cnnplay.shapes.formulas import formulas
from cnnplay.shapes.infer import infer
from cnnplay.shapes.layer_formulas import LAYER_FORMULAS
from cnnplay.shapes.letters import explained, letters_of


def meanings(symbols: str, node: Base, name: str = "") -> dict[str, str]:
    lines = explained(Formula(name, symbols, "", ""), node)  # type: ignore[arg-type]
    return dict(line.split(": ", 1) for line in lines)


@pytest.mark.parametrize("key", preset_keys())
def test_every_letter_of_the_presets_formulas_has_a_meaning(key: str) -> None:
    report = infer(preset(key).network)
    for node_id in report.nodes:
        for formula in formulas(report, node_id):
            node = find(report.network, node_id)
            assert set(meanings(formula.symbols, node, formula.name)) == set(letters_of(formula.symbols))


@pytest.mark.parametrize("kind", LAYER_FORMULAS, ids=lambda kind: kind.__name__)
def test_every_letter_of_a_function_has_a_meaning(kind: type[Base]) -> None:
    function = LAYER_FORMULAS[kind].function
    assert set(meanings(function, kind())) == set(letters_of(function))


def test_letters_are_found_and_words_are_not() -> None:
    assert letters_of("⌊(n + 2p − f) / s⌋ + 1") == ("⌊ ⌋", "n", "p", "f", "s")
    assert letters_of("k × H′ × W′ × C/g × f₁ × f₂") == ("k", "H′", "W′", "C", "g", "f₁", "f₂")
    assert letters_of("x where x > 0, else a·x") == ("x", "a")
    assert letters_of("body + shortcut") == ()


def test_a_letter_means_what_it_stands_for_in_this_layer() -> None:
    assert meanings("⌊n / s⌋", nodes.MaxPooling())["n"] == "height or width of the input"
    assert meanings("u × n", nodes.Dense())["n"] == "number of inputs"
    assert "channels" in meanings("C × H × W × 4", nodes.Convolution(), "activations")["C"]
    assert "output" in meanings("C × H × W × 4", nodes.Convolution(), "activations")["H"]
    assert meanings("1 − p", nodes.Dropout())["p"] == "probability"


def test_all_kinds_of_leaves_are_covered() -> None:
    seen = {type(node) for key in preset_keys() for node in leaves(preset(key).network)}
    assert seen <= set(LAYER_FORMULAS)
