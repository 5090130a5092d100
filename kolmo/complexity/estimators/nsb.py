"""The entropy of independent symbols by Nemenman, Shafee and Bialek's mixture of priors."""

from kolmo.complexity.estimator import Parameter
from kolmo.complexity.estimators._symbols import SYMBOL, OfSymbols
from kolmo.complexity.symbols import BYTES

EXAMPLES: list[dict[str, int]] = [{}, {"alphabet": 1000}, {"symbol": 1}]


class Nsb(OfSymbols):
    """n times the posterior mean of the entropy; its error is n times the posterior deviation.

    Both take the symbols as independent: where they are not, the true error is larger.

    References
    ----------
    I. Nemenman, F. Shafee and W. Bialek, Entropy and inference, revisited (2002),
    arXiv:physics/0108025.
    """

    name = "nsb"
    formula = "n E(H | counts), the prior of H nearly flat, by mixing Dirichlet priors"
    effort = 2
    PARAMETERS = {
        "alphabet": Parameter(0, 2, 1 << 16, "possible symbols; 0: 256 bytes, or 2 bits"),
        "symbol": SYMBOL,
    }

    def measure_symbols(self, text: bytes) -> tuple[float, float | None]:
        """Return n times posterior mean and deviation; 0 of an empty input."""
        from kolmo.complexity.empirical import gram_tallies
        from kolmo.complexity.nsb import nsb_entropy

        if not text:
            return 0.0, None
        alphabet = self.values["alphabet"] or (256 if self.values["symbol"] == BYTES else 2)
        mean, deviation = nsb_entropy(gram_tallies(text, 0)[1], alphabet)
        return len(text) * mean, len(text) * deviation

    def memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return the size of the counting's buffers."""
        return self.symbol_bytes(length, 0) + (1 << 26)
