"""The network as an ONNX file: opset 20, any batch size, the facts as metadata."""

import importlib.util
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from cnnplay.export.facts import metadata
from cnnplay.export.trained import ExportError, TrainedNetwork, example, module_of
from cnnplay.modules.atomic import replacing
from cnnplay.modules.module import NetworkModule

LARGEST = 2**31 - 2**20
"""A protobuf message ends at 2 GiB; a little is left for the graph."""


def write_onnx(network: TrainedNetwork, path: Path, seed: int) -> tuple[Path, ...]:
    """One file with the input "pictures" B × C × H × W and the output "logits" B × N."""
    for package in ("onnx", "onnxscript"):
        if importlib.util.find_spec(package) is None:
            raise ExportError("ONNX export needs the extra: pip install 'cnn-playground[onnx]'")
    module = module_of(network, seed)
    size = sum(tensor.nbytes for tensor in module.state_dict().values())
    if size > LARGEST:
        raise ExportError(
            f"expected at most 2 GiB of weights, as one ONNX file can hold; found {size:,} bytes"
        )
    program = _program(module)
    program.model.metadata_props.update(metadata(network))
    program.model.producer_name = "CNN Playground"
    program.model.graph.name = network.network.name
    with replacing(path) as (neighbour,):
        program.save(neighbour, external_data=False)
    return ()


class _Renamed(nn.Module):
    """The same layers in the same order, under names that torch's tracer takes ("train" is none)."""

    def __init__(self, module: NetworkModule) -> None:
        super().__init__()
        for node_id, layer in module.named_children():
            self.add_module(f"layer-{node_id}" if hasattr(self, node_id) else node_id, layer)
        self._compute = module.forward

    def forward(self, pictures: Tensor) -> Tensor:
        return self._compute(pictures)


def _program(module: NetworkModule) -> Any:
    # A batch of 1 may be taken for a constant; 2 stands for any.
    pictures = example(module.network)
    with _quiet():
        try:
            return torch.onnx.export(
                _Renamed(module).eval(),
                (pictures,),
                dynamo=True,
                external_data=False,
                verbose=False,
                dynamic_shapes=({0: torch.export.Dim("batch")},),
                input_names=["pictures"],
                output_names=["logits"],
            )
        except torch.onnx.errors.OnnxExporterError as error:
            cause = str(error.__cause__ or error).strip().splitlines()
            raise ExportError(
                f"torch cannot write this network as ONNX: {cause[0] if cause else error}"
            ) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Without torch's word on torchvision, which is not needed, and on its own deprecated calls."""
    logger = logging.getLogger("torch.onnx._internal.exporter._registration")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
