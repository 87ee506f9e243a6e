"""Built modules against networks written by hand in torch, with the same weights."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cnnplay.modules.build import build
from cnnplay.network import nodes
from cnnplay.network.network import Classification, Input, Network
from cnnplay.network.nodes import Node


def _network(channels: int, size: int, *stack: Node) -> Network:
    return Network(name="n", input=Input(channels, size, size), task=Classification(10), stack=stack)


LENET = _network(
    1,
    32,
    nodes.Convolution(id="conv-1", filters=6, kernel_size=(5, 5), padding="valid"),
    nodes.Tanh(id="tanh-1"),
    nodes.AveragePooling(id="avg-pool-1"),
    nodes.Convolution(id="conv-2", filters=16, kernel_size=(5, 5), padding="valid"),
    nodes.Tanh(id="tanh-2"),
    nodes.AveragePooling(id="avg-pool-2"),
    nodes.Flatten(id="flatten-1"),
    nodes.Dense(id="dense-1", units=120),
    nodes.Tanh(id="tanh-3"),
    nodes.Dense(id="dense-2", units=84),
    nodes.Tanh(id="tanh-4"),
    nodes.Dense(id="dense-3", units=10),
)


def _lenet() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 6, 5),
        nn.Tanh(),
        nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.Tanh(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 120),
        nn.Tanh(),
        nn.Linear(120, 84),
        nn.Tanh(),
        nn.Linear(84, 10),
    )


def test_lenet_starts_with_exactly_the_weights_and_logits_that_torch_gives_for_the_seed() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(11)
        reference = _lenet()
    module = build(LENET, seed=11)
    ours, theirs = list(module.state_dict().values()), list(reference.state_dict().values())
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))
    x = torch.linspace(-1, 1, 3 * 32 * 32).reshape(3, 1, 32, 32)
    assert torch.equal(module(x), reference(x))
    assert sum(p.numel() for p in module.parameters()) == 61_706


class _BasicBlock(nn.Module):
    """He et al. 2015, figure 2, written out, with a projection."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(4, 8, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 8, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(8)
        self.projection = nn.Conv2d(4, 8, 1, stride=2, bias=False)
        self.bn3 = nn.BatchNorm2d(8)
        self.head = nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        body = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        x = F.relu(body + self.bn3(self.projection(x)))
        return self.head(x.mean((2, 3)))


BLOCK = _network(
    4,
    9,
    nodes.Skip(
        id="skip-1",
        body=(
            nodes.Convolution(id="conv-1", filters=8, stride=(2, 2), padding=(1, 1), bias=False),
            nodes.BatchNormalisation(id="batch-norm-1"),
            nodes.ReLU(id="relu-1"),
            nodes.Convolution(id="conv-2", filters=8, padding=(1, 1), bias=False),
            nodes.BatchNormalisation(id="batch-norm-2"),
        ),
        shortcut=(
            nodes.Convolution(
                id="conv-3", filters=8, kernel_size=(1, 1), stride=(2, 2), padding="valid", bias=False
            ),
            nodes.BatchNormalisation(id="batch-norm-3"),
        ),
    ),
    nodes.ReLU(id="relu-2"),
    nodes.GlobalAveragePooling(id="global-avg-pool-1"),
    nodes.Flatten(id="flatten-1"),
    nodes.Dense(id="dense-1", units=10),
)


def test_a_residual_block_computes_what_it_does_written_out_in_torch_training_and_evaluating() -> None:
    reference, module = _BasicBlock(), build(BLOCK, seed=1)
    names = ("conv1", "bn1", "conv2", "bn2", "projection", "bn3", "head")
    ids = ("conv-1", "batch-norm-1", "conv-2", "batch-norm-2", "conv-3", "batch-norm-3", "dense-1")
    for name, node_id in zip(names, ids, strict=True):
        reference.get_submodule(name).load_state_dict(module.layer(node_id).state_dict())
    x = torch.randn(5, 4, 9, 9, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(module(x), reference(x))
    module.eval()
    reference.eval()
    torch.testing.assert_close(module(x), reference(x))
    module(x).square().sum().backward()
    reference(x).square().sum().backward()
    torch.testing.assert_close(module.layer("conv-1").weight.grad, reference.conv1.weight.grad)


def test_branches_and_a_skip_that_concatenates_join_along_the_channels() -> None:
    network = _network(
        2,
        8,
        nodes.Branches(
            id="branches-1",
            branches=(
                (nodes.Convolution(id="conv-1", filters=3, kernel_size=(1, 1)),),
                (nodes.MaxPooling(id="max-pool-1", kernel_size=(3, 3), stride=(1, 1), padding="same"),),
                (),
            ),
        ),
        nodes.Skip(id="skip-1", body=(nodes.Tanh(id="tanh-1"),), merge="concatenate"),
        nodes.Flatten(id="flatten-1"),
        nodes.Dense(id="dense-1", units=10),
    )
    module = build(network, seed=0)
    x = torch.randn(2, 2, 8, 8, generator=torch.Generator().manual_seed(0))
    logits, seen = module.trace(x, ["branches-1", "skip-1"])
    joined = torch.cat([module.layer("conv-1")(x), F.max_pool2d(x, 3, 1, 1), x], 1)
    torch.testing.assert_close(seen["branches-1"], joined.detach())
    torch.testing.assert_close(seen["skip-1"], torch.cat([joined.tanh(), joined], 1).detach())
    torch.testing.assert_close(logits, module(x))
