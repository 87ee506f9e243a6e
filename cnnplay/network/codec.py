"""Networks as JSON. Reading raises one error type, which names the place, the expected and the found."""

import msgspec

from cnnplay.network.json_bounds import integer_problem
from cnnplay.network.network import ID_PATTERN, MAX_DEPTH, Network, walk

MOST_LAYERS = 5000
"""Networks from outside may not have more: ResNet-1001 has some 3,000."""


class NetworkFormatError(ValueError):
    """The JSON is not a network; the message names the place, what was expected and what was found.

    `reason` is the message without "not a network: ".
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"not a network: {reason}")
        self.reason = reason


def encode(network: Network) -> bytes:
    """The network as indented JSON (UTF-8)."""
    return msgspec.json.format(msgspec.json.encode(network), indent=2)


def decode(text: bytes | str) -> Network:
    """Decodes JSON text. Raises NetworkFormatError if it is not a network."""
    try:
        network = msgspec.json.decode(text, type=Network)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise NetworkFormatError(str(error)) from None
    except RecursionError:
        raise NetworkFormatError("blocks are nested too deeply") from None
    return bounded(network)


def convert(data: object) -> Network:
    """Converts parsed JSON (dicts and lists). Raises NetworkFormatError if it is not a network."""
    try:
        network = msgspec.convert(data, type=Network)
    except msgspec.MsgspecError as error:
        raise NetworkFormatError(str(error)) from None
    except RecursionError:
        raise NetworkFormatError("blocks are nested too deeply") from None
    return bounded(network)


def bounded(network: Network) -> Network:
    """`checked` for networks from outside: raises NetworkFormatError also if their size or a number is beyond
    all reason, which no edit leads to.
    """
    checked(network)
    if sum(1 for _ in walk(network)) > MOST_LAYERS:
        raise NetworkFormatError(f"expected at most {MOST_LAYERS:,} layers; found more")
    problem = integer_problem(msgspec.to_builtins(network))
    if problem:
        raise NetworkFormatError(problem)
    return network


def checked(network: Network) -> Network:
    """Returns the network if its ids are valid and unique; else raises NetworkFormatError."""
    seen: set[str] = set()
    depth: dict[str, int] = {"": 0}
    for node, place in walk(network):
        if not ID_PATTERN.match(node.id):
            raise NetworkFormatError(
                f"an id must be lowercase letters, digits and hyphens, at most 64 characters; got {node.id!r}"
            )
        if node.id == "input":
            raise NetworkFormatError("a layer cannot be named 'input'")
        if node.id in seen:
            raise NetworkFormatError(f"two layers are named {node.id!r}")
        seen.add(node.id)
        depth[node.id] = depth[place.parent] + 1
        if depth[node.id] > MAX_DEPTH:
            raise NetworkFormatError(f"blocks are nested more than {MAX_DEPTH} levels deep at {node.id!r}")
    return network
