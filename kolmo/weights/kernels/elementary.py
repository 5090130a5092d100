"""Exponentials, logarithms and the normal law as scalar kernels, the same bits on every machine.

A receiver that trains a net again must arrive at the sender's bits. So nothing here comes from a
mathematics library: only IEEE + - * / and square roots, which are correctly rounded everywhere,
comparisons, exact splitting of exponents, and integers; every function takes a fixed number of
steps. The errors are a few units of the last place.

The upper tail of the normal law is its density times Mills' ratio R, and R satisfies R' = x R - 1:
its Taylor coefficients at every quarter from 0 to 38.5 are computed at import in integers.

References
----------
D. B. Owen (1956). Tables for computing bivariate normal probabilities. Annals of Mathematical
Statistics 27:1075. doi:10.1214/aoms/1177728074. Equation 2.1, the function T.

G. L. Steele, D. Lea, C. H. Flood (2014). Fast splittable pseudorandom number generators. OOPSLA.
doi:10.1145/2660193.2660195. Figure 16, the function mix64.

M. Abramowitz, I. A. Stegun (1964). Handbook of Mathematical Functions. 26.2.23, where the search
of a quantile starts.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.jit import kernel

Floats = NDArray[np.float64]
Word = Any  # np.uint64: in numba's eyes; numpy's own stubs lose the type in every operation

INFINITY = math.inf
ROUNDER = 1.5 * 2.0**52  # adding and subtracting it rounds to whole numbers
LOG2_E = 1.4426950408889634
LN_2_HIGH = float.fromhex("0x1.62e42fefap-1")  # 33 bits: times an exponent it is exact
LN_2_LOW = float.fromhex("0x1.cf79abc9e3b3ap-40")
ROOT_HALF = 0.7071067811865476
DENSITY_AT_0 = 0.3989422804014327
TWO_OVER_ROOT_PI = 1.1283791670955126
TWO_PI = 6.283185307179586

# An exponential: (e**t - 1 - t) / t**2 in powers of t, |t| <= ln(2) / 2.
EXPONENTIAL = np.array([1 / math.factorial(k + 2) for k in range(12)])
POWERS = np.array([math.ldexp(1.0, k) for k in range(-1022, 1024)])
ARTANH = np.array([1 / (2 * k + 1) for k in range(12)])
ERROR = np.array([(-1) ** k / ((2 * k + 1) * math.factorial(k)) for k in range(18)])

FIXED_BITS = 240
PER_UNIT = 4
LARGEST_TAIL = 38.5
TERMS = 15


def _mills_table() -> Floats:
    """Return Taylor coefficients of Mills' ratio around k / 4, in rows, from largest to 0.

    Start at 40 with the continued fraction 1/(x + 1/(x + 2/(x + ...))), and go down: an error then
    shrinks from row to row.
    """
    one = 1 << FIXED_BITS
    ratio = one * 40
    for k in range(300, 0, -1):
        ratio = 40 * one + k * one * one // ratio
    ratio = one * one // ratio
    rows = []
    for place in range(40 * PER_UNIT, -1, -1):
        coefficients = [ratio, place * ratio // PER_UNIT - one]
        for k in range(1, 80):
            following = place * coefficients[k] // PER_UNIT + coefficients[k - 1]
            coefficients.append(following // (k + 1))
        rows.append([c / one for c in coefficients[:TERMS]])
        ratio = sum(
            c * (-1) ** k // PER_UNIT**k for k, c in enumerate(coefficients)
        )  # at the row below
    return np.array(rows[::-1])


MILLS = _mills_table()

# Gauss-Legendre nodes and weights for [-1, 1], the positive half of 20.
NODES = np.array(
    [
        0.07652652113349734,
        0.22778585114164507,
        0.37370608871541955,
        0.5108670019508271,
        0.636053680726515,
        0.7463319064601508,
        0.8391169718222188,
        0.9122344282513259,
        0.9639719272779138,
        0.9931285991850949,
    ]
)
NODE_WEIGHTS = np.array(
    [
        0.15275338713072584,
        0.14917298647260374,
        0.14209610931838204,
        0.13168863844917664,
        0.11819453196151841,
        0.10193011981724044,
        0.08327674157670475,
        0.06267204833410907,
        0.04060142980038694,
        0.017614007139152118,
    ]
)

ONE = np.uint64(1)
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
MIX_A, MIX_B = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
SHIFT_A, SHIFT_B, SHIFT_C = np.uint64(30), np.uint64(27), np.uint64(31)
SPARE = np.uint64(12)
STEP_OF_UNIFORM = 2.0**-52


@kernel
def exp_tail(t: float) -> float:
    """Return (e**t - 1 - t) / t**2 for \\|t\\| <= ln(2) / 2, in two interleaved Horner chains."""
    square = t * t
    even, odd = EXPONENTIAL[10], EXPONENTIAL[11]
    for k in range(4, -1, -1):
        even = even * square + EXPONENTIAL[2 * k]
        odd = odd * square + EXPONENTIAL[2 * k + 1]
    return float(even + t * odd)


@kernel
def exp(x: float) -> float:
    """Return e**x; 0 below -708, infinite above 709."""
    if not -708.0 <= x <= 709.0:
        return x if x != x else (0.0 if x < 0.0 else INFINITY)
    whole = (x * LOG2_E + ROUNDER) - ROUNDER
    t = (x - whole * LN_2_HIGH) - whole * LN_2_LOW
    return float((1.0 + (t + t * t * exp_tail(t))) * POWERS[int(whole) + 1022])


@kernel
def log(x: float) -> float:
    """Return the natural logarithm of a normal number x > 0."""
    mantissa, exponent = math.frexp(x)
    if mantissa < ROOT_HALF:
        mantissa, exponent = 2.0 * mantissa, exponent - 1
    excess = mantissa - 1.0
    ratio = excess / (2.0 + excess)
    square = ratio * ratio
    series = ARTANH[11]
    for k in range(10, 0, -1):
        series = series * square + ARTANH[k]
    # ln(1 + f) = f - s f + 2 s**3 series, as 2 s = f - s f
    small = ratio * (2.0 * square * series - excess) + exponent * LN_2_LOW
    return float(exponent * LN_2_HIGH + (excess + small))


@kernel
def tanh(x: float) -> float:
    """Return the hyperbolic tangent."""
    size = abs(x)
    if size > 20.0:
        return 1.0 if x > 0.0 else -1.0
    double = 2.0 * size
    less = double + double * double * exp_tail(double) if double < 0.3 else exp(double) - 1.0
    found = less / (less + 2.0)
    return found if x >= 0.0 else -found


@kernel
def density(x: float) -> float:
    """Return the density of the standard normal law; x is split so that x**2 loses nothing."""
    size = min(abs(x), 40.0)
    high = ((size * 16.0 + ROUNDER) - ROUNDER) * 0.0625
    return exp(-0.5 * high * high) * exp(-0.5 * (size - high) * (size + high)) * DENSITY_AT_0


@kernel
def mills(x: float) -> float:
    """Return the upper tail of the normal law over its density, for 0 <= x <= 38.5."""
    place = int((x * PER_UNIT + ROUNDER) - ROUNDER)
    offset = x - place / PER_UNIT
    value = MILLS[place, TERMS - 1]
    for k in range(TERMS - 2, -1, -1):
        value = value * offset + MILLS[place, k]
    return float(value)


@kernel
def cumulative(x: float) -> float:
    """Return the standard normal probability of values below x, also far out to full accuracy."""
    size = abs(x)
    tail = density(size) * mills(size) if size <= LARGEST_TAIL else 0.0
    return tail if x < 0.0 else 1.0 - tail


@kernel
def erf(x: float) -> float:
    """Return the error function."""
    if abs(x) >= 0.5:
        size = abs(x) / ROOT_HALF
        tail = 2.0 * density(size) * mills(size) if size <= LARGEST_TAIL else 0.0
        return 1.0 - tail if x > 0.0 else tail - 1.0
    square = x * x
    series = ERROR[17]
    for k in range(16, -1, -1):
        series = series * square + ERROR[k]
    return float(TWO_OVER_ROOT_PI * x * series)


@kernel
def owens_t(h: float, a: float) -> float:
    """Return Owen's T(h, a), 0 <= a <= 1, to an absolute accuracy of 10**-15."""
    total = 0.0
    factor = -0.5 * h * h
    for k in range(10):
        for sign in range(-1, 2, 2):
            t = 0.5 * a * (1.0 + sign * NODES[k])
            rise = 1.0 + t * t
            total += NODE_WEIGHTS[k] * (exp(factor * rise) / rise)
    return float(total * (0.5 * a) / TWO_PI)


@kernel
def mix(counter: Word, key: Word) -> Word:
    """Return the 64 random bits that SplitMix64, started at ``key``, gives as number counter."""
    bits = key + (counter + ONE) * GOLDEN
    bits = (bits ^ (bits >> SHIFT_A)) * MIX_A
    bits = (bits ^ (bits >> SHIFT_B)) * MIX_B
    return bits ^ (bits >> SHIFT_C)


@kernel
def quantile(share: float) -> float:
    """Return where the normal law has the probability ``share`` below, for 2**-60 < share < 1.

    The start errs by less than 4.5e-4; each of two steps of Halley's method cubes the error.
    """
    tail = share if share < 0.5 else 1.0 - share
    t = math.sqrt(-2.0 * log(tail))
    above = 2.515517 + t * (0.802853 + t * 0.010328)
    x = t - above / (1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308)))
    for _ in range(2):
        x = max(x, 0.0)
        excess = mills(x) - tail / density(x)
        x += excess / (1.0 - 0.5 * x * excess)
    return -x if share < 0.5 else x


@kernel
def normal(counter: Word, key: Word) -> float:
    """Return the standard normal number that belongs to a counter under a key."""
    return quantile((float(mix(counter, key) >> SPARE) + 0.5) * STEP_OF_UNIFORM)
