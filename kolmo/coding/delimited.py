"""A range coder whose messages tell where they end, for the price of at most 9 bits.

The shortest end of `kolmo.coding.rangecoder` relies on the zeros that follow a message: after it
nothing else may stand, unless its length is told. Here the last bytes are chosen so that whatever
follows them, the number stays in the interval. Hence no message is the beginning of another one
that the same models can read, and a sum of 2**-bits over all of them is at most 1 (Kraft). That is
cheaper than telling the length of any but the shortest messages.
"""

from kolmo.coding.code import damaged
from kolmo.coding.rangecoder import RangeDecoder, RangeEncoder

_WORD_BITS = 64
_MASK = (1 << _WORD_BITS) - 1
_MOST_BYTES = 2


class DelimitedEncoder(RangeEncoder):
    """Stores intervals; the message is complete by itself."""

    def finish(self) -> bytes:
        """Return the message: one or two bytes follow those that are out; none if it is empty."""
        ending, carry = _ending(self._low, self._range)
        message = bytearray(self._bytes)
        position = len(message) - 1
        while carry:
            message[position] = (message[position] + 1) & 255
            carry = message[position] == 0
            position -= 1
        return bytes(message) + ending


class DelimitedDecoder(RangeDecoder):
    """Gives back the intervals of a message of `DelimitedEncoder`."""

    def finish(self) -> None:
        """Raise DecodeError unless the message ends here, as the encoder would have ended it."""
        rest = bytes(self._payload[self._position :])
        view = int.from_bytes(rest[: _WORD_BITS // 8].ljust(_WORD_BITS // 8, b"\0"), "big")
        low = (view - self._offset) & _MASK
        if rest != _ending(low, self._range)[0]:
            raise damaged(f"its end is not where it should be, after byte {self._position}")


def _ending(low: int, span: int) -> tuple[bytes, bool]:
    """Return the fewest last bytes that need nothing after them, and whether 1 must be carried.

    All numbers of 64 bits that begin with them lie in [low, low + span); as span >= 2**56, two
    bytes are always enough.
    """
    if low == 0 and span == _MASK:
        return b"", False
    for count in range(1, _MOST_BYTES + 1):
        unit = 1 << (_WORD_BITS - 8 * count)
        first = -(-low // unit)
        if (first + 1) * unit <= low + span or count == _MOST_BYTES:
            break
    carry, digits = divmod(first, 1 << 8 * count)
    return digits.to_bytes(count, "big"), carry == 1
