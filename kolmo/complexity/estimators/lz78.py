"""Lempel and Ziv's incremental parsing of 1978."""

from math import log2

from kolmo.complexity.estimators._symbols import OfSymbols
from kolmo.complexity.symbols import BYTES

EXAMPLES: list[dict[str, int]] = [{}, {"symbol": 1}]


class Lz78(OfSymbols):
    """c (log2 c + log2 a), with c phrases over a different symbols.

    Each phrase names an earlier one and a symbol, at most log2 c and log2 a bits. For a stationary
    source of h bits per symbol c log2 c tends to n h, slowly and from above; the rest vanishes
    beside it. No standard error is known.

    References
    ----------
    J. Ziv and A. Lempel, Compression of individual sequences via variable-rate coding, IEEE Trans.
    Inf. Theory 24 (1978), doi:10.1109/TIT.1978.1055934; Cover and Thomas (2006), section 13.5.2.
    """

    name = "lz78"
    formula = "c (log2 c + log2 a), c phrases of the incremental parsing over a different symbols"
    effort = 1

    def measure_symbols(self, text: bytes) -> tuple[float, float | None]:
        """Return c (log2 c + log2 a); 0 for an empty input."""
        import numpy as np

        from kolmo.complexity.kernels import lz78_phrases

        phrases = int(lz78_phrases(np.frombuffer(text, np.uint8)))
        return (phrases * (log2(phrases) + log2(len(set(text)))) if phrases else 0.0), None

    def memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return the size of the phrases' tree: 25 bytes per byte, or for longer phrases 6."""
        return self.symbol_bytes(length, 32 if self.values["symbol"] == BYTES else 8)
