"""Slow, obvious twins of the loops of tables and cuts, written from the papers."""

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations, pairwise

Symbols = Sequence[int]
Costs = Sequence[Sequence[float]]


def counts_of(contexts: Symbols, number: int, symbols: Symbols, size: int) -> list[list[int]]:
    """Return how often each symbol is in each context."""
    pairs = list(zip(contexts, symbols, strict=True))
    return [[pairs.count((a, b)) for b in range(size)] for a in range(number)]


def table_shares(
    contexts: Symbols, symbols: Symbols, size: int, step: int
) -> Iterator[tuple[int, int, int]]:
    """Yield the start, frequency and total of each symbol in the urn of its context.

    Every urn begins with a ball of each kind; after each draw ``step`` are put in: 1 is Laplace's
    rule, 2 that of Krichevsky and Trofimov.
    """
    urns: dict[int, list[int]] = {}
    for context, symbol in zip(contexts, symbols, strict=True):
        urn = urns.setdefault(context, [1] * size)
        yield sum(urn[:symbol]), urn[symbol], sum(urn)
        urn[symbol] += step


def table_bits(contexts: Symbols, symbols: Symbols, size: int, step: int) -> float:
    """Return the bits of all symbols in their contexts."""
    shares = table_shares(contexts, symbols, size, step)
    return math.fsum(math.log2(Fraction(total, part)) for _, part, total in shares)


def fewest_table_bits(features: Sequence[Symbols], classes: Symbols, size: int) -> dict[int, float]:
    """Return the fewest bits of any subset of the features as context, by their number."""
    found: dict[int, float] = {}
    for number in range(1, len(features) + 1):
        for chosen in combinations(features, number):
            rows = list(zip(*chosen, strict=True))
            contexts = [sorted(set(rows)).index(row) for row in rows]
            for step in (1, 2):
                bits = table_bits(contexts, classes, size, step)
                found[number] = min(bits, found.get(number, math.inf))
    return found


def interval_bits(symbols: Symbols, size: int) -> float:
    """Return log2 of how many counts and orders of the classes there are (Boullé 2006)."""
    counts = [symbols.count(c) for c in range(size)]
    rows = len(symbols)
    orders = math.factorial(rows) // math.prod(map(math.factorial, counts))
    return math.log2(math.comb(rows + size - 1, size - 1) * orders)


def interval_costs(groups: Sequence[Symbols], size: int) -> list[list[float]]:
    """Return the bits of the groups from i to j as [j][i], infinite beyond j."""
    bits = [[math.inf] * len(groups) for _ in groups]
    for j in range(len(groups)):
        for i in range(j + 1):
            bits[j][i] = interval_bits([c for group in groups[i : j + 1] for c in group], size)
    return bits


def all_cuts(groups: int, parts: int) -> Iterator[tuple[int, ...]]:
    """Yield every choice of the groups that begin a part, but for the first."""
    return combinations(range(1, groups), parts - 1)


def cuts_bits(costs: Costs, cuts: Sequence[int]) -> float:
    """Return the sum of the costs of the parts."""
    return math.fsum(costs[b - 1][a] for a, b in pairwise([0, *cuts, len(costs)]))


def fewest_bits(costs: Costs, parts: int) -> float:
    """Return the fewest bits of so many parts, all cuts tried."""
    return min(cuts_bits(costs, cuts) for cuts in all_cuts(len(costs), parts))


def entropy(symbols: Symbols) -> float:
    """Return the entropy of the classes, in bits."""
    counts = [symbols.count(c) for c in set(symbols)]
    return -math.fsum(n / len(symbols) * math.log2(n / len(symbols)) for n in counts)


def entropy_cuts(groups: Sequence[Symbols], first: int = 0) -> list[int]:
    """Return the groups that begin an interval, but the first (Fayyad, Irani 1993, section 3)."""
    whole = [c for group in groups for c in group]
    tried = []
    for cut in range(1, len(groups)):
        sides = [[c for group in side for c in group] for side in (groups[:cut], groups[cut:])]
        left = math.fsum(len(side) / len(whole) * entropy(side) for side in sides)
        tried.append((left, cut, sides))
    if not tried:
        return []
    left, cut, sides = min(tried, key=lambda item: round(item[0], 12))
    classes = len(set(whole))
    change = math.log2(3**classes - 2) - classes * entropy(whole)
    change += math.fsum(len(set(side)) * entropy(side) for side in sides)
    if entropy(whole) - left <= (math.log2(len(whole) - 1) + change) / len(whole):
        return []
    below = entropy_cuts(groups[:cut], first)
    return [*below, first + cut, *entropy_cuts(groups[cut:], first + cut)]
