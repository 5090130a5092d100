"""The generators of the dynamics: integers only, hence the same picks on every machine.

Eight xoshiro256++ run side by side, so that one instruction serves several of them: they make the
stream that a chain of picks consumes. The mixing function of SplitMix64 makes the number that
belongs to a counter, where a result must not depend on an order.

References
----------
D. Blackman, S. Vigna (2021). Scrambled linear pseudorandom number generators. ACM Transactions on
Mathematical Software 47(4), 36. doi:10.1145/3460772. Figure 4, xoshiro256++.

G. L. Steele, D. Lea, C. H. Flood (2014). Fast splittable pseudorandom number generators. OOPSLA.
doi:10.1145/2660193.2660195. Figure 16, the function mix64.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.jit import kernel

Words = NDArray[np.uint64]
Bytes = NDArray[np.uint8]
Places = NDArray[np.uint32]
Counts = NDArray[np.int64]
Word = Any  # np.uint64: in numba's eyes; numpy's own stubs lose the type in every operation

LANES = 8
LANE_WORDS = 4 * LANES
DRAWS = 256
SPAN = DRAWS + LANES
LEFT_A, RIGHT_A = np.uint64(23), np.uint64(41)
LEFT_B, RIGHT_B = np.uint64(45), np.uint64(19)
SHIFT = np.uint64(17)
ONE = np.uint64(1)
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
MIX_A, MIX_B = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
SHIFT_A, SHIFT_B, SHIFT_C = np.uint64(30), np.uint64(27), np.uint64(31)


@kernel
def fill(lanes: Words, history: Words, draws: Words) -> None:
    """Fill ``draws`` with uniform words, the generators taking turns.

    Parameters
    ----------
    lanes : uint64[LANE_WORDS]
        First the first words of all generators, then the second, third and fourth; all change.
    history : uint64[4 * SPAN]
        Scratch: the words after every draw. Nothing is overwritten, and a step depends on what
        lies LANES places back: so the compiler sees that eight steps can go together.
    draws : uint64[DRAWS]
        Receives the draws.
    """
    for j in range(4):
        for k in range(LANES):
            history[j * SPAN + k] = lanes[j * LANES + k]
    for i in range(DRAWS):
        a, b = history[i], history[i + SPAN]
        c, d = history[i + 2 * SPAN], history[i + 3 * SPAN]
        total = a + d
        draws[i] = ((total << LEFT_A) | (total >> RIGHT_A)) + a
        shifted = b << SHIFT
        c ^= a
        d ^= b
        history[i + LANES] = a ^ d
        history[i + LANES + SPAN] = b ^ c
        history[i + LANES + 2 * SPAN] = c ^ shifted
        history[i + LANES + 3 * SPAN] = (d << LEFT_B) | (d >> RIGHT_B)
    for j in range(4):
        for k in range(LANES):
            lanes[j * LANES + k] = history[j * SPAN + DRAWS + k]


@kernel
def mix(counter: Word, key: Word) -> Word:
    """Return the 64 random bits that SplitMix64, started at ``key``, gives as number counter."""
    bits = key + (counter + ONE) * GOLDEN
    bits = (bits ^ (bits >> SHIFT_A)) * MIX_A
    bits = (bits ^ (bits >> SHIFT_B)) * MIX_B
    return bits ^ (bits >> SHIFT_C)
