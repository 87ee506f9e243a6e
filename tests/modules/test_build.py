import copy

import pytest
import torch

from cnnplay.modules.build import BuildError, build
from cnnplay.modules.weights import weights_of
from cnnplay.network import nodes
from cnnplay.network.network import Classification, Input, Network
from cnnplay.network.nodes import Node


def _network(*stack: Node, size: int = 12) -> Network:
    return Network(name="n", input=Input(3, size, size), task=Classification(10), stack=stack)


NETWORK = _network(
    nodes.Convolution(id="conv-1", filters=8, kernel_size=(4, 2), stride=(2, 1)),
    nodes.BatchNormalisation(id="batch-norm-1"),
    nodes.Skip(
        id="skip-1", body=(nodes.ReLU(id="relu-1"), nodes.LocalResponseNormalisation(id="lrn-1", size=3))
    ),
    nodes.MaxPooling(id="max-pool-1", kernel_size=(2, 2), stride=(1, 1), padding="same"),
    nodes.Flatten(id="flatten-1"),
    nodes.Dense(id="dense-1", units=10),
)


def _pictures(batch: int = 3) -> torch.Tensor:
    return torch.randn(batch, 3, 12, 12, generator=torch.Generator().manual_seed(5))


def test_state_dict_keys_are_ids_whatever_the_nesting() -> None:
    assert set(build(NETWORK).state_dict()) == {
        "conv-1.weight",
        "conv-1.bias",
        "batch-norm-1.weight",
        "batch-norm-1.bias",
        "batch-norm-1.running_mean",
        "batch-norm-1.running_var",
        "batch-norm-1.num_batches_tracked",
        "dense-1.weight",
        "dense-1.bias",
    }


def test_the_same_seed_gives_the_same_weights_and_another_gives_others() -> None:
    first, second, other = (weights_of(build(NETWORK, seed=seed)) for seed in (1, 1, 2))
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert not torch.equal(first["conv-1.weight"], other["conv-1.weight"])


def test_two_builds_without_a_seed_differ() -> None:
    first, second = weights_of(build(NETWORK)), weights_of(build(NETWORK))
    assert not torch.equal(first["conv-1.weight"], second["conv-1.weight"])


@pytest.mark.parametrize("seed", [None, 3])
def test_building_leaves_the_global_generator_alone(seed: int | None) -> None:
    before = torch.get_rng_state()
    build(NETWORK, seed=seed)
    assert torch.equal(before, torch.get_rng_state())


def test_on_the_meta_device_vgg_sized_layers_allocate_nothing() -> None:
    huge = _network(
        nodes.Flatten(id="flatten-1"),
        nodes.Dense(id="dense-1", units=1_000_000),
        nodes.Dense(id="dense-2", units=1_000_000),
        nodes.Dense(id="dense-3", units=10),
    )
    module = build(huge, device="meta")
    assert all(tensor.device.type == "meta" for tensor in module.state_dict().values())
    assert sum(p.numel() for p in module.parameters()) > 10**12


def test_ids_that_are_names_of_torchs_methods_work() -> None:
    network = _network(
        nodes.Convolution(id="train", filters=2),
        nodes.Flatten(id="forward"),
        nodes.Dense(id="network", units=10),
    )
    module = build(network, seed=0)
    assert set(module.state_dict()) == {"train.weight", "train.bias", "network.weight", "network.bias"}
    assert module.network is network
    assert module.train().eval()(_pictures()).shape == (3, 10)


def test_channels_last_computes_the_same() -> None:
    module = build(NETWORK, seed=0)
    expected = module(_pictures())
    moved = build(NETWORK, seed=0).to(memory_format=torch.channels_last)
    found = moved(_pictures().to(memory_format=torch.channels_last))
    torch.testing.assert_close(found, expected)


def test_weights_of_a_channels_last_module_are_contiguous_copies() -> None:
    module = build(NETWORK, seed=0).to(memory_format=torch.channels_last)
    taken = weights_of(module)
    assert all(tensor.is_contiguous() for tensor in taken.values())
    before = taken["conv-1.weight"].clone()
    with torch.no_grad():
        module.layer("conv-1").weight.zero_()
    assert torch.equal(taken["conv-1.weight"], before)


def test_a_deep_copy_shares_no_weights() -> None:
    module = build(NETWORK, seed=0)
    twin = copy.deepcopy(module)
    before = module(_pictures())
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.zero_()
    assert torch.equal(module(_pictures()), before)
    assert not torch.equal(twin(_pictures()), before)


def test_a_trace_gives_the_logits_and_copies_that_in_place_layers_do_not_change() -> None:
    module = build(NETWORK, seed=0).eval()
    logits, seen = module.trace(_pictures(), ["conv-1", "skip-1", "relu-1", "no-such-node"])
    assert torch.equal(logits, module(_pictures()))
    assert set(seen) == {"conv-1", "skip-1", "relu-1"}
    assert torch.equal(seen["relu-1"], module.layer("batch-norm-1")(seen["conv-1"]).relu())
    assert not any(copy.requires_grad for copy in seen.values())
    first = _network(nodes.Flatten(id="flatten-1"), nodes.Dense(id="dense-1", units=10))
    x = _pictures()
    _, seen = build(first).trace(x, ["flatten-1"])
    x.zero_()  # flatten gives a view of x: the copy must not be one
    assert seen["flatten-1"].abs().sum() > 0


def test_torch_refuses_a_batch_of_one_in_batch_norm_on_single_pixels_only_in_training() -> None:
    module = build(
        _network(
            nodes.GlobalAveragePooling(id="global-avg-pool-1"),
            nodes.BatchNormalisation(id="batch-norm-1"),
            nodes.Flatten(id="flatten-1"),
            nodes.Dense(id="dense-1", units=10),
        )
    )
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        module(_pictures(1))
    assert module.eval()(_pictures(1)).shape == (1, 10)


def test_a_network_with_problems_is_refused_with_the_node_named() -> None:
    invalid = _network(nodes.Convolution(id="conv-1", filters=8, kernel_size=(13, 13), padding="valid"))
    with pytest.raises(BuildError, match="conv-1"):
        build(invalid)
