"""Loops of the complexity estimators, compiled by numba; import them where they are called."""

from kolmo.complexity.kernels.lz76 import lz76_phrases
from kolmo.complexity.kernels.lz78 import lz78_phrases
from kolmo.complexity.kernels.matches import longest_matches
from kolmo.complexity.kernels.runs import count_at_positions, run_lengths
from kolmo.complexity.kernels.sais import suffix_array

__all__ = [
    "count_at_positions",
    "longest_matches",
    "lz76_phrases",
    "lz78_phrases",
    "run_lengths",
    "suffix_array",
]
