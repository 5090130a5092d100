"""Slow, obvious twins of the kernels of weights, written from the papers."""

from collections.abc import Sequence


def pack_by_shares(
    symbols: Sequence[int], shares: Sequence[int], share_bits: int, stacks: int
) -> tuple[list[int], list[int]]:
    """Return the heads of interleaved stacks, and the 16-bit words in the order of reading.

    Symbol i belongs to stack i % stacks. A head x lies in [2**15, 2**31); the symbol with the share
    f from the start s takes it to (x // f) << share_bits | s + x % f.
    """
    heads, words = [1 << 15] * stacks, []
    for i in reversed(range(len(symbols))):
        share, start = shares[symbols[i]], sum(shares[: symbols[i]])
        x = heads[i % stacks]
        while (x // share << share_bits) + start + x % share >= 1 << 31:
            words.append(x % (1 << 16))
            x >>= 16
        heads[i % stacks] = (x // share << share_bits) + start + x % share
    return heads, words[::-1]


def unpack_by_shares(
    heads: Sequence[int], words: Sequence[int], shares: Sequence[int], share_bits: int, count: int
) -> tuple[list[int], list[int], int]:
    """Return symbols, the heads that are left, and how many words were used."""
    heads, symbols, used = list(heads), [], 0
    for i in range(count):
        x = heads[i % len(heads)]
        slot = x % (1 << share_bits)
        symbol, start = 0, 0
        while start + shares[symbol] <= slot:
            start += shares[symbol]
            symbol += 1
        x = shares[symbol] * (x >> share_bits) + slot - start
        if x < 1 << 15:
            x = x << 16 | words[used]
            used += 1
        heads[i % len(heads)] = x
        symbols.append(symbol)
    return symbols, heads, used
