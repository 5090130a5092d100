"""Loops of families and predictors, compiled by numba; import them where they are called."""

from kolmo.mdl.kernels.bases import combine, orthonormalise
from kolmo.mdl.kernels.bins import add_bins, free_bins, trace_bins
from kolmo.mdl.kernels.contexts import context_intervals, read_contexts
from kolmo.mdl.kernels.discretising import best_parts, best_split, entropy_cuts, interval_costs
from kolmo.mdl.kernels.prequential import DEGREES, LARGEST_STUDENT, absorb, forecast, forecast_rows
from kolmo.mdl.kernels.segments import LANES, best_segments
from kolmo.mdl.kernels.subsets import visit_subsets
from kolmo.mdl.kernels.tables import count_pairs, read_table, sum_urns, table_intervals

__all__ = [
    "DEGREES",
    "LANES",
    "LARGEST_STUDENT",
    "absorb",
    "add_bins",
    "best_parts",
    "best_segments",
    "best_split",
    "combine",
    "context_intervals",
    "count_pairs",
    "entropy_cuts",
    "forecast",
    "forecast_rows",
    "free_bins",
    "interval_costs",
    "orthonormalise",
    "read_contexts",
    "read_table",
    "sum_urns",
    "table_intervals",
    "trace_bins",
    "visit_subsets",
]
