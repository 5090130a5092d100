"""The entropy rate by match lengths: how far a text repeats what stands before."""

from kolmo.complexity.estimator import Parameter
from kolmo.complexity.estimators._symbols import SYMBOL, OfSymbols

EXAMPLES: list[dict[str, int]] = [{}, {"window": 50}, {"symbol": 1}]


class MatchLength(OfSymbols):
    """n / mean(L_i / log2 m_i), L_i one more than the longest match among m_i symbols before i.

    With ``window`` 0 all symbols before are searched (increasing window), else so many (sliding
    window). The error is that of a bootstrap over batches of positions; the bias, which falls
    like 1 / log n only, is larger.

    References
    ----------
    I. Kontoyiannis, P. H. Algoet, Yu. M. Suhov and A. J. Wyner, IEEE Trans. Inf. Theory 44 (1998),
    doi:10.1109/18.669425; Y. Gao, I. Kontoyiannis and E. Bienenstock, Entropy 10 (2008),
    doi:10.3390/entropy-e10020071.
    """

    name = "matchlength"
    formula = "n / mean(L_i / log2 m_i), L_i - 1 the longest match with a start in the m_i before i"
    effort = 8
    PARAMETERS = {
        "window": Parameter(0, 2, (1 << 31) - 2, "symbols to search before each; 0: all"),
        "symbol": SYMBOL,
    }

    def measure_symbols(self, text: bytes) -> tuple[float, float | None]:
        """Return value and bootstrap error; 0 where no position has a match to measure."""
        from kolmo.complexity.matches import match_length_bits

        return match_length_bits(text, self.values["window"])

    def memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return about 17 bytes per symbol: suffix array, ranks and neighbours."""
        return self.symbol_bytes(length, 18) + (1 << 27)
