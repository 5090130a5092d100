"""Context-tree weighting: all tree sources at once, over bits or over bytes."""

from collections.abc import Iterable, Iterator
from math import log2

from kolmo.complexity.estimator import Bound, Parameter
from kolmo.complexity.estimators._streams import ADAPTIVE_MODULES, gathered
from kolmo.data import Buffer
from kolmo.errors import ParameterError, shorten

EXAMPLES: list[dict[str, int]] = [{}, {"symbol": 8, "depth": 4}, {"symbol": 1, "depth": 16}]

SYMBOLS = ANY, BITS, WRITTEN_BITS, BYTES = 0, 1, 2, 8
LARGEST_DEPTH = 48
GIVEN_BYTES = 1 << 24
SPARE_BYTES = 1 << 20


class Ctw(Bound):
    """The weighted codelengths of all context trees up to a depth, as one sequential code.

    Over bits, packed or written as characters 0 and 1, it is the published method. Over bytes it is
    that of their binary decomposition, with estimators that forget.

    References
    ----------
    F. M. J. Willems, Y. M. Shtarkov, T. J. Tjalkens (1995). The context-tree weighting method:
    basic properties. IEEE Trans. Inf. Theory 41(3), 653-664. doi:10.1109/18.382012.
    """

    name = "ctw"
    formula = "range-coder stream of context-tree weighting; nothing removed, it ends by itself"
    requires = ("numpy", "numba")
    effort = 9
    kernels = ("code_tree_bytes",)
    bytes_per_second = 400_000.0
    beat_bytes = 1 << 11
    self_delimiting = False
    primes = True
    given_bytes = GIVEN_BYTES
    modules = (
        *("kolmo.complexity.bitforms", "kolmo.complexity.treeweighting"),
        *("kolmo.complexity.kernels.ctw", "kolmo.complexity.kernels.ctwbytes"),
        *ADAPTIVE_MODULES,
    )
    PARAMETERS = {
        "symbol": Parameter(
            ANY, ANY, BYTES, "1 packed bits, 2 written bits, 8 bytes; 0 chooses", decoding=True
        ),
        "depth": Parameter(
            0, 0, LARGEST_DEPTH, "longest context; 0 fits the symbol", decoding=True
        ),
    }

    def compress(
        self, blocks: Iterable[Buffer], length: int, given: bytes = b""
    ) -> Iterator[Buffer]:
        """Yield the stream: the form of the symbols if it was chosen, then the symbols."""
        from kolmo.coding.code import Interval
        from kolmo.coding.delimited import DelimitedEncoder
        from kolmo.complexity.bitforms import Text, find_form

        data = b"".join(blocks)
        if not data:
            return
        forms, depth = self._forms(), self.values["depth"]
        form = find_form(data, given, depth, forms)
        coder = DelimitedEncoder()
        coder.put([Interval(forms.index(form), 1, len(forms))])
        text = Text.open(form, len(data), given, depth, data=data)
        text.tree.learn(0, text.start)
        for _ in text.tree.write(text.start, text.stop, coder):
            yield b""
        yield coder.finish()

    def decompress(
        self, chunks: Iterable[Buffer], length: int, given: bytes = b""
    ) -> Iterator[Buffer]:
        """Yield the data in small pieces."""
        from kolmo.coding.code import Interval
        from kolmo.coding.delimited import DelimitedDecoder
        from kolmo.complexity.bitforms import Text

        payload = gathered(chunks, length)
        if not length:
            return
        coder, forms = DelimitedDecoder(payload), self._forms()
        place = coder.peek(len(forms))
        coder.skip(Interval(place, 1, len(forms)))
        text = Text.open(forms[place], length, given, self.values["depth"])
        text.tree.learn(0, text.start)
        yield from text.read(coder)
        coder.finish()

    def codelength(self, data: bytes) -> float:
        """Return the sum of what the symbols cost, and of the form if it was chosen."""
        from kolmo.complexity.bitforms import Text, find_form

        if not data:
            return 0.0
        forms, depth = self._forms(), self.values["depth"]
        form = find_form(data, b"", depth, forms)
        text = Text.open(form, len(data), b"", depth, data=data)
        return log2(len(forms)) + float(text.tree.costs(text.start, text.stop).sum())

    def lengths(self, payload_bytes: int, length: int) -> tuple[int, ...]:
        """Return the length of the data: given that, the payload ends by itself."""
        return (length,)

    def memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return the size of the tree, and of the data three times."""
        return self._table_bytes(length, given_bytes) + 3 * (length + given_bytes) + SPARE_BYTES

    def decoder_memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return as much as the encoder takes."""
        return self.memory_bytes(length, given_bytes)

    def _table_bytes(self, length: int, given_bytes: int) -> int:
        from kolmo.complexity.treeweighting import bit_tree_bytes, byte_tree_bytes

        count = length + min(given_bytes, GIVEN_BYTES)
        symbol = self.values["symbol"]
        over_bytes = byte_tree_bytes(count) if symbol in (ANY, BYTES) else 0
        over_bits = bit_tree_bytes(8 * count) if symbol != BYTES else 0
        return max(over_bytes, over_bits)

    def _forms(self) -> tuple[int, ...]:
        """Return the forms that the symbols may have; where there are several, one is told."""
        from kolmo.complexity.bitforms import BYTES, PACKED, WRITTEN, WRITTEN_LINE

        forms = {1: (PACKED,), 2: (WRITTEN, WRITTEN_LINE), 8: (BYTES,)}
        return forms.get(self.values["symbol"], (BYTES, PACKED, WRITTEN, WRITTEN_LINE))

    def _checked(self, key: str, value: int) -> int:
        checked = super()._checked(key, value)
        if key == "symbol" and value not in SYMBOLS:
            raise ParameterError(f"unknown ctw symbol: got {shorten(value)}; need 0, 1, 2 or 8")
        return checked
