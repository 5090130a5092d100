"""Targets of calls and jumps in x86 code, from relative to absolute and back, in place.

After each byte E8 or E9 whose operand reaches less than 16 MiB far, the operand, 32 bits with the
lowest byte first, gets its place added, or taken off again. A call to the same target then looks
the same from everywhere. What was changed is known again by the same test, as 25 bits keep their
sign; hence both directions find the same operands.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.jit import kernel

Int = Any  # int64 in numba's eyes

OPERAND_BITS = 25
CALL, JUMP = 0xE8, 0xE9


@kernel
def shift_branches(code: NDArray[np.uint8], sign: Int) -> None:
    """Add ``sign`` times its place to each near operand of ``code``; the largest is 2**31."""
    place = 0
    while place + 5 <= code.size:
        top = code[place + 4]
        if (code[place] == CALL or code[place] == JUMP) and (top == 0 or top == 255):
            operand = np.int64(0)
            for k in range(4):
                operand |= np.int64(code[place + 1 + k]) << (8 * k)
            moved = (operand + sign * place) & ((1 << OPERAND_BITS) - 1)
            if moved >> (OPERAND_BITS - 1):
                moved |= 0xFF << 24
            for k in range(4):
                code[place + 1 + k] = (moved >> (8 * k)) & 255
            place += 5
        else:
            place += 1
