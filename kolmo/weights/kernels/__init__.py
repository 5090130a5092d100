"""Loops of the codes of weights, compiled by numba; import them where they are called."""

from kolmo.weights.kernels.magnitudes import code_magnitudes
from kolmo.weights.kernels.planes import count_bytes, pack_bytes, unpack_bytes
from kolmo.weights.kernels.trellis import best_path, points

__all__ = [
    "best_path",
    "code_magnitudes",
    "count_bytes",
    "pack_bytes",
    "points",
    "unpack_bytes",
]
