import numpy as np
import torch

from cnnplay.modules.build import NetworkModule, build
from cnnplay.modules.weights import weights_of
from cnnplay.network import nodes
from cnnplay.network.network import Classification, Input, Network
from cnnplay.probing.maps import capture_activations, evaluation_mode, predict

NETWORK = Network(
    name="n",
    input=Input(2, 8, 8),
    task=Classification(10),
    stack=(
        nodes.Convolution(id="conv-1", filters=3),
        nodes.BatchNormalisation(id="batch-norm-1"),
        nodes.ReLU(id="relu-1"),
        nodes.Dropout(id="dropout-1"),
        nodes.Skip(id="skip-1", body=(nodes.Tanh(id="tanh-1"),)),
        nodes.Flatten(id="flatten-1"),
        nodes.Dense(id="dense-1", units=10),
    ),
)


def _pictures(count: int = 4) -> torch.Tensor:
    return torch.randn(count, 2, 8, 8, generator=torch.Generator().manual_seed(1))


def _trained() -> NetworkModule:
    module = build(NETWORK, seed=0)
    module(_pictures())  # moves the running statistics off their start
    return module


def test_capturing_changes_no_weight_no_statistic_no_mode_and_no_random_number() -> None:
    module = _trained()
    module.layer("batch-norm-1").eval()  # frozen by someone: must stay so
    before, modes, rng = weights_of(module), [m.training for m in module.modules()], torch.get_rng_state()
    capture_activations(module, _pictures(), ["conv-1", "skip-1"])
    predict(module, _pictures())
    after = weights_of(module)
    assert all(torch.equal(before[key], after[key]) for key in before)
    assert [m.training for m in module.modules()] == modes
    assert torch.equal(torch.get_rng_state(), rng)


def test_the_mode_comes_back_after_an_error_too() -> None:
    module = _trained()
    try:
        with evaluation_mode(module):
            raise RuntimeError
    except RuntimeError:
        pass
    assert all(m.training for m in module.modules())


def test_maps_are_what_the_layers_compute_in_evaluation() -> None:
    module = _trained()
    maps = capture_activations(module, _pictures(1), ["conv-1", "relu-1", "dropout-1", "dense-1"]).maps
    module.eval()
    x = module.layer("conv-1")(_pictures(1))
    np.testing.assert_array_equal(maps["conv-1"], x.detach().numpy())
    x = module.layer("batch-norm-1")(x).relu()
    np.testing.assert_array_equal(maps["relu-1"], x.detach().numpy())
    np.testing.assert_array_equal(maps["dropout-1"], maps["relu-1"])
    assert maps["dense-1"].shape == (1, 10)


def test_probabilities_are_the_softmax_of_the_logits_whatever_the_batch_size() -> None:
    module = _trained()
    found = predict(module, _pictures(5).numpy(), batch_size=2)
    module.eval()
    expected = torch.softmax(module(_pictures(5)), 1).detach().numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    np.testing.assert_allclose(capture_activations(module, _pictures(5)).probabilities, expected, rtol=1e-5)
    assert found.dtype == np.float32


def test_predicting_nothing_gives_no_rows() -> None:
    assert predict(_trained(), _pictures(0)).shape == (0, 10)


def test_images_as_doubles_are_converted_to_the_weights_type() -> None:
    pictures = _pictures().numpy().astype(np.float64)
    np.testing.assert_array_equal(predict(_trained(), pictures), predict(_trained(), _pictures()))
