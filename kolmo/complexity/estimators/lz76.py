"""Lempel and Ziv's complexity of 1976: the number of phrases of the exhaustive history."""

from math import log2

from kolmo.complexity.estimators._symbols import OfSymbols

EXAMPLES: list[dict[str, int]] = [{}, {"symbol": 1}]


class Lz76(OfSymbols):
    """c log2 n, with c the number of phrases of the exhaustive history, found in linear time.

    For a stationary source of h bits per symbol c is about n h / log2 n, whatever the alphabet,
    so the value tends to n h, but slowly, from either side. No standard error is known.

    References
    ----------
    A. Lempel and J. Ziv, On the complexity of finite sequences, IEEE Trans. Inf. Theory 22 (1976),
    doi:10.1109/TIT.1976.1055501; F. Kaspar and H. G. Schuster, Phys. Rev. A 36 (1987),
    doi:10.1103/PhysRevA.36.842, for the normalisation.
    """

    name = "lz76"
    formula = "c log2 n, c the number of phrases of the exhaustive history of n symbols"
    effort = 7

    def measure_symbols(self, text: bytes) -> tuple[float, float | None]:
        """Return c log2 n; 0 for fewer than two symbols."""
        import numpy as np

        from kolmo.complexity.kernels import lz76_phrases

        phrases = int(lz76_phrases(np.frombuffer(text, np.uint8)))
        return (phrases * log2(len(text)) if len(text) > 1 else 0.0), None

    def memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return about 11 bytes per symbol: suffix array and neighbours."""
        return self.symbol_bytes(length, 16)
