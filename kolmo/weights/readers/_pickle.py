"""A pickle machine that can only build data.

It knows the instructions that data need, and of globals only those that its user hands out: each
is a name with a function of our own. Dictionaries stay lists of pairs, so that no key is hashed or
compared. Time and memory are in proportion to the length of the pickle.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kolmo.errors import shorten
from kolmo.weights.readers._checks import Complaint

LATEST_PROTOCOL = 5
SAVE = "Save the model's state_dict(), or convert it: safetensors.torch.save_file"


class Pairs(list[tuple[Any, Any]]):
    """A dictionary as its pairs, in the order in which they were set."""

    __slots__ = ()


@dataclass(frozen=True)
class Global:
    """A name that a pickle may use.

    Attributes
    ----------
    label : str
        Module and name.
    make : callable or None
        Returns the value of a call, given its arguments as a tuple; None if there is none.
    """

    label: str
    make: Callable[[tuple[Any, ...]], Any] | None = None


class Machine:
    """Runs one pickle.

    Parameters
    ----------
    code : bytes
        The pickle.
    find_global : callable
        Returns the global of a label, or raises CheckpointError.
    find_persistent : callable
        Returns what a persistent identifier stands for, or raises CheckpointError.
    """

    def __init__(
        self,
        code: bytes,
        complain: Complaint,
        *,
        find_global: Callable[[str], Global],
        find_persistent: Callable[[Any], Any],
    ) -> None:
        self._code, self._complain, self._position = code, complain, 0
        self._find_global, self._find_persistent = find_global, find_persistent
        self._stack: list[Any] = []
        self._outer: list[list[Any]] = []
        self._memo: dict[int, Any] = {}

    def run(self) -> Any:
        """Return the value that the pickle builds."""
        while (opcode := self._take(1)[0]) != STOP:
            step = STEPS.get(opcode)
            if step is None:
                raise self._complain.unsupported(
                    f"got pickle instruction {opcode:#04x} at {self._position - 1}; need plain "
                    f"data. {SAVE}"
                )
            step(self)
        value = self._pop()
        if self._stack or self._outer or self._position != len(self._code):
            raise self._wrong("more than one value")
        return value

    def _take(self, count: int) -> bytes:
        start = self._position
        self._position += count
        if self._position > len(self._code):
            raise self._wrong("its end too early")
        return self._code[start : self._position]

    def _line(self) -> str:
        stop = self._code.find(b"\n", self._position, self._position + 1000)
        if stop < 0:
            raise self._wrong("a line without end")
        return self._take(stop + 1 - self._position)[:-1].decode("latin-1")

    def _number(self, form: str) -> Any:
        return struct.unpack(form, self._take(struct.calcsize(form)))[0]

    def _pop(self) -> Any:
        if not self._stack:
            raise self._wrong("an empty stack")
        return self._stack.pop()

    def _many(self) -> list[Any]:
        """Return what was pushed since the last mark."""
        if not self._outer:
            raise self._wrong("no mark")
        items = self._stack
        self._stack = self._outer.pop()
        return items

    def _mark(self) -> None:
        self._outer.append(self._stack)
        self._stack = []

    def _push(self, value: Any) -> None:
        self._stack.append(value)

    def _protocol(self) -> None:
        if (version := self._take(1)[0]) > LATEST_PROTOCOL:
            raise self._wrong(f"protocol {version}")

    def _text(self, form: str) -> None:
        data = self._take(self._number(form))
        try:
            self._push(data.decode("utf-8", "surrogatepass"))
        except UnicodeDecodeError:
            raise self._wrong("text that is not UTF-8") from None

    def _bytes(self, form: str) -> None:
        self._push(self._take(self._number(form)))

    def _long(self) -> None:
        self._push(int.from_bytes(self._take(self._number("B")), "little", signed=True))

    def _tuple(self, count: int) -> None:
        items = [self._pop() for _ in range(count)]
        self._push(tuple(reversed(items)))

    def _extend(self, items: list[Any]) -> None:
        if not self._stack or type(self._stack[-1]) is not list:
            raise self._wrong("no list to append to")
        self._stack[-1].extend(items)

    def _set(self, items: list[Any]) -> None:
        if len(items) % 2 or not self._stack or type(self._stack[-1]) is not Pairs:
            raise self._wrong("no dictionary for keys and values")
        self._stack[-1].extend(zip(items[::2], items[1::2], strict=True))

    def _set_one(self) -> None:
        value, key = self._pop(), self._pop()
        self._set([key, value])

    def _put(self, index: int) -> None:
        if not self._stack:
            raise self._wrong("an empty stack")
        self._memo[index] = self._stack[-1]

    def _get(self, index: int) -> None:
        if index not in self._memo:
            raise self._wrong(f"memo {index}, which is empty")
        self._push(self._memo[index])

    def _global(self) -> None:
        module, name = self._line(), self._line()
        self._push(self._find_global(f"{module}.{name}"))

    def _stack_global(self) -> None:
        name, module = self._pop(), self._pop()
        if type(name) is not str or type(module) is not str:
            raise self._wrong("a global without a name")
        self._push(self._find_global(f"{module}.{name}"))

    def _persistent(self) -> None:
        self._push(self._find_persistent(self._pop()))

    def _reduce(self) -> None:
        arguments, function = self._pop(), self._pop()
        if type(function) is not Global or function.make is None or type(arguments) is not tuple:
            label = function.label if type(function) is Global else "a value"
            raise self._wrong(f"a call of {shorten(label)}")
        self._push(function.make(arguments))

    def _build(self) -> None:
        """Drop the attributes of a dictionary, such as the versions of a state_dict."""
        self._pop()
        if not self._stack or type(self._stack[-1]) is not Pairs:
            raise self._wrong("attributes of what is no dictionary")

    def _wrong(self, what: str) -> Exception:
        return self._complain(f"got {what} in its pickle, at {self._position}")


def _pushing(value: Any) -> Callable[[Machine], None]:
    return lambda machine: machine._push(value)


def _making(kind: Callable[[], Any]) -> Callable[[Machine], None]:
    return lambda machine: machine._push(kind())


def _packed(form: str) -> Callable[[Machine], None]:
    return lambda machine: machine._push(machine._number(form))


STOP = ord(".")
STEPS: dict[int, Callable[[Machine], Any]] = {
    0x80: Machine._protocol,
    0x95: lambda machine: machine._take(8),  # the length of a frame
    ord("("): Machine._mark,
    ord("0"): Machine._pop,
    ord("N"): _pushing(None),
    0x88: _pushing(True),
    0x89: _pushing(False),
    ord("K"): _packed("<B"),
    ord("M"): _packed("<H"),
    ord("J"): _packed("<i"),
    ord("G"): _packed(">d"),
    0x8A: Machine._long,
    0x8C: lambda machine: machine._text("<B"),
    ord("X"): lambda machine: machine._text("<I"),
    0x8D: lambda machine: machine._text("<Q"),
    ord("C"): lambda machine: machine._bytes("<B"),
    ord("B"): lambda machine: machine._bytes("<I"),
    0x8E: lambda machine: machine._bytes("<Q"),
    ord(")"): _pushing(()),
    0x85: lambda machine: machine._tuple(1),
    0x86: lambda machine: machine._tuple(2),
    0x87: lambda machine: machine._tuple(3),
    ord("t"): lambda machine: machine._push(tuple(machine._many())),
    ord("]"): _making(list),
    ord("}"): _making(Pairs),
    0x8F: _making(list),  # a set
    ord("a"): lambda machine: machine._extend([machine._pop()]),
    ord("e"): lambda machine: machine._extend(machine._many()),
    0x90: lambda machine: machine._extend(machine._many()),
    ord("s"): Machine._set_one,
    ord("u"): lambda machine: machine._set(machine._many()),
    ord("q"): lambda machine: machine._put(machine._number("<B")),
    ord("r"): lambda machine: machine._put(machine._number("<I")),
    0x94: lambda machine: machine._put(len(machine._memo)),
    ord("h"): lambda machine: machine._get(machine._number("<B")),
    ord("j"): lambda machine: machine._get(machine._number("<I")),
    ord("c"): Machine._global,
    0x93: Machine._stack_global,
    ord("Q"): Machine._persistent,
    ord("R"): Machine._reduce,
    ord("b"): Machine._build,
}
