"""Prequential bounds by a user's predictor: a message for it, and the same predictor decodes it."""

import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from time import perf_counter
from typing import Any

from kolmo.complexity.estimator import Bound, per_byte
from kolmo.complexity.price import priced
from kolmo.complexity.sequential import RECORD_BYTES, Factory, Sent, receive, send
from kolmo.container import priming
from kolmo.data import Buffer, Input, Readable, as_input
from kolmo.errors import CertificationError, DecodeError
from kolmo.registry import estimators
from kolmo.results import Estimate

SLOW_SECONDS = 5.0
TRIAL_SECONDS = 0.3
REPORT_SECONDS = 0.1
MODULES = (
    "kolmo.coding.code",
    "kolmo.coding.delimited",
    "kolmo.coding.rangecoder",
    "kolmo.complexity.predictor",
    "kolmo.complexity.sequential",
)


def prequential(
    data: Readable, predictor: Factory, given: Readable | None = None, *, verify: bool = True
) -> Estimate:
    """Return the bound on K(data), in bits, that a predictor of your own gives.

    Parameters
    ----------
    data : bytes, str or Input
        The object x; a str is the name of a file.
    predictor : callable
        A class, or a function without arguments, that makes a fresh `kolmo.Predictor`.
    given : bytes, str or Input, optional
        Side information y, which the predictor reads first.
    verify : bool
        Decode the message with a second, fresh predictor.

    Returns
    -------
    Estimate
        Of kind ``certified``: ``bound_bits`` is the length of a message that was decoded, prices
        included. Not verified it is an ``estimate``: no one knows whether the predictor is
        deterministic. Its decoder holds the predictor: one that was trained on x knows x.

    Raises
    ------
    PredictorError
        If the predictor fails, or gives what is no distribution; the message says at which byte.
    CertificationError
        If the second predictor gives other numbers than the first; likewise.

    Examples
    --------
    >>> class Fair:
    ...     symbols = 2
    ...     def predict(self):
    ...         return [0.5, 0.5]
    ...     def update(self, symbol):
    ...         pass
    >>> row = prequential(b"coffee", Fair)
    >>> row.kind, row.payload_bits  # 48, and a byte that ends the message
    ('certified', 56)
    """
    code = PredictorBound(predictor)
    opened, side = as_input(data), None if given is None else as_input(given)
    try:
        row = code.estimate(opened, side, verify=verify)
        return row if row.payload_bits is None else priced(row, code, given=side is not None)
    finally:
        for source, named in ((opened, data), (side, given)):
            if source is not None and source is not named:
                source.close()


class PredictorBound(Bound):
    """A user's predictor as an estimator, for `kolmo.bounds` beside others.

    Parameters
    ----------
    factory : callable
        Makes a fresh predictor.
    label : str, optional
        What rows call it; by default ``predictor:`` and the name of the class.

    Attributes
    ----------
    on_slow : callable or None
        Told once how many seconds the work takes, if that is more than a few.
    """

    name = "predictor"
    formula = "the range-coder message under the predictor's shares; nothing removed"
    ideal = "sum of -log2 p of each symbol that came; not decoded, and a bound only if it decodes"
    effort = 100
    self_delimiting = False
    storable = False
    primes = True
    given_bytes = 1 << 62

    def __init__(self, factory: Factory, label: str | None = None) -> None:
        super().__init__()
        self.factory = factory
        self.on_slow: Callable[[float], None] | None = None
        own = getattr(factory, "__name__", type(factory).__name__)
        self.name = f"predictor:{own}" if own in estimators.own_names() else own  # type: ignore[misc]
        self._label = label or f"predictor:{own}"

    @property
    def label(self) -> str:
        """The name for people, which tells predictors of several files apart."""
        return self._label

    @property
    def caution(self) -> tuple[str, str, str]:
        """What must be said beside its rows: code, message and advice."""
        bits = source_bits(self.factory)
        own = "its source, which was not found" if bits is None else f"{bits:,} bits of its source"
        return (
            "predictor-in-decoder",
            f"{self.label} is part of the decoder: c grows by {own} and {coder_bits():,} of "
            "kolmo's coder for it (deflated), and by what it imports or reads (not counted)",
            "a predictor that was tuned or trained on x knows x, and bounds nothing",
        )

    def compress(
        self, blocks: Iterable[Buffer], length: int, given: bytes = b""
    ) -> Iterator[Buffer]:
        """Yield the message, all at once."""
        yield send(self.factory, b"".join(blocks), given).payload

    def decompress(
        self, chunks: Iterable[Buffer], length: int, given: bytes = b""
    ) -> Iterator[Buffer]:
        """Yield the data, as a fresh predictor reads them."""
        yield from receive(self.factory, b"".join(chunks), length, given)

    def lengths(self, payload_bytes: int, length: int) -> tuple[int, ...]:
        """Return the length of the data: given that, the payload ends by itself."""
        return (length,)

    def memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return the size of the data and the record of what was predicted."""
        return (1 << 20) + RECORD_BYTES * length + given_bytes

    def estimate(
        self, data: Input, given: Input | None = None, *, verify: bool = True, keep: bool = False
    ) -> Estimate:
        """Return the length of the message, certified if ``verify``, else only estimated."""
        side, object_ = priming(self, given), data.read()
        step = _Watch(self, data, len(side) + len(object_), 1 + verify).step
        start = perf_counter()
        sent = send(self.factory, object_, side, step)
        seconds = perf_counter() - start
        bits = 8 * len(sent.payload) if verify else sent.bits
        row = Estimate(
            file=data.name,
            estimator=self.label,
            kind="certified" if verify else "estimate",
            input_bytes=data.size,
            seconds=seconds,
            bits_per_byte=per_byte(bits, data.size),
            ratio=per_byte(bits / 8, data.size),
        )
        if not verify:
            return row._replace(estimate_bits=bits, formula=self.ideal)
        self._check(sent, object_, side, step)
        return row._replace(
            payload_bits=8 * len(sent.payload), payload=sent.payload if keep else None
        )

    def _check(self, sent: Sent, data: bytes, side: bytes, step: Callable[[], None]) -> None:
        """Decode with a fresh predictor; see that it predicts what the first one did."""
        try:
            pieces = receive(
                self.factory, sent.payload, len(data), side, record=sent.record, step=step
            )
            found = b"".join(pieces)
        except DecodeError as error:
            raise CertificationError(f"its own message does not decode: {error}") from error
        if found != data:
            raise CertificationError("decoded data differ")


def source_bits(factory: Any) -> int | None:
    """Return the size of the source of what makes a predictor, deflated, in bits.

    That is its whole file, or the class alone if it has none; None if it cannot be found.
    """
    import inspect

    try:
        own = inspect.getmodule(factory)
        named = own is not None and getattr(own, "__file__", None) is not None
        return _deflated_bits([inspect.getsource(own if named and own is not None else factory)])
    except (OSError, TypeError):
        return None


def coder_bits() -> int:
    """Return the size of kolmo's own modules that decode for a predictor, deflated, in bits."""
    import inspect

    return _deflated_bits(inspect.getsource(sys.modules[name]) for name in MODULES)


def _deflated_bits(sources: Iterable[str]) -> int:
    return 8 * len(zlib.compress("\0".join(sources).encode(), 9, -15))


class _Watch:
    """Tells how far the passes are, and once, after a short trial, how long all will take.

    The panel makes three passes over both x and y more where y is given: C(x), C(y), C(xy), C(yx).
    """

    def __init__(self, code: PredictorBound, data: Input, count: int, passes: int) -> None:
        self.code, self.size, self.total = code, data.size, count * passes
        self.expected = self.total + (3 * count if count > data.size else 0)
        self.advance: Callable[[int], None] = getattr(data, "advance", lambda _: None)
        self.done, self.told = 0, 0
        self.start = self.last = perf_counter()

    def step(self) -> None:
        """Count one byte."""
        self.done += 1
        now = perf_counter()
        if self.done == 1:
            self.start = now
        if now - self.last < REPORT_SECONDS:
            return
        self.last = now
        units = self.size * self.done // self.total
        self.advance(units - self.told)
        self.told = units
        if self.code.on_slow is not None and now - self.start > TRIAL_SECONDS:
            self._say(self.code.on_slow, (now - self.start) / (self.done - 1) * self.expected)

    def _say(self, on_slow: Callable[[float], None], seconds: float) -> None:
        self.code.on_slow = None
        if seconds > SLOW_SECONDS:
            on_slow(seconds)
