"""Loops of the coders and the codes, compiled by numba; import them where they are called."""

from kolmo.coding.kernels.cells import cell_intervals, read_cells
from kolmo.coding.kernels.coder import push_stack, put_range
from kolmo.coding.kernels.uniform import read_uniform, uniform_intervals
from kolmo.coding.kernels.urn import draw_intervals, plant, read_draws

__all__ = [
    "cell_intervals",
    "draw_intervals",
    "plant",
    "push_stack",
    "put_range",
    "read_cells",
    "read_draws",
    "read_uniform",
    "uniform_intervals",
]
