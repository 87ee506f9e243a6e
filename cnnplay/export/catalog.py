"""The table of formats. Needs no torch, so that the window can list them at startup."""

import msgspec


class Format(msgspec.Struct, frozen=True):
    """A format: its key, title and usual suffix, whether it contains weights, and what it is for."""

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
        "Weights by name, safe to open anywhere; preprocessing and class names as metadata.",
    ),
    Format(
        "pt",
        "Weights (PyTorch state dict)",
        ".pt",
        True,
        "For load_state_dict; preprocessing and class names in a JSON file next to it.",
    ),
    Format(
        "onnx",
        "ONNX model",
        ".onnx",
        True,
        "Network and weights for onnxruntime and other runtimes; preprocessing and class names as metadata.",
    ),
    Format(
        "python",
        "Python module",
        ".py",
        True,
        "Readable code with load_model() that needs only torch; weights in a file next to it.",
    ),
)
