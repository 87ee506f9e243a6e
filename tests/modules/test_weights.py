import torch

from cnnplay.modules.build import build
from cnnplay.modules.names import attribute_names
from cnnplay.modules.weights import build_with_weights, compare, parameter_shapes, transfer, weights_of
from cnnplay.network import nodes
from cnnplay.network.network import Classification, Input, Network
from cnnplay.network.presets import preset


def _network(filters: int = 4) -> Network:
    return Network(
        name="n",
        input=Input(1, 8, 8),
        task=Classification(10),
        stack=(
            nodes.Convolution(id="conv-1", filters=filters),
            nodes.BatchNormalisation(id="batch-norm-1"),
            nodes.Flatten(id="flatten-1"),
            nodes.Dense(id="dense-1", units=10),
        ),
    )


def test_weights_put_into_another_module_give_the_same_logits() -> None:
    trained, fresh = build(_network(), seed=1), build(_network(), seed=2)
    x = torch.ones(3, 1, 8, 8)
    trained(x)  # moves the running statistics, which must travel too
    result = transfer(weights_of(trained), fresh)
    assert result.complete
    assert result.messages == ()
    assert torch.equal(trained.eval()(x), fresh.eval()(x))


def test_what_does_not_fit_is_said_and_the_rest_is_loaded() -> None:
    weights = weights_of(build(_network(6), seed=1))
    del weights["dense-1.bias"]
    weights["conv-9.weight"] = torch.zeros(1)
    module = build(_network(4), seed=2)
    bias = module.layer("dense-1").bias.clone()
    result = transfer(weights, module)
    assert not result.complete
    assert "conv-1.weight: expected 4 × 1 × 3 × 3; found 6 × 1 × 3 × 3" in result.messages
    assert "dense-1.weight: expected 10 × 256; found 10 × 384" in result.messages
    assert "dense-1.bias: missing from the weights" in result.messages
    assert any(line.startswith("conv-9.weight: unexpected") for line in result.messages)
    assert result.loaded == ("batch-norm-1.num_batches_tracked",)
    assert torch.equal(module.layer("dense-1").bias, bias)


def test_comparing_says_the_same_without_a_module() -> None:
    weights = weights_of(build(_network(6), seed=1))
    assert compare(weights, _network(4)) == transfer(weights, build(_network(4)))


def test_weights_named_by_attributes_of_an_exported_module_are_found() -> None:
    module = build(_network(), seed=1)
    names = attribute_names(module.network)
    renamed = {
        f"{names[owner]}.{rest}": tensor
        for key, tensor in weights_of(module).items()
        for owner, _, rest in [key.rpartition(".")]
    }
    assert "conv_1.weight" in renamed
    other = build(_network(), seed=2)
    assert transfer(renamed, other).complete
    assert torch.equal(other.layer("conv-1").weight, module.layer("conv-1").weight)


def test_a_missing_counter_of_batch_norm_is_no_defect() -> None:
    weights = weights_of(build(_network(), seed=1))
    del weights["batch-norm-1.num_batches_tracked"]
    assert compare(weights, _network()).complete


def test_half_precision_weights_are_taken() -> None:
    weights = {key: value.half() for key, value in weights_of(build(_network(), seed=1)).items()}
    module = build(_network(), seed=2)
    assert transfer(weights, module).complete
    assert module.layer("conv-1").weight.dtype == torch.float32


def test_parameter_shapes_are_the_state_dicts() -> None:
    shapes = {key: tuple(value.shape) for key, value in build(_network()).state_dict().items()}
    assert parameter_shapes(_network()) == shapes


def test_attribute_names_are_identifiers_unique_and_none_of_torchs() -> None:
    ids = ("train", "train-", "class", "class-", "conv-1", "forward")
    network = Network(
        name="n",
        input=Input(1, 8, 8),
        task=Classification(10),
        stack=tuple(nodes.ReLU(id=node_id) for node_id in ids),
    )
    names = attribute_names(network)
    assert list(names) == list(ids)
    assert len(set(names.values())) == len(ids)
    assert names["conv-1"] == "conv_1"
    assert all(name.isidentifier() and not hasattr(torch.nn.Module(), name) for name in names.values())
    assert "class" not in names.values()


def test_a_module_built_with_weights_has_them_and_draws_only_where_some_lack() -> None:
    network = preset("tiny-cnn").network
    theirs = weights_of(build(network, seed=3))
    module, result = build_with_weights(theirs, network, seed=4)
    assert result.complete
    assert all(torch.equal(theirs[key], value) for key, value in module.state_dict().items())
    lacking = dict(theirs)
    gone = next(key for key in lacking if key.endswith(".weight"))
    del lacking[gone]
    module, result = build_with_weights(lacking, network, seed=4)
    assert result.missing == (gone,)
    assert torch.equal(module.state_dict()[gone], build(network, seed=4).state_dict()[gone])


def test_without_weights_a_module_is_built_as_ever_and_counters_begin_at_zero() -> None:
    network = preset("mini-resnet").network
    fresh, result = build_with_weights(None, network, seed=4)
    assert not result.loaded
    own = build(network, seed=4).state_dict()
    assert all(torch.equal(own[key], value) for key, value in fresh.state_dict().items())
    old = {key: value for key, value in own.items() if not key.endswith("num_batches_tracked")}
    module, result = build_with_weights(old, network)
    assert result.complete
    assert all(torch.equal(own[key], value) for key, value in module.state_dict().items())
