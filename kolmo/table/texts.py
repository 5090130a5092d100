"""Many short texts in one buffer: 8 bytes for each beside its own, where a Python string takes 50.

The texts are slices, not a chain: they may overlap, repeat and leave gaps, so a column of a file
is that file's bytes and two arrays, and picking rows copies no text.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Buffer = NDArray[np.uint8]
Offsets = NDArray[np.integer[Any]]
_CHUNK = 1 << 15


@dataclass(frozen=True, eq=False)
class Texts:
    """A sequence of byte strings.

    Attributes
    ----------
    data : uint8[bytes]
        The buffer, read-only.
    starts, stops : uint32[n] or int64[n]
        Text i is ``data[starts[i]:stops[i]]``.

    Examples
    --------
    >>> texts = Texts.of([b"ab", b"", b"c"])
    >>> texts[0], len(texts), list(texts.take([2, 0]))
    (b'ab', 3, [b'c', b'ab'])
    """

    data: Buffer
    starts: Offsets
    stops: Offsets

    @classmethod
    def of(cls, items: Iterable[bytes]) -> "Texts":
        """Return the items, copied into one buffer."""
        held = list(items)
        lengths = np.fromiter(map(len, held), np.int64, len(held))
        return cls.chain(np.frombuffer(b"".join(held), np.uint8), np.cumsum(lengths))

    @classmethod
    def chain(cls, data: Buffer, stops: Offsets) -> "Texts":
        """Return the texts that follow each other in ``data`` without gaps."""
        stops = stops.astype(offset_type(data.size), copy=False)
        starts = np.zeros_like(stops)
        starts[1:] = stops[:-1]
        return cls(read_only(data), starts, stops)

    @classmethod
    def concatenate(cls, parts: Sequence["Texts"]) -> "Texts":
        """Return the texts of all parts, one part after the other."""
        parts = [part for part in parts if len(part)] or list(parts[:1])
        if len(parts) == 1:
            return parts[0]
        bases = np.cumsum([0, *(part.data.size for part in parts)])

        def shift(offsets: list[Offsets]) -> Offsets:
            moved = np.concatenate([part.astype(np.int64) for part in offsets])
            moved += np.repeat(bases[:-1], [part.size for part in offsets])
            return moved.astype(offset_type(int(bases[-1])))

        return cls(
            read_only(np.concatenate([part.data for part in parts])),
            shift([part.starts for part in parts]),
            shift([part.stops for part in parts]),
        )

    def __len__(self) -> int:
        return self.starts.size

    def __getitem__(self, index: int) -> bytes:
        return self.data[int(self.starts[index]) : int(self.stops[index])].tobytes()

    def __iter__(self) -> Iterator[bytes]:
        view = self.data.data
        for first in range(0, len(self), _CHUNK):
            starts = self.starts[first : first + _CHUNK].tolist()
            stops = self.stops[first : first + _CHUNK].tolist()
            for start, stop in zip(starts, stops, strict=True):
                yield view[start:stop].tobytes()

    def take(self, index: Any) -> "Texts":
        """Return the texts at the places that ``index`` (integers, mask or slice) names."""
        return Texts(self.data, self.starts[index], self.stops[index])

    def packed(self) -> "Texts":
        """Return the same texts in a buffer of their own, which holds nothing else."""
        return Texts.of(self)

    def equals(self, other: "Texts") -> bool:
        """Return whether both hold the same texts in the same order."""
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))


def offset_type(size: int) -> type[np.uint32] | type[np.int64]:
    """Return the smallest dtype for positions in a buffer of ``size`` bytes."""
    return np.uint32 if size < 1 << 32 else np.int64


def read_only(data: Buffer) -> Buffer:
    """Return a view that cannot be written to: one compiled form of each kernel serves all."""
    view = data.view()
    view.flags.writeable = False
    return view
