"""Lempel and Ziv's incremental parsing of 1978."""

from math import log2

from kolmo.complexity.estimator import Formula

EXAMPLES: list[dict[str, int]] = [{}]


class Lz78(Formula):
    """c (log2 c + log2 a), with c phrases over a different bytes.

    References
    ----------
    J. Ziv and A. Lempel, Compression of individual sequences via variable-rate coding, IEEE Trans.
    Inf. Theory 24 (1978), doi:10.1109/TIT.1978.1055934; Cover and Thomas (2006), section 13.5.2.
    """

    name = "lz78"
    formula = "c (log2 c + log2 a), c phrases of the incremental parsing over a different bytes"
    requires = ("numpy", "numba")
    effort = 1

    def bits(self, data: bytes) -> float:
        """Return c (log2 c + log2 a); 0 for an empty input."""
        import numpy as np

        from kolmo.complexity.kernels import lz78_phrases

        phrases = int(lz78_phrases(np.frombuffer(data, np.uint8)))
        return phrases * (log2(phrases) + log2(len(set(data)))) if phrases else 0.0

    def memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return at most about 25 bytes per byte: the tree of phrases in a hash table."""
        return 32 * length
