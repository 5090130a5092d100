"""The context mixer: many predictions of each bit, mixed by weights that learn."""

from collections.abc import Iterable, Iterator

from kolmo.complexity.estimator import Bound, Parameter
from kolmo.complexity.estimators._streams import ADAPTIVE_MODULES, gathered
from kolmo.data import Buffer

EXAMPLES: list[dict[str, int]] = [{}, {"preset": 1}, {"preset": 4, "memory": 20}]

GIVEN_BYTES = 1 << 24
SPARE_BYTES = 1 << 24


class Mix(Bound):
    """Context mixing: bit histories of some twenty contexts, two layers of logistic mixing.

    Four models: one for speed, one for text, one for records and machine code, one for pictures
    of black and white. The model is chosen on the data and told in the stream.

    References
    ----------
    M. Mahoney (2005). Adaptive weighing of context models for lossless data compression. Florida
    Tech TR CS-2005-16.
    """

    name = "mix"
    formula = "range-coder stream of the context mixer; nothing removed, it ends by itself"
    requires = ("numpy", "numba")
    effort = 10
    kernels = ("mix_bytes",)
    bytes_per_second = 200_000.0
    beat_bytes = 1 << 11
    self_delimiting = False
    primes = True
    given_bytes = GIVEN_BYTES
    modules = (
        *("kolmo.complexity.mixing", "kolmo.complexity.mixplan", "kolmo.complexity.histories"),
        *("kolmo.complexity.kernels.bytemix", "kolmo.complexity.kernels.bytecontexts"),
        *("kolmo.complexity.kernels.pixelmix", "kolmo.complexity.kernels.logistic"),
        *("kolmo.complexity.kernels.branches", "kolmo.coding.portable"),
        *("kolmo.coding.discrete", "kolmo.coding.integers", "kolmo.coding.urn"),
        *ADAPTIVE_MODULES,
    )
    PARAMETERS = {
        "preset": Parameter(0, 0, 4, "1 fast, 2 text, 3 binary, 4 picture; 0 chooses"),
        "memory": Parameter(28, 16, 32, "log2 of the bytes of the largest table", decoding=True),
    }

    def compress(
        self, blocks: Iterable[Buffer], length: int, given: bytes = b""
    ) -> Iterator[Buffer]:
        """Yield the stream: which model it is, then the bytes."""
        from kolmo.coding.delimited import DelimitedEncoder
        from kolmo.complexity.mixing import Mixed
        from kolmo.complexity.mixplan import choose

        data, memory = b"".join(blocks), self.values["memory"]
        if not data:
            return
        plan = choose(data, self.values["preset"], memory)
        coder = DelimitedEncoder()
        plan.encode(coder)
        mixed = Mixed.open(plan, len(data), given, memory, data=data)
        for _ in mixed.model.write(mixed.start, mixed.stop, coder):
            yield b""
        yield coder.finish()

    def decompress(
        self, chunks: Iterable[Buffer], length: int, given: bytes = b""
    ) -> Iterator[Buffer]:
        """Yield the data in small pieces."""
        from kolmo.coding.delimited import DelimitedDecoder
        from kolmo.complexity.mixing import Mixed
        from kolmo.complexity.mixplan import Plan

        payload = gathered(chunks, length)
        if not length:
            return
        coder = DelimitedDecoder(payload)
        mixed = Mixed.open(Plan.decode(coder), length, given, self.values["memory"])
        yield from mixed.read(coder)
        coder.finish()

    def lengths(self, payload_bytes: int, length: int) -> tuple[int, ...]:
        """Return the length of the data: given that, the payload ends by itself."""
        return (length,)

    def memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return the size of the largest model's tables, and of the data three times."""
        from kolmo.complexity.mixing import largest_tables

        count = length + min(given_bytes, GIVEN_BYTES)
        return largest_tables(count, self.values["memory"]) + 3 * count + SPARE_BYTES

    def decoder_memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return as much as the encoder takes."""
        return self.memory_bytes(length, given_bytes)
