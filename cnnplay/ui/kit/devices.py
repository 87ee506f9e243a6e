"""Which devices can be chosen; before torch is there, the processor alone."""

import sys

AUTO = "auto"


def device_choices() -> tuple[str, ...]:
    """``auto`` first, then what this machine has. Imports nothing that the window must not wait for."""
    if not torch_is_imported():
        return (AUTO, "cpu")
    from cnnplay.training.devices import devices

    return (AUTO, *devices())


def device_text(device: str) -> str:
    """What the header shows for a setting: the device that ``auto`` stands for."""
    if device != AUTO:
        return device
    if not torch_is_imported():
        return "cpu"
    from cnnplay.training.devices import resolve

    return str(resolve(AUTO))


def resolvable(device: str) -> bool:
    """Whether this machine has that device. Needs torch."""
    from cnnplay.training.devices import DeviceError, resolve

    try:
        resolve(device)
    except DeviceError:
        return False
    return True


def torch_is_imported() -> bool:
    """Whether torch was imported, to its end: until then, whoever imports of it waits for who began."""
    spec = getattr(sys.modules.get("torch"), "__spec__", None)
    # What the import system itself asks; no name of the module is bound last in all versions.
    return spec is not None and not getattr(spec, "_initializing", False)
