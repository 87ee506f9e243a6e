"""The table of export formats. Needs no torch, so that the window can list them at startup."""

from pkgutil import resolve_name
from typing import Any, Literal, TypeAlias

import msgspec

from cnnplay.network.network import Network
from cnnplay.spec.extras import missing_reason

Source: TypeAlias = Literal["weights", "project", "history"]
"""What a writer gets with the path: a `TrainedNetwork` (and a seed), a `Project`, or the rows of a table."""


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """A format. `writer` is "module:function", `sidecar` the suffix of a second file, "" if there is none.

    `importable`: Python imports the file, so its name must be an identifier and end in `suffix`. `extra`: the
    extra of pyproject.toml that writing needs. `unfit_reason`: "module:function" that returns why a network
    has no such file, "" if it has.
    """

    key: str
    title: str
    suffix: str
    help: str
    writer: str
    source: Source = "weights"
    sidecar: str = ""
    importable: bool = False
    extra: str = ""
    unfit_reason: str = ""

    def disabled_reason(self, network: Network) -> str:
        """Why a network cannot be exported in this format; "" if it can."""
        missing = missing_reason(self.extra, f"{self.title} export") if self.extra else ""
        if missing or not self.unfit_reason:
            return missing
        reason: str = resolve_name(self.unfit_reason)(network)
        return reason

    def load(self) -> Any:
        """The writer; imports what it needs, mostly torch."""
        return resolve_name(self.writer)


_ROWS = (
    Format(
        key="safetensors",
        title="Weights (safetensors)",
        suffix=".safetensors",
        help="Weights by name, safe to open anywhere; preprocessing and class names as metadata.",
        writer="cnnplay.export.weight_files:write_safetensors",
    ),
    Format(
        key="pt",
        title="Weights (PyTorch state dict)",
        suffix=".pt",
        help="For load_state_dict; preprocessing and class names in a JSON file next to it.",
        writer="cnnplay.export.weight_files:write_state_dict",
        sidecar=".json",
    ),
    Format(
        key="torchvision",
        title="Weights (torchvision state dict)",
        suffix=".pth",
        help="For torchvision's alexnet, vgg16, resnet18, resnet34; preprocessing in a JSON file.",
        writer="cnnplay.export.weight_files:write_torchvision",
        sidecar=".json",
        unfit_reason="cnnplay.shapes.torchvision:no_counterpart_reason",
    ),
    Format(
        key="onnx",
        title="ONNX model",
        suffix=".onnx",
        help="Network and weights for onnxruntime and other runtimes; preprocessing and class names as "
        "metadata.",
        writer="cnnplay.export.onnx_file:write_onnx",
        extra="onnx",
    ),
    Format(
        key="python",
        title="Python module",
        suffix=".py",
        help="Readable code with load_model() that needs only torch; weights in a file next to it.",
        writer="cnnplay.export.python_module:write_python",
        sidecar=".pt",
        importable=True,
    ),
    Format(
        key="project",
        title="Project",
        suffix=".cnnplay",
        help="Network, settings, trained weights and history.",
        writer="cnnplay.project.store:save",
        source="project",
    ),
    Format(
        key="json",
        title="Project without weights (JSON)",
        suffix=".json",
        help="Network and settings as text.",
        writer="cnnplay.project.store:save_json",
        source="project",
    ),
    Format(
        key="csv",
        title="History (CSV)",
        suffix=".csv",
        help="One row per epoch: losses, metrics, time.",
        writer="cnnplay.export.history:history_csv",
        source="history",
    ),
)
FORMATS: dict[str, Format] = {row.key: row for row in _ROWS}
