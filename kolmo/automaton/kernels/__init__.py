"""Loops of the automaton, compiled by numba; import them where they are called."""

from kolmo.automaton.kernels.band import pick_band
from kolmo.automaton.kernels.cells import pick_cells
from kolmo.automaton.kernels.folded import walk
from kolmo.automaton.kernels.packed import pick_packed
from kolmo.automaton.kernels.picks import BLOCK, STREAM_WORDS
from kolmo.automaton.kernels.tendril import crawl
from kolmo.automaton.kernels.words import pick_words
from kolmo.automaton.kernels.xoshiro import mix

__all__ = [
    "BLOCK",
    "STREAM_WORDS",
    "crawl",
    "mix",
    "pick_band",
    "pick_cells",
    "pick_packed",
    "pick_words",
    "walk",
]
