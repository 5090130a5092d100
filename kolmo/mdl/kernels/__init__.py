"""Loops of the families, compiled by numba; import them where they are called."""

from kolmo.mdl.kernels.bins import add_bins, free_bins, trace_bins
from kolmo.mdl.kernels.contexts import context_intervals, read_contexts
from kolmo.mdl.kernels.segments import LANES, best_segments

__all__ = [
    "LANES",
    "add_bins",
    "best_segments",
    "context_intervals",
    "free_bins",
    "read_contexts",
    "trace_bins",
]
