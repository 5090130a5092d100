"""The loops over every byte of a large table; only functions import them, when they need them."""

from kolmo.table.kernels.cells import split_cells, undouble_quotes
from kolmo.table.kernels.distinct import number_texts
from kolmo.table.kernels.numbers import scan_numbers, spell_numbers

__all__ = ["number_texts", "scan_numbers", "spell_numbers", "split_cells", "undouble_quotes"]
