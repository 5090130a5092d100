"""Slow, obvious twins of the text kernels, written from the papers."""

import math
from collections import Counter, defaultdict


def suffix_array(text: bytes) -> list[int]:
    """Return the starts of all suffixes, sorted as Python sorts bytes."""
    return sorted(range(len(text)), key=lambda start: text[start:])


def lz76_phrases(text: bytes) -> int:
    """Return the number of components of the exhaustive history (Lempel and Ziv 1976, section II).

    With S the parsed part and Q the candidate, Q grows as long as it is a substring of SQ without
    its last symbol: then it can be copied from an earlier start.
    """
    phrases = start = 0
    while start < len(text):
        stop = start + 1
        while stop <= len(text) and text[start:stop] in text[: stop - 1]:
            stop += 1
        phrases += 1
        start = stop
    return phrases


def lz78_phrases(text: bytes) -> int:
    """Return the number of phrases of the incremental parsing (Ziv and Lempel 1978)."""
    seen = {b""}
    phrase = b""
    for symbol in text:
        phrase += bytes([symbol])
        if phrase not in seen:
            seen.add(phrase)
            phrase = b""
    return len(seen) - 1 + (phrase != b"")


def empirical_entropy_bits(text: bytes, order: int) -> float:
    """Return the entropy of the followers of each context, weighted by how often it occurs."""
    followers: defaultdict[bytes, Counter[int]] = defaultdict(Counter)
    for i in range(order, len(text)):
        followers[text[i - order : i]][text[i]] += 1
    bits = 0.0
    for counts in followers.values():
        total = sum(counts.values())
        bits += sum(count * math.log2(total / count) for count in counts.values())
    return bits
