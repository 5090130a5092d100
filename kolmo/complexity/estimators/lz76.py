"""Lempel and Ziv's complexity of 1976: the number of phrases of the exhaustive history."""

from math import log2

from kolmo.complexity.estimator import Formula

EXAMPLES: list[dict[str, int]] = [{}]


class Lz76(Formula):
    """c log2 n, with c the number of phrases of the exhaustive history, found in linear time.

    References
    ----------
    A. Lempel and J. Ziv, On the complexity of finite sequences, IEEE Trans. Inf. Theory 22 (1976),
    doi:10.1109/TIT.1976.1055501; F. Kaspar and H. G. Schuster, Phys. Rev. A 36 (1987),
    doi:10.1103/PhysRevA.36.842, for the normalisation.
    """

    name = "lz76"
    formula = "c log2 n, c the number of phrases of the exhaustive history of n bytes"
    requires = ("numpy", "numba")
    effort = 7

    def bits(self, data: bytes) -> float:
        """Return c log2 n; 0 for fewer than two bytes."""
        import numpy as np

        from kolmo.complexity.kernels import lz76_phrases

        phrases = int(lz76_phrases(np.frombuffer(data, np.uint8)))
        return phrases * log2(len(data)) if len(data) > 1 else 0.0

    def memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return about 11 bytes per byte: suffix array and neighbours."""
        return 16 * length
