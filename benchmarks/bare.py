"""One library call as its own program: `python bare.py ESTIMATOR FILE` prints the payload's bytes.

What kolmo's estimators cost beyond the library under them is the ratio to this.
Nothing here knows kolmo, and the payload must have exactly the size that kolmo prints.
"""

from __future__ import annotations

import bz2
import sys
import zlib
from collections.abc import Callable
from typing import Protocol

BLOCK = 1 << 20
HEADER_BYTES = {"zlib": 0, "bz2": 4}
"""Constant bytes at the start that kolmo leaves out."""


class Compressor(Protocol):
    """An incremental compressor of the standard library."""

    def compress(self, data: bytes, /) -> bytes:
        """Return what is ready."""

    def flush(self) -> bytes:
        """Return the rest."""


def split(estimator: str) -> tuple[str, int]:
    """Return the library's name and the level of an estimator such as `zlib:level=6`."""
    name, _, parameters = estimator.partition(":")
    return name, int(parameters.removeprefix("level=") or 9)


def compressor(estimator: str) -> Compressor:
    """Return the library's own compressor with kolmo's settings; KeyError if not simple."""
    name, level = split(estimator)
    makers: dict[str, Callable[[], Compressor]] = {
        "zlib": lambda: zlib.compressobj(level, zlib.DEFLATED, -15, 9),
        "bz2": lambda: bz2.BZ2Compressor(level),
    }
    return makers[name]()


def payload_bytes(estimator: str, path: str) -> int:
    """Return how many bytes the library makes of the file, a constant header apart."""
    machine, made = compressor(estimator), 0
    with open(path, "rb") as file:
        while block := file.read(BLOCK):
            made += len(machine.compress(block))
    return made + len(machine.flush()) - HEADER_BYTES[split(estimator)[0]]


if __name__ == "__main__":
    print(payload_bytes(sys.argv[1], sys.argv[2]))
