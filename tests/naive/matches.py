"""Slow, obvious twins of the match lengths, written from the papers."""

import math


def longest_matches(text: bytes, window: int) -> list[int]:
    """Return, for each position, the longest match with one that starts in the window before."""
    return [
        max((_agree(text, j, i) for j in range(max(0, i - window), i)), default=0)
        for i in range(len(text))
    ]


def _agree(text: bytes, earlier: int, later: int) -> int:
    length = 0
    while later + length < len(text) and text[earlier + length] == text[later + length]:
        length += 1
    return length


def match_length_bits(text: bytes, window: int) -> float:
    """Return n over the mean of L / log2 m (Gao, Kontoyiannis, Bienenstock 2008, section 2).

    Positions are taken until the first match that reaches the end of the text.
    """
    ratios = []
    for i, match in enumerate(longest_matches(text, window)):
        searched = min(i, window)
        length = min(match, searched)
        if i + length == len(text):
            break
        if searched >= 2:
            ratios.append((1 + length) / math.log2(searched))
    return len(text) * len(ratios) / sum(ratios) if ratios else 0.0
