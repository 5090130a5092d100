"""Slow, obvious twins of the coders and codes, in exact fractions, written from the papers."""

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations, pairwise

Triple = tuple[int, int, int]


def shortest_message_bytes(intervals: Sequence[Triple]) -> int:
    """Return the length of the shortest message of an arithmetic coder that never rounds.

    Whatever bytes follow the message, the number lies inside the final interval.
    """
    low, width = Fraction(0), Fraction(1)
    for start, frequency, total in intervals:
        low += width * Fraction(start, total)
        width *= Fraction(frequency, total)
    size = 0
    while Fraction(math.ceil(low * 256**size) + 1, 256**size) > low + width:
        size += 1
    return size


def urn_probability(symbols: Sequence[int], weights: Sequence[int], step: int) -> Fraction:
    """Return the probability of drawing some symbols one after the other."""
    current, probability = list(weights), Fraction(1)
    for symbol in symbols:
        probability *= Fraction(current[symbol], sum(current))
        current[symbol] += step
    return probability


def urn_intervals(symbols: Sequence[int], weights: Sequence[int], step: int) -> list[Triple]:
    """Return the interval of each symbol: the weights before it, its own, and all."""
    current, found = list(weights), []
    for symbol in symbols:
        found.append((sum(current[:symbol]), current[symbol], sum(current)))
        current[symbol] += step
    return found


def compositions(length: int, parts: int) -> Iterator[tuple[int, ...]]:
    """Yield every way to write ``length`` as an ordered sum of ``parts`` numbers >= 0."""
    for bars in combinations(range(length + parts - 1), parts - 1):
        edges = [-1, *bars, length + parts - 1]
        yield tuple(b - a - 1 for a, b in pairwise(edges))


def arrangements(counts: Sequence[int]) -> int:
    """Return n! / (n_1! n_2! ...)."""
    return math.factorial(sum(counts)) // math.prod(map(math.factorial, counts))


def likelihood(counts: Sequence[int]) -> Fraction:
    """Return the greatest probability of one sequence with these counts: the product of p**n."""
    length = sum(counts)
    return math.prod((Fraction(count, length) ** count for count in counts), start=Fraction(1))


def multinomial_complexity(categories: int, length: int) -> Fraction:
    """Return the sum of the maximised likelihoods of all sequences (Kontkanen 2007, equation 3)."""
    return sum(
        (arrangements(c) * likelihood(c) for c in compositions(length, categories)), Fraction(0)
    )


def multinomial_recurrence(categories: int, length: int) -> Fraction:
    """Return the same by C(K + 2, n) = C(K + 1, n) + n / K C(K, n), for larger numbers."""
    sums = [Fraction(1), multinomial_complexity(2, length)]
    while len(sums) < categories:
        sums.append(sums[-1] + Fraction(length, len(sums) - 1) * sums[-2])
    return sums[categories - 1]


def gamma_word(value: int) -> str:
    """Return Elias' gamma code (1975, section IV)."""
    digits = f"{value:b}"
    return "0" * (len(digits) - 1) + digits


def delta_word(value: int) -> str:
    """Return Elias' delta code (1975, section IV)."""
    digits = f"{value:b}"
    return gamma_word(len(digits)) + digits[1:]


def omega_word(value: int) -> str:
    """Return Elias' omega code (1975, section V)."""
    word = "0"
    while value > 1:
        word = f"{value:b}{word}"
        value = len(f"{value:b}") - 1
    return word


def classes(layout: tuple[int, int, int]) -> Iterator[tuple[int, int]]:
    """Yield the first cell and the number of cells of each class, outwards from the anchor.

    ``layout``: log2 of the single cells, log2 of the classes in an octave, octaves.
    """
    linear_bits, class_bits, octaves = layout
    for cell in range(2**linear_bits):
        yield cell, 1
    for octave in range(octaves):
        first = 2 ** (linear_bits + octave)
        for part in range(2**class_bits):
            yield first + part * first // 2**class_bits, first // 2**class_bits
