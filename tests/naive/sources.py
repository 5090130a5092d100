"""Slow, obvious twins of the sources and sequences of `kolmo bench`; fractions where they can be.

A law of strings is a dictionary from each string of one length, as a tuple, to its chance.
"""

import math
from collections import defaultdict
from fractions import Fraction
from itertools import pairwise, permutations, product

import numpy as np

Law = dict[tuple[int, ...], Fraction]


def exact(chance: float) -> Fraction:
    """Return the decimal that was written, not the double it became."""
    return Fraction(str(chance))


def stationary(ones: tuple[float, ...]) -> list[Fraction]:
    """Return the law of contexts, by Gauss' elimination of law = law x matrix, sum 1."""
    size = len(ones)
    rows = [[Fraction(-(i == j)) for i in range(size)] + [Fraction(0)] for j in range(size)]
    for i, one in enumerate(map(exact, ones)):
        rows[2 * i % size][i] += 1 - one
        rows[(2 * i + 1) % size][i] += one
    rows[-1] = [Fraction(1)] * (size + 1)
    for i in range(size):
        pivot = next(row for row in rows[i:] if row[i])
        rows.remove(pivot)
        rows.insert(i, [value / pivot[i] for value in pivot])
        for j in range(size):
            if j != i:
                rows[j] = [a - rows[j][i] * b for a, b in zip(rows[j], rows[i], strict=True)]
    return [row[-1] for row in rows]


def chain_chance(ones: tuple[float, ...], bits: tuple[int, ...]) -> Fraction:
    """Return the chance of a string: the sum over all contexts that may stand at its beginning."""
    order = len(ones).bit_length() - 1
    total = Fraction(0)
    for code, weight in enumerate(stationary(ones)):
        word = [code >> (order - 1 - place) & 1 for place in range(order)]
        if list(bits[:order]) != word[: len(bits)]:
            continue
        for time in range(order, len(bits)):
            context = int("0" + "".join(map(str, bits[time - order : time])), 2)
            one = exact(ones[context])
            weight *= one if bits[time] else 1 - one
        total += weight
    return total


def chain_law(ones: tuple[float, ...], n: int) -> Law:
    return {bits: chain_chance(ones, bits) for bits in product((0, 1), repeat=n)}


def entropy(law: Law) -> float:
    return sum(float(-p) * math.log2(p) for p in law.values() if p)


def lag_law(distance: int, turned: float, n: int) -> Law:
    law = {}
    for bits in product((0, 1), repeat=n):
        chance = Fraction(1)
        for time, bit in enumerate(bits):
            if time < distance:
                chance /= 2
            else:
                chance *= exact(turned) if bit != bits[time - distance] else 1 - exact(turned)
        law[bits] = chance
    return law


def hidden_law(rise: float, fall: float, ones: tuple[float, float], n: int) -> Law:
    """Return the law: the sum over all ways through the states."""
    leave = exact(rise), exact(fall)
    law: Law = defaultdict(Fraction)
    for states in product((0, 1), repeat=n):
        way = leave[1 - states[0]] / sum(leave)
        for now, then in pairwise(states):
            way *= leave[now] if then != now else 1 - leave[now]
        for bits in product((0, 1), repeat=n):
            chance = way
            for state, bit in zip(states, bits, strict=True):
                chance *= exact(ones[state]) if bit else 1 - exact(ones[state])
            law[bits] += chance
    return law


def hidden_bits(rise: float, fall: float, ones: tuple[float, float], bits: np.ndarray) -> float:
    """Return -log2 of the chance of a string by the forward algorithm, normed at every symbol.

    L. R. Rabiner, A tutorial on hidden Markov models, Proc. IEEE 77 (1989), section III.A and
    equation 91: the sum of the logarithms of the scales.
    """
    belief, parts = rise / (rise + fall), []
    low, high = ones
    for bit in bits.tolist():
        upper = belief * (high if bit else 1 - high)
        chance = upper + (1 - belief) * (low if bit else 1 - low)
        parts.append(-math.log2(chance))
        state = upper / chance
        belief = state * (1 - fall) + (1 - state) * rise
    return math.fsum(parts)


def hidden_draw(rise: float, fall: float, ones: tuple[float, float], n: int) -> np.ndarray:
    """Return symbols of the chain from alternating stays of geometric length."""
    generator = np.random.Generator(np.random.PCG64(2026))
    stays = int(n * rise) + 1000
    lengths = np.stack([generator.geometric(rise, stays), generator.geometric(fall, stays)], axis=1)
    states = np.repeat(np.tile([0, 1], stays), lengths.ravel())[:n]
    assert len(states) == n
    return (generator.random(n) < np.array(ones)[states]).astype(np.uint8)


def hidden_rate_bounds(
    rise: float, fall: float, ones: tuple[float, float], n: int
) -> tuple[float, float]:
    """Return bounds of the entropy rate: H(X_n | X_1 .. X_n-1), with and without the first state.

    T. M. Cover, J. A. Thomas, Elements of Information Theory, theorem 4.5.1.
    """
    step = np.array([[1 - rise, rise], [fall, 1 - fall]])
    start = np.diag([fall, rise]) / (rise + fall)
    joint = start[None]  # chance of string, first state and present state
    entropies: list[tuple[float, float]] = []
    for _ in range(n):
        shown = [joint * np.where(bit, ones, 1 - np.array(ones)) for bit in (0, 1)]
        seen = np.concatenate(shown)
        parts = seen.sum(axis=2)
        whole = parts.sum(axis=1)
        known = -np.sum(parts * np.log2(parts, where=parts > 0, out=np.zeros_like(parts)))
        entropies.append((float(known), float(-np.sum(whole * np.log2(whole)))))
        joint = seen @ step
    (known, plain), (known_next, plain_next) = entropies[-2:]
    return known_next - known, plain_next - plain


def renewal_law(gaps: tuple[int, ...], chances: tuple[float, ...], n: int) -> Law:
    """Return the law: every way to lay gaps until the string is full."""
    law: Law = defaultdict(Fraction)

    def lay(bits: tuple[int, ...], chance: Fraction) -> None:
        if len(bits) >= n:
            law[bits[:n]] += chance
            return
        for gap, p in zip(gaps, chances, strict=True):
            lay((*bits, *[0] * (gap - 1), 1), chance * exact(p))

    lay((), Fraction(1))
    return law


def renewal_rate(gaps: tuple[int, ...], chances: tuple[float, ...]) -> float:
    """Return the entropy rate of the chain of "zeros since the last one", symbol by symbol."""
    weights, entropies = [], []
    for age in range(max(gaps)):
        alive = sum(p for gap, p in zip(gaps, chances, strict=True) if gap > age)
        ends = sum(p for gap, p in zip(gaps, chances, strict=True) if gap == age + 1) / alive
        weights.append(alive)
        entropies.append(sum(-p * math.log2(p) for p in (ends, 1 - ends) if p > 1e-12))
    return sum(w * h for w, h in zip(weights, entropies, strict=True)) / sum(weights)


def uniform_law(strings: list[tuple[int, ...]]) -> Law:
    """Return the law of a string drawn from a list, in which it may stand more than once."""
    law: Law = defaultdict(Fraction)
    for bits in strings:
        law[bits] += Fraction(1, len(strings))
    return law


def again_law(times: int, n: int) -> Law:
    return uniform_law([part * times for part in product((0, 1), repeat=n // times)])


def digits(values: tuple[int, ...] | list[int], width: int) -> tuple[int, ...]:
    return tuple(int(c) for value in values for c in format(value, f"0{width}b"))


def sort_law(width: int, n: int) -> Law:
    lists = product(range(2**width), repeat=n // (2 * width))
    return uniform_law([digits([*values, *sorted(values)], width) for values in lists])


def recall_law(width: int, n: int) -> Law:
    count = n // (8 * width)
    strings = []
    for keys in permutations(range(2**width), count):
        for values in product(range(2**width), repeat=count):
            for asked in product(range(count), repeat=3 * count):
                pairs = [(keys[i], values[i]) for i in (*range(count), *asked)]
                strings.append(digits([v for pair in pairs for v in pair], width))
    return uniform_law(strings)


def urn_chance(order: int, bits: tuple[int, ...]) -> Fraction:
    """Return the chance of a string, each context with Krichevsky and Trofimov's urn."""
    seen: dict[tuple[int, ...], list[int]] = defaultdict(lambda: [0, 0])
    chance = Fraction(1)
    for time, bit in enumerate(bits):
        if time < order:
            chance /= 2
            continue
        urn = seen[bits[time - order : time]]
        chance *= Fraction(2 * urn[bit] + 1, 2 * sum(urn) + 2)
        urn[bit] += 1
    return chance


def urn_law(order: int, n: int) -> Law:
    return {bits: urn_chance(order, bits) for bits in product((0, 1), repeat=n)}


def bits_of_chance(chance: Fraction) -> float:
    """Return -log2, also of a fraction too small for a double."""
    return math.log2(chance.denominator) - math.log2(chance.numerator)


def machin_pi(n: int) -> str:
    """Return n binary digits of pi after the point, by 16 arctan(1/5) - 4 arctan(1/239)."""
    one = 1 << (n + 64)

    def arctan(inverse: int) -> int:
        power, total, odd, sign = one // inverse, 0, 1, 1
        while power:
            total += sign * (power // odd)
            power //= inverse * inverse
            odd, sign = odd + 2, -sign
        return total

    return format((16 * arctan(5) - 4 * arctan(239)) >> 64, "b")[2:]


def thue_morse(n: int) -> list[int]:
    """Return the beginning of the fixed point of 0 -> 01, 1 -> 10."""
    word = [0]
    while len(word) < n:
        word = [bit for symbol in word for bit in (symbol, 1 - symbol)]
    return word[:n]


def fibonacci(n: int) -> list[int]:
    """Return the digits floor((i + 2) phi) - floor((i + 1) phi) turned: 2 is 0 and 1 is 1."""

    def multiple(i: int) -> int:
        return (i + math.isqrt(5 * i * i)) // 2

    return [2 - (multiple(i + 2) - multiple(i + 1)) for i in range(n)]


def rule30(n: int) -> list[int]:
    """Return the centre column, cell by cell."""
    cells, column = {0}, []
    for time in range(n):
        column.append(int(0 in cells))
        cells = {
            i
            for i in range(-time - 1, time + 2)
            if (i - 1 in cells) ^ ((i in cells) or (i + 1 in cells))
        }
    return column


def polynomial_power(exponent: int, modulus: int) -> int:
    """Return x to a power modulo a polynomial over two elements, coefficients as binary digits."""
    result, base = 1, 2
    while exponent:
        if exponent & 1:
            result = polynomial_product(result, base, modulus)
        base = polynomial_product(base, base, modulus)
        exponent >>= 1
    return result


def polynomial_product(a: int, b: int, modulus: int) -> int:
    total = 0
    for place in range(b.bit_length()):
        if b >> place & 1:
            total ^= a << place
    while total.bit_length() >= modulus.bit_length():
        total ^= modulus << (total.bit_length() - modulus.bit_length())
    return total


def is_primitive(polynomial: int) -> bool:
    """Return whether x has the full order, 2**64 - 1 or 2**22 - 1, whose primes are known."""
    full = (1 << polynomial.bit_length() - 1) - 1
    known = (3, 5, 17, 257, 641, 65537, 6700417), (3, 23, 89, 683)
    (primes,) = [primes for primes in known if math.prod(primes) == full]
    return polynomial_power(full, polynomial) == 1 and all(
        polynomial_power(full // p, polynomial) != 1 for p in primes
    )
