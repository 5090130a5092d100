"""The entropy rate of bits as a renewal process: waiting times from one 1 to the next."""

from kolmo.complexity.estimator import Parameter
from kolmo.complexity.estimators._symbols import OfSymbols
from kolmo.complexity.symbols import BITS, DIGITS

EXAMPLES: list[dict[str, int]] = [{}]


class Renewal(OfSymbols):
    """n H(T) / mean(T), T the waiting times between ones, taken as independent.

    Bits only: those of the bytes, or with ``symbol`` 2 those that a text of 0 and 1 shows.

    References
    ----------
    Y. Gao, I. Kontoyiannis and E. Bienenstock, Entropy 10 (2008), doi:10.3390/entropy-e10020071.
    """

    name = "renewal"
    formula = "n H(T) / mean(T), H plug-in, T the waiting times from one 1 to the next among n bits"
    effort = 1
    PARAMETERS = {
        "symbol": Parameter(BITS, 1, DIGITS, "1: bits, the highest first; 2: a text of 0 and 1")
    }

    def measure_symbols(self, text: bytes) -> tuple[float, float | None]:
        """Return the value and its error to first order; 0 of fewer than two ones."""
        from kolmo.complexity.renewals import renewal_bits

        return renewal_bits(text)

    def memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return the size of the bits, made one to a byte, and of a piece's waiting times."""
        return self.symbol_bytes(length, 0) + (1 << 27)
