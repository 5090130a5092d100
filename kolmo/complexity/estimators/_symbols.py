"""What the estimates share that take an input as a sequence of symbols."""

from abc import abstractmethod
from collections.abc import Mapping

from kolmo.complexity.estimator import Formula, Parameter
from kolmo.complexity.symbols import BITS, BYTES, as_symbols, check_symbol

SYMBOL = Parameter(BYTES, 1, 8, "8: bytes; 1: bits, the highest first; 2: a text of 0 and 1")


class OfSymbols(Formula):
    """An estimate from symbols; ``symbol`` says what one is."""

    requires = ("numpy", "numba")
    PARAMETERS = {"symbol": SYMBOL}

    @abstractmethod
    def measure_symbols(self, text: bytes) -> tuple[float, float | None]:
        """Return value and standard error for symbols that stand one to a byte, in bits."""

    def measure(self, data: bytes) -> tuple[float, float | None]:
        """Return the value and one standard error of it, in bits; None if that is not known."""
        return self.measure_symbols(as_symbols(data, self.values["symbol"]))

    def bits(self, data: bytes) -> float:
        """Return the value of the formula for ``data``, in bits."""
        return self.measure(data)[0]

    def symbol_bytes(self, length: int, each: int) -> int:
        """Return the memory for so many bytes per symbol, and for making the symbols."""
        if self.values["symbol"] == BYTES:
            return each * length
        return (each + 2) * (8 * length if self.values["symbol"] == BITS else length)

    def _checked(self, key: str, value: int) -> int:
        value = super()._checked(key, value)
        if key == "symbol":
            check_symbol(value)
        return value


class BlockEntropy(OfSymbols):
    """n times H(order + 1) - H(order), the entropies of blocks of symbols by some formula."""

    effort = 2
    PARAMETERS = {
        "order": Parameter(0, 0, 24, "length of a context in symbols"),
        "symbol": SYMBOL,
    }

    @abstractmethod
    def entropy(self, tally: Mapping[int, int]) -> float:
        """Return the entropy in bits, from how many blocks occur how often."""

    def measure_symbols(self, text: bytes) -> tuple[float, float | None]:
        """Return n times the difference, and its sampling error to first order."""
        from kolmo.complexity.entropies import rate_bits
        from kolmo.complexity.errorbars import entropy_error_bits

        order = self.values["order"]
        return rate_bits(text, order, self.entropy), entropy_error_bits(text, order)

    def memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return a table's size, or from order 2 on that of suffix array and counts."""
        return self.symbol_bytes(length, 16 if self.values["order"] > 1 else 0) + (1 << 26)
