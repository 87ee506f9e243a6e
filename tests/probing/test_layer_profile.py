"""The time of each layer. Durations are never asserted: what is timed, and what stays untouched, is."""

import itertools

import pytest
import torch

from cnnplay.network.edits import insert
from cnnplay.network.network import Classification, Input, Network, Place, leaves
from cnnplay.network.nodes import Convolution, Dense, Dropout, Flatten
from cnnplay.network.presets import preset
from cnnplay.probing import layer_profile
from cnnplay.probing.filters import ProbeError
from cnnplay.probing.layer_profile import LayerProfile, profile_layers
from cnnplay.spec.settings import TrainConfig
from cnnplay.training import estimate
from cnnplay.training.devices import DeviceError

SMALL = TrainConfig(batch_size=4, device="cpu", threads=1)


def profile(network: Network, config: TrainConfig = SMALL) -> LayerProfile:
    found = profile_layers(network, config)
    assert found is not None
    return found


@pytest.mark.parametrize("key", ["lenet-5", "mini-resnet", "mlp"])
def test_every_leaf_has_a_time_forward_and_backward(key: str) -> None:
    network = preset(key).network
    found = profile(network)
    assert list(found.layers) == [node.id for node in leaves(network)]
    learns = False
    for node in leaves(network):
        time = found.layers[node.id]
        assert time.forward > 0
        learns = learns or isinstance(node, Convolution | Dense)
        assert (time.backward > 0) == learns, "the backward pass ends at the first layer with weights"
    assert found.other.forward > 0
    assert found.other.backward > 0
    assert found.total.forward == pytest.approx(sum(time.forward for time in found.layers.values()))
    assert (found.batch_size, found.device, found.threads) == (4, "cpu", 1)
    assert 1 <= found.repetitions <= layer_profile.REPETITIONS


def test_each_layer_computes_a_whole_batch_in_its_real_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    network = preset("mini-resnet").network
    shapes: list[tuple[int, ...]] = []
    real = layer_profile.timed_pass

    def watched(step: object, inputs: tuple[torch.Tensor, ...], gradient: object) -> object:
        done = real(step, inputs, gradient)  # type: ignore[arg-type]
        shapes.append(tuple(done.output.shape))
        return done

    monkeypatch.setattr(layer_profile, "timed_pass", watched)
    profile(network)
    seen = [shape for shape, _ in itertools.groupby(shapes)]
    assert (4, 32, 16, 16) in seen
    assert seen[-1] == (), "the loss"
    assert seen[-2] == (4, 10)


def test_neither_random_state_nor_threads_change() -> None:
    network = insert(preset("lenet-5").network, Place("", 0, 1), Dropout(p=0.5)).network
    torch.manual_seed(3)
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    profile(network)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


def test_it_is_cancelled_between_two_passes() -> None:
    asked = itertools.count()
    assert profile_layers(preset("lenet-5").network, SMALL, lambda: next(asked) >= 5) is None
    assert next(asked) == 6
    assert torch.get_rng_state().numel()


def test_a_network_without_weights_is_timed_too() -> None:
    bare = Network(
        name="bare", input=Input(1, 1, 2), task=Classification(2), stack=(Flatten(id="flatten-1"),)
    )
    found = profile(bare)
    assert found.layers["flatten-1"].backward == 0


def test_what_cannot_be_timed_is_refused_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    lenet = preset("lenet-5").network
    empty = Network(name="bare", input=lenet.input, task=lenet.task, stack=())
    with pytest.raises(ProbeError, match="empty"):
        profile(empty)
    broken = Network(name="bare", input=lenet.input, task=lenet.task, stack=lenet.stack[:-1])
    with pytest.raises(ProbeError, match="84"):
        profile(broken)
    with pytest.raises(DeviceError, match="cuda:7"):
        profile(lenet, TrainConfig(batch_size=4, device="cuda:7"))
    monkeypatch.setattr(estimate, "free_bytes", lambda device: 10**6)
    with pytest.raises(ProbeError, match=r"batch of 4 needs .* 1 MB is free"):
        profile(lenet)
