"""Loops of the complexity estimators, compiled by numba; import them where they are called."""

from kolmo.complexity.kernels.lz76 import lz76_phrases
from kolmo.complexity.kernels.lz78 import lz78_phrases
from kolmo.complexity.kernels.runs import run_lengths
from kolmo.complexity.kernels.sais import suffix_array

__all__ = ["lz76_phrases", "lz78_phrases", "run_lengths", "suffix_array"]
