"""The network as an ONNX file: opset 20, any batch size, the facts as metadata."""

from pathlib import Path

from cnnplay.export.facts import metadata
from cnnplay.export.trained import ExportError, TrainedNetwork, module_of
from cnnplay.modules.atomic import replacing

LARGEST = 2**31 - 2**20
"""A protobuf message is limited to 2 GiB; this leaves some space for the graph."""


def write_onnx(network: TrainedNetwork, path: Path, seed: int) -> tuple[Path, ...]:
    """Writes one file with the input "pictures" B × C × H × W and the output "logits" B × N."""
    from cnnplay.export.onnx_graph import model_of  # needs the extra

    module = module_of(network, seed)
    size = sum(tensor.nbytes for tensor in module.state_dict().values())
    if size > LARGEST:
        raise ExportError(
            f"expected at most 2 GiB of weights, the limit of one ONNX file; found {size:,} bytes"
        )
    content = model_of(module, metadata(network)).SerializeToString()
    with replacing(path) as (temporary,):
        temporary.write_bytes(content)
    return ()
