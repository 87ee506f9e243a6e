"""A PyTorch file looked through before torch reads it: what it would make, and how much of it.

`torch.load(weights_only=True)` runs nothing harmful, but it allows some things that take memory (a bytearray
of any length), and its refusals are long. So the pickle's instructions are listed first; none is carried out.
"""

import pickletools
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from cnnplay.project.errors import WeightsError, one_line

PLAIN = {
    "collections OrderedDict",
    "torch Size",
    "torch.nn.parameter Parameter",
    "torch._utils _rebuild_tensor",
    "torch._utils _rebuild_tensor_v2",
    "torch._utils _rebuild_parameter",
    "torch.storage UntypedStorage",
    *(
        f"torch {name}Storage"
        for name in ("Float", "Double", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool")
    ),
}
"""All that a dictionary of tensors needs; any other name is a Python object."""

NUMBER_FROM = 2**20
SPARE = 2**26
"""Numbers in a pickle are sizes. Those from a million on must add up to little more than the file's bytes."""

MOST_INSTRUCTIONS = 5_000_000
LARGEST_PICKLE = 2**26
LEGACY_STREAMS = 5
"""Before torch 1.6: a magic number, the version, the system, the objects, the storages' keys."""


def is_zip(start: bytes) -> bool:
    """Whether a file that starts so is a zip."""
    return start[:4] == b"PK\x03\x04"


def is_project(path: Path) -> bool:
    """Whether a zip is one of ours."""
    try:
        with zipfile.ZipFile(path) as archive:
            return "project.json" in archive.namelist()
    except Exception:  # damaged: what it was will be said by whoever reads it
        return False


def check_pickled(path: Path) -> None:
    """WeightsError for a file that is damaged, holds more than tensors, or claims sizes beyond its own."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if is_zip(file.read(4)):
            _look_through(BytesIO(_zipped_pickle(path, size)), size, streams=1)
        else:
            file.seek(0)
            _look_through(file, size, streams=LEGACY_STREAMS)


def _zipped_pickle(path: Path, size: int) -> bytes:
    """The file's data.pkl, where no member is packed: torch packs none, and so none can be a bomb."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if any(member.compress_type != zipfile.ZIP_STORED for member in members):
                raise WeightsError("expected members stored as torch stores them; found packed ones")
            if sum(member.file_size for member in members) > size:
                raise WeightsError(
                    f"expected members within the file's {size:,} bytes; found larger ones declared"
                )
            pickled = next((member for member in members if member.filename.endswith("data.pkl")), None)
            if pickled is None:
                raise WeightsError("expected a PyTorch file with data.pkl in it; found a zip without")
            if pickled.file_size > LARGEST_PICKLE:
                raise WeightsError(f"expected a data.pkl of at most {LARGEST_PICKLE:,} bytes; found more")
            return archive.read(pickled)
    except WeightsError:
        raise
    except Exception as error:  # zipfile lets many kinds through
        raise WeightsError(
            f"expected a whole PyTorch file; found one cut off or damaged ({one_line(error)})"
        ) from None


def _look_through(file: BinaryIO, size: int, streams: int) -> None:
    claimed = 0
    for stream in range(streams):
        for instruction, argument in _instructions(file, stream):
            if instruction in ("GLOBAL", "INST") and argument not in PLAIN:
                raise WeightsError(
                    f"holds Python objects ({str(argument).replace(' ', '.')[:100]}) beside tensors, "
                    "which are never loaded: expected a state dict (torch.save(model.state_dict(), …))"
                )
            if instruction in ("STACK_GLOBAL", "EXT1", "EXT2", "EXT4"):
                raise WeightsError("expected a state dict in torch's usual pickle protocol 2; found another")
            # The first legacy stream is the magic number, which is no size.
            if isinstance(argument, int) and abs(argument) >= NUMBER_FROM and (streams == 1 or stream > 0):
                claimed += abs(argument)
        if claimed > 4 * size + SPARE:
            raise WeightsError(f"expected sizes within the file's {size:,} bytes; found larger ones declared")


def _instructions(file: BinaryIO, stream: int) -> Iterator[tuple[str, object]]:
    try:
        for count, (instruction, argument, _) in enumerate(pickletools.genops(file)):
            if count > MOST_INSTRUCTIONS:
                raise WeightsError(f"expected at most {MOST_INSTRUCTIONS:,} instructions; found more")
            yield instruction.name, argument
    except WeightsError:
        raise
    except Exception as error:  # pickletools lets many kinds through
        what = (
            "neither a PyTorch nor a safetensors file" if stream == 0 else "a PyTorch file cut off or damaged"
        )
        raise WeightsError(f"expected weights; found {what} ({one_line(error)})") from None
