"""Which model the context mixer takes: what a stream says of it, and how it is chosen."""

from collections.abc import Iterator
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from kolmo.coding.discrete import Uniform
from kolmo.coding.integers import EliasDelta
from kolmo.errors import DecodeError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kolmo.coding.code import Reader, Writer

LARGEST_STRIDE = 1 << 16
SAMPLE_BYTES = 3 << 14
_LONGEST_SOUGHT = 2048
_LEAST_REPEATS, _NEARLY = 0.02, 0.85
_PLAIN_SHARE, _BRANCH_SHARE = 0.3, 0.002


class Preset(IntEnum):
    """What kind of data a model expects."""

    FAST = 1
    TEXT = 2
    BINARY = 3
    PICTURE = 4


class Plan(NamedTuple):
    """What a stream says of its model before the first bit.

    Attributes
    ----------
    preset : Preset
    stride : int
        Bytes from one record, or row of a picture, to the next; told only where it matters.
    branches : bool
        Whether targets of calls are coded as absolute ones; only in binary data.
    """

    preset: Preset
    stride: int = 1
    branches: bool = False

    def encode(self, coder: "Writer") -> None:
        """Store the plan, at 2 bits and more."""
        Uniform(len(Preset)).encode(self.preset - 1, coder)
        if self.preset >= Preset.BINARY:
            EliasDelta().encode(self.stride, coder)
        if self.preset == Preset.BINARY:
            Uniform(2).encode(int(self.branches), coder)

    @classmethod
    def decode(cls, coder: "Reader") -> "Plan":
        """Return the plan stored next."""
        preset = Preset(Uniform(len(Preset)).decode(coder) + 1)
        stride = EliasDelta().decode(coder) if preset >= Preset.BINARY else 1
        branches = preset == Preset.BINARY and bool(Uniform(2).decode(coder))
        if stride > LARGEST_STRIDE:
            raise DecodeError(f"a row of {stride} bytes; at most {LARGEST_STRIDE} are possible")
        return cls(preset, stride, branches)


def choose(data: bytes, preset: int, memory_log2: int) -> Plan:
    """Return the plan that promises the shortest stream, by a sample from the middle of the data.

    Parameters
    ----------
    preset : int
        The one to take; 0 lets all be tried but the fast one.
    """
    plans = list(candidates(data, preset))
    if len(plans) == 1:
        return plans[0]
    sample = _middle(data)
    return min(plans, key=lambda plan: _bits(plan, sample, memory_log2))


def candidates(data: bytes, preset: int = 0) -> Iterator[Plan]:
    """Yield the plans worth a trial."""
    sample = _middle(data)
    if preset in (0, Preset.FAST, Preset.TEXT):
        yield Plan(Preset(preset or Preset.TEXT))
    if preset == 0 or preset >= Preset.BINARY:
        stride = find_stride(sample)
    if preset in (0, Preset.BINARY):
        yield Plan(Preset.BINARY, stride)
        if _has_branches(sample):
            yield Plan(Preset.BINARY, stride, branches=True)
    if preset == Preset.PICTURE or (preset == 0 and _is_plain(sample)):
        yield Plan(Preset.PICTURE, stride)


def find_stride(sample: bytes) -> int:
    """Return the distance at which bytes repeat most often, of those that differ from their last.

    A part of that distance at which they repeat nearly as often is the better answer. 1 is none.

    Examples
    --------
    >>> find_stride(bytes([7, 1, 0, 2, 0, 9] * 40))
    6
    """
    shares = _repeats(sample)
    best = max(shares, key=lambda stride: shares[stride])
    parts = (stride for stride in shares if best % stride == 0)
    return next(stride for stride in parts if shares[stride] >= _NEARLY * shares[best])


def _repeats(sample: bytes) -> dict[int, float]:
    """Return for each distance the share of repeated bytes; 1 stands for what chance may do."""
    import numpy as np

    symbols = np.frombuffer(sample, np.uint8)
    changes = np.flatnonzero(symbols[1:] != symbols[:-1]) + 1
    found = {1: _LEAST_REPEATS}
    for stride in range(2, min(_LONGEST_SOUGHT, symbols.size // 3) + 1):
        places = changes[np.searchsorted(changes, stride) :]
        if not places.size:
            break
        found[stride] = float(np.mean(symbols[places] == symbols[places - stride]))
    return found


def shifted(data: bytes, sign: int) -> "NDArray[np.uint8]":
    """Return machine code with targets made absolute (1), or relative again (-1)."""
    import numpy as np

    from kolmo.complexity.kernels.branches import shift_branches

    code = np.frombuffer(data, np.uint8).copy()
    shift_branches(code, sign)
    return code


def _middle(data: bytes) -> bytes:
    first = max(0, (len(data) - SAMPLE_BYTES) // 2)
    return data[first : first + SAMPLE_BYTES]


def _bits(plan: Plan, sample: bytes, memory_log2: int) -> float:
    from kolmo.complexity.mixing import Mixed

    mixed = Mixed.open(plan, len(sample), b"", memory_log2, data=sample)
    return float(mixed.model.costs(0, len(sample)).sum())


def _is_plain(sample: bytes) -> bool:
    """Tell whether many bytes are all white or all black."""
    return sample.count(0) + sample.count(255) > _PLAIN_SHARE * len(sample)


def _has_branches(sample: bytes) -> bool:
    """Tell whether calls and jumps to near places are frequent."""
    import numpy as np

    symbols = np.frombuffer(sample, np.uint8)
    opcodes, tops = symbols[:-4] | 1, symbols[4:]
    near = (opcodes == 0xE9) & ((tops == 0) | (tops == 255))
    return bool(near.sum() > _BRANCH_SHARE * symbols.size)
