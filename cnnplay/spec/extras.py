"""Optional packages: whether they are installed, and how to install them."""

from importlib.util import find_spec

PACKAGES = {"onnx": "onnx", "search": "optuna", "tensorboard": "tensorboardX"}
"""The package that each extra of pyproject.toml adds."""


def install_command(extra: str) -> str:
    """As in the README: from the checkout, since the program is not on an index."""
    return f"pip install '.[{extra}]'"


def missing_reason(extra: str, what: str) -> str:
    """Why something that needs an extra is unavailable, and what to do; "" if it is there. Imports nothing.

    `what` begins the sentence: "the search".
    """
    package = PACKAGES[extra]
    if find_spec(package) is not None:
        return ""
    needs = f"{what} needs {package}, which is not installed"
    return f"{needs}; run in the program's folder: {install_command(extra)}"
