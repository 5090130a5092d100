"""Reading the digits of plain numbers, and writing them again."""

import numpy as np

from kolmo.jit import kernel
from kolmo.table.kernels.arrays import Bytes, Int64s, Offsets


@kernel
def scan_numbers(
    data: Bytes, starts: Offsets, stops: Offsets, mantissas: Int64s, forms: Offsets
) -> None:
    """Write the digits of each plain number as an integer, and its form (see ``forms.py``).

    A number of up to 18 digits is at most 10**18 - 1, which int64 holds. What is longer or goes
    on with an exponent is marked HARD, anything else TEXT.
    """
    for i in range(starts.size):
        p, stop = int(starts[i]), int(stops[i])
        sign = 0
        if p < stop and (data[p] == 43 or data[p] == 45):
            sign = 1 if data[p] == 43 else 2
            p += 1
        mantissa = whole = significant = shown = trailing = point = 0
        while p < stop and 48 <= data[p] <= 57 and whole < 19:
            if whole < 18:
                mantissa = mantissa * 10 + (int(data[p]) - 48)
            whole += 1
            significant += mantissa > 0
            p += 1
        if p < stop and data[p] == 46:
            point = 1
            p += 1
        while p < stop and 48 <= data[p] <= 57 and whole + shown < 19:
            if whole + shown < 18:
                mantissa = mantissa * 10 + (int(data[p]) - 48)
            shown += 1
            trailing = trailing + 1 if data[p] == 48 else 0
            p += 1
        digits = whole + shown
        mantissas[i] = -mantissa if sign == 2 else mantissa
        if digits > 18 or (digits > 0 and p < stop and (data[p] == 69 or data[p] == 101)):
            forms[i] = 1 << 31
        elif digits == 0 or p < stop:
            forms[i] = 1 << 30
        else:
            mode = sign if sign < 2 or mantissa == 0 else 0
            negative = 1 if sign == 2 and mantissa != 0 else 0
            bare = 1 if point and shown == 0 else 0
            forms[i] = (
                shown
                | trailing << 5
                | whole << 10
                | significant << 15
                | mode << 20
                | bare << 22
                | negative << 23
            )


@kernel
def spell_numbers(
    values: Int64s,
    scale: int,
    marks: Offsets,
    styles: Int64s,
    data: Bytes,
    stops: Offsets,
    used: int,
) -> int:
    """Write the text of each value after ``used`` bytes; return the number of bytes.

    Parameters
    ----------
    scale : int
        Decimals of the values, 0 to 18.
    styles : int64[k, 4]
        Sign mode, least digits before and after the point, bare point; -1 first for a style that
        is not written here, whose values get no bytes.
    data : uint8[bytes]
        At least 24 bytes and the two least numbers of digits for each value.
    """
    digits = np.empty(20, np.uint8)
    q = used
    for i in range(values.size):
        style = int(marks[i])
        mode, least_whole = styles[style, 0], styles[style, 1]
        least_shown, bare = styles[style, 2], styles[style, 3]
        if mode >= 0:
            rest = abs(values[i])
            count = 0  # digits[:count], last digit first; at most 19
            while rest > 0:
                digits[count] = 48 + rest % 10
                rest //= 10
                count += 1
            while count < scale:
                digits[count] = 48
                count += 1
            if values[i] < 0 or (values[i] == 0 and mode == 2):
                data[q] = 45
                q += 1
            elif mode == 1:
                data[q] = 43
                q += 1
            for _ in range(least_whole - (count - scale)):
                data[q] = 48
                q += 1
            for k in range(count - 1, scale - 1, -1):
                data[q] = digits[k]
                q += 1
            last = 0
            while last < scale and digits[last] == 48:
                last += 1
            shown = max(scale - last, least_shown)
            if shown > 0 or bare:
                data[q] = 46
                q += 1
            for k in range(shown):
                data[q] = digits[scale - 1 - k] if k < scale else 48
                q += 1
        stops[i] = q
    return q
