"""Which devices can be chosen; only the CPU until torch is imported."""

import sys

AUTO = "auto"


def device_choices() -> tuple[str, ...]:
    """``auto`` first, then this machine's devices. Never imports torch, which would block the window."""
    if not torch_is_imported():
        return (AUTO, "cpu")
    from cnnplay.training.devices import devices

    return (AUTO, *devices())


def device_text(device: str) -> str:
    """The text in the header: for ``auto`` the device that it resolves to."""
    if device != AUTO:
        return device
    if not torch_is_imported():
        return "cpu"
    from cnnplay.training.devices import resolve

    return str(resolve(AUTO))


def resolvable(device: str) -> bool:
    """Whether this machine has the device. Imports torch."""
    from cnnplay.training.devices import DeviceError, resolve

    try:
        resolve(device)
    except DeviceError:
        return False
    return True


def torch_is_imported() -> bool:
    """Whether the import of torch is complete: until then, importing from it blocks until it is."""
    spec = getattr(sys.modules.get("torch"), "__spec__", None)
    # What the import system itself checks; no attribute of the module is set last in all versions.
    return spec is not None and not getattr(spec, "_initializing", False)
