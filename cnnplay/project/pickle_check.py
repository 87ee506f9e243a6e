"""Following a pickle without creating what it describes: is it made of tensors and plain values only?

torch's unpickler for weights runs no code from a file, but a crafted pickle can still hang it or end the
process: a key whose hash never ends, values nested a hundred thousand deep, an object that contains itself.
So its instructions are followed here first, with a small description of each value in place of the value.
Only what a dictionary of tensors needs is allowed; everything else is refused before torch sees the file.

The instructions are those of Python's pickle protocol 2 (see the standard library's `pickletools`).
"""

import pickletools
from collections.abc import Callable, Iterator
from typing import BinaryIO, TypeAlias

from cnnplay.project.errors import WeightsError, one_line

STORAGES = frozenset(
    f"torch {name}Storage"
    for name in ("Float", "Double", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool")
) | {"torch.storage UntypedStorage"}
DICT, SIZE = "collections OrderedDict", "torch Size"
TENSORS = frozenset({"torch._utils _rebuild_tensor", "torch._utils _rebuild_tensor_v2"})
PARAMETER = "torch._utils _rebuild_parameter"
NAMES = STORAGES | TENSORS | {DICT, SIZE, PARAMETER}
"""All names that a dictionary of tensors needs; any other means Python objects."""

MOST_INSTRUCTIONS = 250_000
"""About 8,500 tensors; following more than that takes seconds, here and again in torch."""
DEEPEST = 64
"""The deepest nesting of dictionaries, lists and tuples."""
NUMBER_FROM = 2**20
"""Whole numbers from here on are taken for sizes of tensors."""


class Global:
    """A name: a class or a function."""

    def __init__(self, name: str) -> None:
        self.name = name


class Container:
    """A dictionary, a list or a tuple. Once it is inside another one, it must not change any more: so its
    depth is known, and nothing contains itself."""

    __slots__ = ("depth", "entries", "kind", "placed")

    def __init__(self, kind: str) -> None:
        self.kind, self.depth, self.placed = kind, 1, False
        self.entries: list[Value] = []
        """What a list or a tuple holds."""

    def place(self, value: "Value") -> None:
        """Puts a value into this container."""
        if isinstance(value, Container):
            value.placed = True
            if value is self:
                raise _contains_itself()
            self.depth = max(self.depth, value.depth + 1)
            if self.depth > DEEPEST:
                raise WeightsError(f"expected values nested at most {DEEPEST} deep; found deeper ones")
        elif isinstance(value, Global | Mark):
            raise _not_a_state_dict()


class Mark:
    """Where the arguments of an instruction begin on the stack."""


Value: TypeAlias = str | Global | Container | Mark
"""A plain value or a tensor is known by its type's name alone: "text", "int", "tensor", …"""

PLAIN = {
    **dict.fromkeys(("BINUNICODE", "SHORT_BINSTRING", "BINSTRING"), "text"),
    **dict.fromkeys(("BININT", "BININT1", "BININT2", "LONG1"), "int"),
    **dict.fromkeys(("NEWTRUE", "NEWFALSE"), "bool"),
    "BINFLOAT": "float",
    "NONE": "none",
}
EMPTY = {"EMPTY_DICT": "dict", "EMPTY_LIST": "list", "EMPTY_TUPLE": "tuple"}
TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
KEYS = frozenset({"text", "int", "bool", "float", "none"})
"""The values whose hash is taken in one step."""


def check_pickle(file: BinaryIO, what: str) -> int:
    """Follows one pickle of a file, up to its end. Returns the sum of its large numbers: the sizes of tensors
    that it declares.

    WeightsError unless it holds only tensors and plain values; `what` says what was found instead where the
    bytes are no pickle at all.
    """
    machine, sizes = _Machine(), 0
    for count, (name, argument) in enumerate(_instructions(file, what)):
        if count == MOST_INSTRUCTIONS:
            raise WeightsError(f"expected at most {MOST_INSTRUCTIONS:,} pickle opcodes; found more")
        machine.follow(name, argument)
        if isinstance(argument, int) and abs(argument) >= NUMBER_FROM:
            sizes += abs(argument)
    return sizes


def _instructions(file: BinaryIO, what: str) -> Iterator[tuple[str, object]]:
    try:
        for instruction, argument, _ in pickletools.genops(file):
            yield instruction.name, argument
    except Exception as error:  # pickletools raises many kinds
        raise WeightsError(f"expected weights; found {what} ({one_line(error)})") from None


class _Machine:
    """The unpickler's stack and memo."""

    def __init__(self) -> None:
        self._stack: list[Value] = []
        self._memo: dict[object, Value] = {}

    def follow(self, name: str, argument: object) -> None:
        if name in PLAIN:
            self._stack.append(PLAIN[name])
        elif name in EMPTY:
            self._stack.append(Container(EMPTY[name]))
        elif name in TUPLES:
            self._tuple([self._pop() for _ in range(TUPLES[name])][::-1])
        elif name == "GLOBAL":
            self._stack.append(_global(str(argument)))
        elif name in STEPS:
            STEPS[name](self, argument)
        elif name not in ("PROTO", "STOP"):
            raise WeightsError(
                f"expected a state dict in torch's usual pickle protocol 2; found the opcode {name}"
            )

    def _pop(self) -> Value:
        if not self._stack:
            raise _not_a_state_dict()
        return self._stack.pop()

    def _since_mark(self) -> list[Value]:
        values: list[Value] = []
        while not isinstance(value := self._pop(), Mark):
            values.append(value)
        return values[::-1]

    def _tuple(self, values: list[Value]) -> None:
        made = Container("tuple")
        for value in values:
            # The name of a storage's type is in the tuple that says where the storage is.
            if not (isinstance(value, Global) and value.name in STORAGES):
                made.place(value)
        made.entries = values
        self._stack.append(made)

    def _target(self, kind: str) -> Container:
        """The container on top of the stack, which is about to be filled."""
        found = self._stack[-1] if self._stack else None
        if not isinstance(found, Container) or found.kind != kind:
            raise _not_a_state_dict()
        if found.placed:
            raise _contains_itself()
        return found

    def mark(self, _: object) -> None:
        self._stack.append(Mark())

    def put(self, argument: object) -> None:
        if not self._stack or isinstance(self._stack[-1], Mark):
            raise _not_a_state_dict()
        self._memo[argument] = self._stack[-1]

    def get(self, argument: object) -> None:
        if argument not in self._memo:
            raise _not_a_state_dict()
        self._stack.append(self._memo[argument])

    def tuple(self, _: object) -> None:
        self._tuple(self._since_mark())

    def append(self, _: object) -> None:
        self._extend([self._pop()])

    def appends(self, _: object) -> None:
        self._extend(self._since_mark())

    def _extend(self, values: list[Value]) -> None:
        target = self._target("list")
        for value in values:
            target.place(value)
        target.entries += values

    def set_item(self, _: object) -> None:
        value, key = self._pop(), self._pop()
        self._update([key, value])

    def set_items(self, _: object) -> None:
        self._update(self._since_mark())

    def _update(self, pairs: list[Value]) -> None:
        target = self._target("dict")
        if len(pairs) % 2:
            raise _not_a_state_dict()
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            _check_key(key)
            target.place(value)

    def build(self, _: object) -> None:
        """Attributes of a dictionary: the `_metadata` of a state dict."""
        state = self._pop()
        if not isinstance(state, Container) or state.kind != "dict":
            raise _not_a_state_dict()
        self._target("dict").place(state)

    def reduce(self, _: object) -> None:
        """A call: one of the few functions that rebuild a tensor or a dictionary."""
        arguments, function = self._pop(), self._pop()
        if not isinstance(arguments, Container) or arguments.kind != "tuple":
            raise _not_a_state_dict()
        if not isinstance(function, Global) or function.name not in CALLS:
            raise _not_a_state_dict()
        self._stack.append(CALLS[function.name](arguments.entries))

    def persistent_id(self, _: object) -> None:
        """The place of a storage: its type, its key, its device, its length, and, in old files, its base."""
        found = self._pop()
        if not isinstance(found, Container) or found.kind != "tuple" or len(found.entries) not in (5, 6):
            raise _not_a_state_dict()
        word, kind, *rest = found.entries
        plain = [word, *rest[:3]] == ["text", "text", "text", "int"]
        if not plain or not isinstance(kind, Global) or not all(_is_plain(value) for value in rest[3:]):
            raise _not_a_state_dict()
        self._stack.append("storage")


STEPS: dict[str, Callable[[_Machine, object], None]] = {
    "MARK": _Machine.mark,
    **dict.fromkeys(("BINPUT", "LONG_BINPUT"), _Machine.put),
    **dict.fromkeys(("BINGET", "LONG_BINGET"), _Machine.get),
    "TUPLE": _Machine.tuple,
    "APPEND": _Machine.append,
    "APPENDS": _Machine.appends,
    "SETITEM": _Machine.set_item,
    "SETITEMS": _Machine.set_items,
    "BUILD": _Machine.build,
    "REDUCE": _Machine.reduce,
    "BINPERSID": _Machine.persistent_id,
}


def _global(argument: str) -> Global:
    if argument not in NAMES:
        raise WeightsError(
            f"holds Python objects ({argument.replace(' ', '.')[:100]}) besides tensors, which are never "
            "loaded: expected a state dict (torch.save(model.state_dict(), …))"
        )
    return Global(argument)


def _dict(arguments: list[Value]) -> Container:
    """OrderedDict(), or, written by Python 2, OrderedDict([[key, value], …])."""
    made = Container("dict")
    for pairs in arguments:
        if len(arguments) != 1 or not isinstance(pairs, Container) or pairs.kind != "list":
            raise _not_a_state_dict()
        for pair in pairs.entries:
            if not isinstance(pair, Container) or len(pair.entries) != 2:
                raise _not_a_state_dict()
            _check_key(pair.entries[0])
            made.place(pair.entries[1])
    return made


def _size(arguments: list[Value]) -> Container:
    if len(arguments) != 1 or not _is_integers(arguments[0]):
        raise _not_a_state_dict()
    return Container("tuple")


def _tensor(arguments: list[Value]) -> str:
    """(storage, offset, sizes, strides, requires_grad, hooks): the first four in files before torch 0.4."""
    fits = arguments[:2] == ["storage", "int"] and len(arguments) >= 4
    if not fits or not all(_is_integers(shape) for shape in arguments[2:4]):
        raise _not_a_state_dict()
    if not all(_is_plain(value) for value in arguments[4:]):
        raise _not_a_state_dict()
    return "tensor"


def _parameter(arguments: list[Value]) -> str:
    """(tensor, requires_grad, hooks)"""
    if arguments[:1] != ["tensor"] or not all(_is_plain(value) for value in arguments[1:]):
        raise _not_a_state_dict()
    return "tensor"


CALLS: dict[str, Callable[[list[Value]], Value]] = {
    DICT: _dict,
    SIZE: _size,
    PARAMETER: _parameter,
    **dict.fromkeys(TENSORS, _tensor),
}


def _check_key(key: Value) -> None:
    if key not in KEYS:
        raise WeightsError("expected strings as state-dict keys; found values of another type")


def _is_integers(value: Value) -> bool:
    return isinstance(value, Container) and value.kind == "tuple" and {*value.entries} <= {"int"}


def _is_plain(value: Value) -> bool:
    """A number, a text, nothing, a tuple of numbers, an empty dictionary: what flags and hooks are."""
    return value in KEYS or (isinstance(value, Container) and value.depth == 1)


def _contains_itself() -> WeightsError:
    return WeightsError("expected a state dict; found a value that may contain itself")


def _not_a_state_dict() -> WeightsError:
    return WeightsError("expected a state dict (names and tensors); found a pickle of another form")
