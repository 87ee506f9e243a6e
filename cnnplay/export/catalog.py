"""The table of formats. It needs no torch, so that the window can list them at its start."""

import msgspec


class Format(msgspec.Struct, frozen=True):
    """A format: its key, title and usual ending, whether it holds weights, and what it is for."""

    key: str
    title: str
    suffix: str
    needs_weights: bool
    help: str


FORMATS: tuple[Format, ...] = (
    Format(
        "safetensors",
        "Weights (safetensors)",
        ".safetensors",
        True,
        "The weights by name, safe to open anywhere; preprocessing and class names as metadata.",
    ),
    Format(
        "pt",
        "Weights (PyTorch state dict)",
        ".pt",
        True,
        "For load_state_dict; preprocessing and class names in a JSON file beside it.",
    ),
    Format(
        "onnx",
        "ONNX model",
        ".onnx",
        True,
        "Network and weights for onnxruntime and other engines; preprocessing and class names as metadata.",
    ),
    Format(
        "python",
        "Python module",
        ".py",
        True,
        "Readable code with load_model(), needing torch alone; its weights beside it.",
    ),
)
