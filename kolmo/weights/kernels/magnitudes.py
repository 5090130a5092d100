"""The scale-mixing coder: magnitudes and signs of a tensor, one loop for both directions.

A magnitude m has a bucket: floor(log2 m) and -1 for 0, or the exponent of a float. It is found by
steps up or down from a start that the tensor names; then up to three bits below the highest are
modelled, and the rest told plainly; last the sign. What a step depends on is where its bucket lies
beside three estimates of how large magnitudes are here: the product of row and column, the
neighbours before, and a blend.

The largest values: magnitudes are below 2**63, whole numbers below 2**62; levels, magnitudes with
16 fractional bits, are capped at 2**45; sums of levels are halved above 2**57; logarithms of levels
fit in 9 bits.
"""

import numpy as np

from kolmo.coding.kernels.binary import code_plain
from kolmo.coding.kernels.coder import KIND, RANGE_CODER, Bytes, Words
from kolmo.jit import lean_kernel
from kolmo.weights.kernels.mixing import (
    CHOSEN,
    COUNTER,
    LOG,
    PLACE,
    SCALES,
    SHAPES,
    Int,
    Numbers,
    counted_bit,
    mixed_bit,
)
from kolmo.weights.kernels.trellis import next_state

Coder = tuple[Words, Bytes]

# state[]: what the tensor says of itself, and its number of columns
FLOATING, WIDTH, DROPPED, START, COLUMNS, TRELLIS, ZEROS, TOP, MATRIX = 0, 1, 2, 3, 4, 5, 6, 7, 8
PARAMETERS = 9
# what has been seen so far
TOTAL, SEEN, NEAR, ROW_SUM, ROW_EXPECTED, ROW, COLUMN = 16, 17, 18, 19, 20, 21, 22
LEFT, TRELLIS_STATE, OCTAVES = 23, 24, 25
# logarithms of estimates of the scale, in eighths of an octave
BLENDED, NEIGHBOURS, PRODUCT, OVER = 32, 33, 34, 35

OCTAVE, RATIOS, LOW_RATIO = 8, 192, -144
GEOMETRIES, KINDS = 17, 11
REACH, UP, DOWN, MANTISSA = 0, 1, 2, 3
CONTINUOUS, ODD_GEOMETRY, GEOMETRY_BUCKETS = 16, 8, 8
MODELLED_BITS = 3

LEVEL_BITS = 16
LEVEL_CAP = (1 << 45) - 1
SUM_CAP = 1 << 57
WINDOW = 1 << 14
ROW_PRIOR = 8
LARGEST_COLUMN_COUNT = 255

MOST_STEPS, PLAIN_BUCKET_BITS = 20, 11
NODE_BUCKETS, FLOAT_OFFSET = 32, 20
COARSE = RATIOS >> 2
CELLS = 2 * KINDS * NODE_BUCKETS * COARSE
SIGN_CELLS = 3 * CELLS
ZERO_CELLS = SIGN_CELLS + 18
ZERO_SIGN = ZERO_CELLS + 4
MEANS = COUNTER + ZERO_SIGN + 1  # a mean level for each column, then the levels above, signed


@lean_kernel
def code_magnitudes(
    head: Words,
    data: Bytes,
    values: tuple[Numbers, Numbers],
    given: tuple[Numbers, Numbers],
    memory: tuple[Numbers, Numbers],
) -> Int:
    """Write magnitudes and signs, or read as many; return their number.

    Parameters
    ----------
    head, data : uint64[5], uint8[]
        The coder; see `kolmo.coding.kernels.binary`.
    values : (int64[n], uint8[n])
        Magnitudes and signs, to be written or filled.
    given : (int64[n], uint8[n]), or two empty arrays
        What a base says of each: by how many octaves larger it is likely to be, and a sign.
    memory : (int64[], int32[])
        State and tables, as listed on top and in `kolmo.weights.kernels.mixing`. The state is kept
        from call to call: a tensor may come in pieces.
    """
    magnitudes, signs = values
    state, tables = memory
    for i in range(magnitudes.size):
        hint = np.int64(0)
        if given[0].size > 0:
            state[OCTAVES] = given[0][i]
            hint = np.int64(given[1][i])
        _look_around(state, tables)
        found = _code_magnitude(head, data, magnitudes[i], state, tables)
        sign = np.int64(0)
        if state[FLOATING] == 1 or found > 0:
            cell = SIGN_CELLS + _sign_context(state) + 9 * hint if found > 0 else ZERO_SIGN
            sign = counted_bit((head, data), np.int64(signs[i]), cell, state, tables)
        if head[KIND] == RANGE_CODER:
            magnitudes[i], signs[i] = found, sign
        _remember(found, sign, state)
        if state[TRELLIS] == 1:
            state[TRELLIS_STATE] = next_state(state[TRELLIS_STATE], found)
    return magnitudes.size


@lean_kernel
def log_level(level: Int, tables: Numbers) -> Int:
    """Return 8 log2(level + 1), from a table of 256 steps to the octave; level < 2**60."""
    rest = level + 1
    power = 8
    while rest >= 1 << 24:
        rest >>= 16
        power += 16
    if rest >= 1 << 16:
        rest >>= 8
        power += 8
    if rest < 1 << 8:
        rest <<= 8
        power -= 8
    if rest >= 1 << 12:
        rest >>= 4
        power += 4
    if rest >= 1 << 10:
        rest >>= 2
        power += 2
    if rest >= 1 << 9:
        rest >>= 1
        power += 1
    return OCTAVE * power + np.int64(tables[LOG + (rest & 255)])


@lean_kernel
def _look_around(state: Numbers, tables: Numbers) -> None:
    """Estimate the scale at the next place in three ways."""
    row = log_level(state[ROW_SUM], tables) - log_level(state[ROW_EXPECTED], tables)
    if state[MATRIX] == 1:
        column = state[COLUMN]
        state[PRODUCT] = log_level(state[MEANS + column], tables) + row
        state[OVER] = log_level(abs(state[MEANS + state[COLUMNS] + column]), tables)
    else:
        mean = log_level(state[TOTAL] // state[SEEN], tables)
        state[PRODUCT] = mean + row
        state[OVER] = mean
    state[NEIGHBOURS] = log_level(state[NEAR], tables)
    state[BLENDED] = (state[NEIGHBOURS] + 3 * state[PRODUCT]) >> 2


@lean_kernel
def _code_magnitude(head: Words, data: Bytes, m: Int, state: Numbers, tables: Numbers) -> Int:
    """Code one magnitude and return it."""
    floating, width, dropped = state[FLOATING] == 1, state[WIDTH], state[DROPPED]
    if state[ZEROS] == 1:
        cell = ZERO_CELLS + _zero_context(state)
        if counted_bit((head, data), int(m == 0), cell, state, tables) == 1:
            return 0
    bucket = _code_bucket((head, data), _bucket(m, state), state, tables)
    below = width if floating else max(bucket, 0)
    rest = (m & ((np.int64(1) << below) - 1)) >> dropped
    left = max(below - dropped, 0)
    low, node = np.int64(0), 1
    while node < 1 << MODELLED_BITS and left > 0:
        left -= 1
        bit = (rest >> left) & 1
        bit = _step((head, data), bit, (MANTISSA + node, bucket), state, tables)
        node = 2 * node + bit
        low = 2 * low + bit
    while left > 0:
        piece = min(left, 16)
        left -= piece
        value = np.uint64((rest >> left) & ((1 << piece) - 1))
        low = (low << piece) | np.int64(code_plain(head, data, value, piece))
    low <<= dropped
    if floating:
        return (bucket << width) | low
    return (np.int64(1) << below) | low if bucket >= 0 else np.int64(0)


@lean_kernel
def _bucket(m: Int, state: Numbers) -> Int:
    if state[FLOATING] == 1:
        return m >> state[WIDTH]
    bucket = -1
    while m > 0:
        m >>= 1
        bucket += 1
    return bucket


@lean_kernel
def _code_bucket(coder: Coder, bucket: Int, state: Numbers, tables: Numbers) -> Int:
    """Code a bucket by steps from the start; after many, tell it plainly."""
    here = state[START]
    least = 0 if state[FLOATING] == 1 else -1
    rising = _step(coder, int(bucket >= here), (REACH, here), state, tables) == 1
    if not rising:
        here -= 1
    for _ in range(MOST_STEPS):
        if rising:
            if here >= state[TOP]:
                return here
            if _step(coder, int(bucket > here), (UP, here), state, tables) == 0:
                return here
            here += 1
        else:
            if here <= least:
                return least
            if _step(coder, int(bucket >= here), (DOWN, here), state, tables) == 1:
                return here
            here -= 1
    told = code_plain(coder[0], coder[1], np.uint64(bucket - least), PLAIN_BUCKET_BITS)
    return min(np.int64(told) + least, state[TOP])


@lean_kernel
def _step(coder: Coder, bit: Int, what: tuple[Int, Int], state: Numbers, tables: Numbers) -> Int:
    """Code one step of a kind, or one bit below the highest, at a bucket."""
    kind, bucket = what
    odd = state[TRELLIS_STATE] & 1
    geometry, height, node = CONTINUOUS, bucket, bucket
    if state[FLOATING] == 1:
        height = bucket - state[START]
        node = height + FLOAT_OFFSET
    elif bucket < GEOMETRY_BUCKETS:
        geometry = bucket + ODD_GEOMETRY * odd
    node = min(max(node, 0), NODE_BUCKETS - 1)
    height = OCTAVE * (height - state[OCTAVES] + LEVEL_BITS) - LOW_RATIO
    for j in range(SCALES):
        ratio = min(max(height - state[BLENDED + j], 0), RATIOS - 1)
        state[PLACE + j] = ((ratio * GEOMETRIES + geometry) * KINDS + kind) * SHAPES
    context = ((odd * KINDS + kind) * NODE_BUCKETS + node) * COARSE
    for j in range(SCALES):
        ratio = min(max(height - state[NEIGHBOURS + j], 0), RATIOS - 1)
        state[PLACE + SCALES + j] = j * CELLS + context + (ratio >> 2)
    state[CHOSEN] = odd * KINDS + kind
    return mixed_bit(coder[0], coder[1], bit, state, tables)


@lean_kernel
def _sign_context(state: Numbers) -> Int:
    """Return which signs the weights to the left and above have: 0 to 8."""
    over = np.int64(0)
    if state[MATRIX] == 1:
        over = state[MEANS + state[COLUMNS] + state[COLUMN]]
    return 3 * (1 + np.sign(state[LEFT])) + 1 + np.sign(over)


@lean_kernel
def _zero_context(state: Numbers) -> Int:
    """Return whether the weights to the left and above are about 0: 0 to 3."""
    over = 0
    if state[MATRIX] == 1 and state[MEANS + state[COLUMNS] + state[COLUMN]] == 0:
        over = 1
    return 2 * int(state[LEFT] == 0) + over


@lean_kernel
def _remember(m: Int, sign: Int, state: Numbers) -> None:
    """Update all means by the level of a magnitude, and go on to the next place."""
    level = _level(m, state)
    signed = -level if sign == 1 else level
    mean = state[TOTAL] // state[SEEN]
    column = state[COLUMN]
    expected = mean
    if state[MATRIX] == 1:
        expected = state[MEANS + column]
        count = min(state[ROW] + 2, LARGEST_COLUMN_COUNT)
        state[MEANS + column] = expected + (level - expected) // count
        state[MEANS + state[COLUMNS] + column] = signed
    state[LEFT] = signed
    state[NEAR] += (level - state[NEAR]) >> 3
    state[TOTAL] += level
    state[SEEN] += 1
    if state[SEEN] >= WINDOW or state[TOTAL] > SUM_CAP:
        state[SEEN] = (state[SEEN] + 1) >> 1
        state[TOTAL] >>= 1
    state[ROW_SUM] += level
    state[ROW_EXPECTED] += expected
    if state[ROW_SUM] > SUM_CAP or state[ROW_EXPECTED] > SUM_CAP:
        state[ROW_SUM] >>= 1
        state[ROW_EXPECTED] >>= 1
    state[COLUMN] = column + 1
    if state[COLUMN] >= state[COLUMNS]:
        state[COLUMN] = 0
        state[ROW] += 1
        state[ROW_SUM] = state[ROW_EXPECTED] = (mean + 1) * ROW_PRIOR


@lean_kernel
def _level(m: Int, state: Numbers) -> Int:
    """Return a magnitude on the scale that rows and columns share, 16 bits of it fractional."""
    if state[FLOATING] == 1:
        width = state[WIDTH]
        mantissa = (m >> (width - 8)) & 255 if width >= 8 else (m << (8 - width)) & 255
        mantissa |= 256
        power = (m >> width) - state[START] + LEVEL_BITS - 8
        if m == 0 or power < -8:
            return 0
        if power < 0:
            return mantissa >> -power
        return min(mantissa << min(power, 40), LEVEL_CAP)
    level = 2 * m - (state[TRELLIS_STATE] & 1) if m > 0 else np.int64(0)
    power = LEVEL_BITS - 1 - state[OCTAVES]
    if power < 0:
        return level >> min(-power, 62)
    if level > LEVEL_CAP >> min(power, 45):
        return LEVEL_CAP
    return level << power
