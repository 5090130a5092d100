"""Bytes through a range coder under a user's predictor, and back by a fresh one."""

import zlib
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import NamedTuple

from kolmo.coding.code import Interval
from kolmo.coding.delimited import DelimitedDecoder, DelimitedEncoder
from kolmo.coding.rangecoder import RangeDecoder
from kolmo.complexity.predictor import Learner, Predictor
from kolmo.errors import CertificationError

Factory = Callable[[], Predictor]

PIECE_BYTES = 1 << 12
RECORD_BYTES = 40  # for each byte of data: eight sums of four bytes, and the data


class Sent(NamedTuple):
    """A message, its ideal length, and a sum of each distribution that was used."""

    payload: bytes
    bits: float
    record: "array[int]"


def send(
    factory: Factory, data: bytes, side: bytes, step: Callable[[], None] | None = None
) -> Sent:
    """Return the message of ``data`` for a predictor that was told ``side``.

    Parameters
    ----------
    step : callable
        Called after each byte, of the side information, too.
    """
    learner, coder, record = Learner(factory), DelimitedEncoder(), array("I")
    learner.read(side, step)
    for byte in data:
        for symbol in learner.split(byte):
            shares = learner.shares()
            coder.put([_interval(sum(shares[:symbol]), shares[symbol], sum(shares))])
            record.append(_fingerprint(shares))
            learner.update(symbol)
        if step is not None:
            step()
    return Sent(coder.finish(), coder.bits, record)


def receive(
    factory: Factory,
    payload: bytes,
    length: int,
    side: bytes,
    *,
    record: "array[int] | None" = None,
    step: Callable[[], None] | None = None,
) -> Iterator[bytes]:
    """Yield the data; where the sender's record is at hand, compare each distribution with it.

    Raises
    ------
    CertificationError
        At the first distribution that differs from the sender's.
    DecodeError
        If the payload is no message of this predictor.
    """
    learner, coder, piece = Learner(factory), DelimitedDecoder(payload), bytearray()
    learner.read(side, step)
    for position in range(length):
        byte = 0
        for number in range(learner.steps):
            shares = learner.shares()
            at = position * learner.steps + number
            if record is not None and record[at : at + 1] != array("I", [_fingerprint(shares)]):
                raise _differing(learner.place)
            symbol = _next_symbol(coder, shares)
            learner.update(symbol)
            byte = byte * learner.symbols + symbol
        piece.append(byte)
        if step is not None:
            step()
        if len(piece) == PIECE_BYTES:
            yield bytes(piece)
            piece.clear()
    coder.finish()
    if piece:
        yield bytes(piece)


def _next_symbol(coder: RangeDecoder, shares: list[float]) -> int:
    ends = list(accumulate(shares))
    symbol = bisect_right(ends, coder.peek(int(ends[-1])))
    coder.skip(_interval(ends[symbol] - shares[symbol], shares[symbol], ends[-1]))
    return symbol


def _interval(start: float, frequency: float, total: float) -> Interval:
    return Interval(int(start), int(frequency), int(total))


def _fingerprint(shares: list[float]) -> int:
    return zlib.crc32(array("d", shares))


def _differing(place: str) -> CertificationError:
    return CertificationError(
        f"predictor is not deterministic: {place} the decoder's distribution differs from the "
        "encoder's. Seed what is random in the constructor, and let instances share nothing."
    )
