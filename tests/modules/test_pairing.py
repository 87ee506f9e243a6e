"""Pairing the tensors of a file with the parameters of a network: by name, by order, by hand."""

import torch

from cnnplay.modules.build import build
from cnnplay.modules.weights import Weights, build_with_weights, possible_pairings, weights_of
from cnnplay.network.presets import preset

NETWORK = preset("mini-resnet").network


def _foreign(weights: Weights) -> Weights:
    """The same tensors under names that mean nothing, with batch norm's counters as torch names them."""
    return {f"layer{n}.{key.rpartition('.')[2]}": one for n, (key, one) in enumerate(weights.items())}


def test_foreign_names_are_paired_in_order_with_all_buffers() -> None:
    weights = weights_of(build(NETWORK, seed=3))
    given = _foreign(weights)
    pairings = possible_pairings(given, NETWORK)
    assert list(pairings) == ["order"]
    assert pairings["order"].complete
    module, _ = build_with_weights(given, NETWORK, seed=4, pairing=pairings["order"])
    assert all(torch.equal(weights[key], one) for key, one in module.state_dict().items())


def test_both_ways_are_offered_where_both_are_possible_and_names_come_first() -> None:
    weights = weights_of(build(NETWORK, seed=3))
    assert list(possible_pairings(weights, NETWORK)) == ["name", "order"]
    del weights[next(iter(weights))]
    assert list(possible_pairings(weights, NETWORK)) == ["name"]


def test_each_row_says_what_becomes_of_a_parameter_or_a_tensor() -> None:
    network = preset("tiny-cnn").network
    weights = weights_of(build(network, seed=3))
    first, second, *_, last = weights
    weights[first] = torch.zeros(2, 2)
    del weights[last]
    weights["more"] = torch.zeros(3)
    (pairing,) = possible_pairings(weights, network).values()
    results = {(pair.parameter, pair.tensor): pair.result for pair in pairing.pairs}
    assert results[first, first] == "another shape"
    assert results[second, second] == "loaded"
    assert results[last, ""] == "missing"
    assert results["", "more"] == "unexpected"
    assert pairing.summary.startswith(f"{pairing.wanted - 2} of {pairing.wanted} ")


def test_a_remaining_tensor_is_paired_by_hand_with_a_parameter_of_its_shape_only() -> None:
    network = preset("tiny-cnn").network
    weights = weights_of(build(network, seed=3))
    key = next(iter(weights))
    wanted = weights.pop(key)
    weights |= {"theirs": wanted, "smaller": torch.zeros(1)}
    (pairing,) = possible_pairings(weights, network).values()
    assert pairing.choices(key) == ("theirs",)
    paired = pairing.paired(key, "theirs")
    assert [pair.result for pair in paired.pairs if pair.parameter == key] == ["paired by hand"]
    assert (paired.missing, paired.unexpected) == ((), ("smaller",))
    module, _ = build_with_weights(weights, network, seed=4, pairing=paired)
    assert torch.equal(module.state_dict()[key], wanted)
    assert paired.paired(key, "") == pairing


def test_a_tensor_that_is_loaded_is_free_again_once_its_parameter_has_none() -> None:
    """Two parameters of one shape: their tensors can be exchanged by hand."""
    weights = {key: one + torch.rand(one.shape) for key, one in weights_of(build(NETWORK, seed=3)).items()}
    pairing = possible_pairings(weights, NETWORK)["name"]
    one = next(key for key in weights if len(_alike(weights, key)) > 1)
    other = _alike(weights, one)[1]
    assert pairing.choices(one) == (one,)
    freed = pairing.paired(one, "").paired(other, "")
    assert {one, other} <= {*freed.choices(one)}
    exchanged = freed.paired(one, other).paired(other, one)
    module, _ = build_with_weights(weights, NETWORK, pairing=exchanged)
    assert torch.equal(module.state_dict()[one], weights[other])
    assert torch.equal(module.state_dict()[other], weights[one])


def _alike(weights: Weights, key: str) -> list[str]:
    return [name for name in weights if weights[name].shape == weights[key].shape and weights[key].dim()]
