"""What an estimator is, and what all estimators share.

A *bound* estimator makes a message and decodes it: its number is the length of what it made.
An *estimate* is the value of a formula that no decoder could read. Model and message are apart:
an estimator never opens files, prints, or knows of containers.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from math import hypot
from time import perf_counter
from typing import ClassVar, NamedTuple

from kolmo.container import priming
from kolmo.data import Buffer, Input, JoinedInput
from kolmo.errors import CertificationError, DecodeError, ParameterError, nearest, shorten
from kolmo.results import Estimate


class Parameter(NamedTuple):
    """An integer parameter: its range, and its value where the user names none.

    Attributes
    ----------
    default : int
        0 may stand for "fitted to the input" and then lies outside of the range.
    decoding : bool
        Whether the decoder has to know it; only then it is stored and charged.
    """

    default: int
    low: int
    high: int
    meaning: str
    decoding: bool = False


class Estimator(ABC):
    """An estimator of K(x), and of K(x|y) where side information y is given.

    Attributes
    ----------
    name : str
        Registered name, the same as the file's.
    kind : str
        ``bound`` or ``estimate``.
    formula : str
        What is computed, with its source; for a bound, what was removed from the library's output.
    requires : tuple of str
        Modules that must be installed.
    extra : str
        The extra of ``kolmo-toolkit`` that installs them.
    effort : int
        Rank by time per byte; the slowest start first.
    kernels : tuple of str
        Those whose first compilation takes more than a few seconds.
    bytes_per_second : float or None
        About how fast a slow one is, each way, so that its time can be said beforehand.
    """

    name: ClassVar[str]
    kind: ClassVar[str]
    formula: ClassVar[str]
    requires: ClassVar[tuple[str, ...]] = ()
    extra: ClassVar[str] = "compressors"
    effort: ClassVar[int] = 0
    kernels: ClassVar[tuple[str, ...]] = ()
    bytes_per_second: ClassVar[float | None] = None
    PARAMETERS: ClassVar[dict[str, Parameter]] = {}

    def __init__(self, /, **values: int) -> None:
        self.values = {key: item.default for key, item in self.PARAMETERS.items()}
        for key, value in values.items():
            self.values[key] = self._checked(key, value)

    @property
    def label(self) -> str:
        """The name with all parameters that are not the defaults: ``zstd:level=3``."""
        changed = [f":{key}={value}" for key, value in self._changed().items()]
        return self.name + "".join(changed)

    @abstractmethod
    def estimate(
        self, data: Input, given: Input | None = None, *, verify: bool = True, keep: bool = False
    ) -> Estimate:
        """Return this estimator's word on ``data``, in bits.

        Parameters
        ----------
        data : Input
            The object x.
        given : Input, optional
            Side information y.
        verify : bool
            Decode a bound at once, which makes it ``certified``.
        keep : bool
            Return the payload of a bound, too.
        """

    def memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return about how much memory the work takes beside the input."""
        return 1 << 20

    def window_bytes(self, length: int, given_bytes: int = 0) -> int | None:
        """Return how far back the method looks, or None if over all of the input."""
        return None

    def _changed(self) -> dict[str, int]:
        return {
            key: value
            for key, value in self.values.items()
            if value != self.PARAMETERS[key].default
        }

    def _checked(self, key: str, value: int) -> int:
        if key not in self.PARAMETERS:
            known = list(self.PARAMETERS)
            hint = nearest(key, known) if known else "It has none."
            raise ParameterError(f"unknown parameter of {self.name}: got '{shorten(key)}'. {hint}")
        item = self.PARAMETERS[key]
        if not item.low <= value <= item.high:
            raise ParameterError(
                f"{self.name} {key} out of range: got {shorten(value)}; "
                f"need {item.low} to {item.high}"
            )
        return value


class Bound(Estimator):
    """A reversible code: its bound is the length of a message that it decodes.

    Attributes
    ----------
    self_delimiting : bool
        Whether the decoder finds the end of the payload by itself.
    primes : bool
        Whether side information can prime it; if not, K(x|y) is only estimated.
    given_bytes : int
        How much of the side information, from its end, a primed coder can use.
    storable : bool
        Whether a ``.klm`` file can hold its message, for kolmo alone to decode.
    modules : tuple of str
        Those of kolmo that its decoder needs beside the plug-in itself and what all codes share.
    beat_bytes : int
        Where a code reads all data before it writes: for how many of their bytes each piece of
        payload stands, empty ones too, so that progress can be told. 0: it reads as it writes.
    """

    kind = "bound"
    self_delimiting: ClassVar[bool] = True
    primes: ClassVar[bool] = False
    given_bytes: ClassVar[int] = 0
    storable: ClassVar[bool] = True
    modules: ClassVar[tuple[str, ...]] = ()
    beat_bytes: ClassVar[int] = 0

    @abstractmethod
    def compress(
        self, blocks: Iterable[Buffer], length: int, given: bytes = b""
    ) -> Iterator[Buffer]:
        """Yield the payload for ``length`` bytes of data; the same bytes on every run."""

    @abstractmethod
    def decompress(
        self, chunks: Iterable[Buffer], length: int, given: bytes = b""
    ) -> Iterator[Buffer]:
        """Yield the data again.

        Ends in the data or in DecodeError for whatever bytes it is fed, and may yield more than
        ``length`` bytes only by one piece; the caller stops there.
        """

    def decoder_memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return how much memory decoding may take beside the data."""
        return 1 << 20

    def parameters(self) -> dict[str, int]:
        """Return the parameters that decoding needs and that are not the defaults."""
        return {k: v for k, v in self._changed().items() if self.PARAMETERS[k].decoding}

    def codelength(self, data: bytes) -> float | None:
        """Return the ideal bits of the code, its length known, at most 16 below the message's.

        None where the method knows its messages only.
        """
        return None

    def lengths(self, payload_bytes: int, length: int) -> tuple[int, ...]:
        """Return the lengths that a message has to tell, because the payload does not."""
        return () if self.self_delimiting else (payload_bytes,)

    def length_bits(self, payload_bytes: int, length: int) -> int:
        """Return the price of these lengths, each in Elias' delta code of one more."""
        from kolmo.coding.integers import elias_delta_bits

        return sum(elias_delta_bits(item + 1) for item in self.lengths(payload_bytes, length))

    def estimate(
        self, data: Input, given: Input | None = None, *, verify: bool = True, keep: bool = False
    ) -> Estimate:
        """Return the length of the message, certified if ``verify``; see `Estimator.estimate`."""
        if given is not None and not self.primes:
            return difference(self, data, given)
        side = priming(self, given)
        beat = _Beat(self, data, 1 + verify)
        meter = _Meter(self.compress(beat.blocks(), data.size, side), keep=keep)
        if verify:
            check_decoding(self, beat.payload(meter), data, side, beat.add)
        else:
            for _ in beat.payload(meter):
                pass
        return Estimate(
            file=data.name,
            estimator=self.label,
            kind="certified" if verify else "bound",
            input_bytes=data.size,
            payload_bits=8 * meter.count,
            seconds=meter.seconds,
            payload=b"".join(meter.kept) if keep else None,
            bits_per_byte=per_byte(8 * meter.count, data.size),
            ratio=per_byte(meter.count, data.size),
        )


class Formula(Estimator):
    """An estimate: a number in bits that is no message.

    A plug-in says `bits`; one that knows how far off they may be says `measure`, too.
    """

    kind = "estimate"

    @abstractmethod
    def bits(self, data: bytes) -> float:
        """Return the value of the formula for ``data``, in bits."""

    def measure(self, data: bytes) -> tuple[float, float | None]:
        """Return the value and one standard error of it, in bits; None if that is not known."""
        return self.bits(data), None

    def estimate(
        self,
        data: Input,
        given: Input | None = None,
        *,
        verify: bool = True,
        keep: bool = False,
    ) -> Estimate:
        """Return the value of the formula; ``verify`` and ``keep`` mean nothing here."""
        if given is not None:
            return difference(self, data, given)
        start = perf_counter()
        value, error = self.measure(data.read())
        return Estimate(
            file=data.name,
            estimator=self.label,
            kind="estimate",
            input_bytes=data.size,
            estimate_bits=value,
            error_bits=error,
            formula=self.formula,
            seconds=perf_counter() - start,
            bits_per_byte=per_byte(value, data.size),
            ratio=per_byte(value / 8, data.size),
        )


class _Meter:
    """Counts and times the pieces of a payload as they pass."""

    def __init__(self, chunks: Iterator[Buffer], *, keep: bool) -> None:
        self.chunks, self.keep = chunks, keep
        self.count, self.seconds = 0, 0.0
        self.kept: list[Buffer] = []

    def __iter__(self) -> Iterator[Buffer]:
        while (chunk := self._next()) is not None:
            self.count += len(chunk)
            if self.keep:
                self.kept.append(chunk)
            yield chunk

    def _next(self) -> Buffer | None:
        start = perf_counter()
        try:
            return next(self.chunks, None)
        finally:
            self.seconds += perf_counter() - start


class _Beat:
    """Tells how far a code is that reads all data at once; the others are told as they read."""

    def __init__(self, code: Bound, data: Input, passes: int) -> None:
        self.data, self.passes, self.beat_bytes = data, passes, code.beat_bytes
        self.advance: Callable[[int], None] = getattr(data, "advance", lambda _: None)
        self.done = 0

    def blocks(self) -> Iterator[Buffer]:
        if self.beat_bytes:
            yield self.data.read()
        else:
            yield from self.data.blocks()

    def payload(self, chunks: Iterable[Buffer]) -> Iterator[Buffer]:
        for chunk in chunks:
            self.add(self.beat_bytes)
            yield chunk

    def add(self, count: int) -> None:
        if self.beat_bytes and self.done < self.passes * self.data.size:
            before = self.done // self.passes
            self.done = min(self.done + count, self.passes * self.data.size)
            self.advance(self.done // self.passes - before)


def per_byte(amount: float, length: int) -> float | None:
    """Return ``amount`` per input byte; None for an empty input."""
    return amount / length if length else None


def check_decoding(
    code: Bound,
    payload: Iterable[Buffer],
    data: Input,
    given: bytes,
    on_piece: Callable[[int], None] = lambda _: None,
) -> None:
    """Decode ``payload`` and compare it with ``data``, piece by piece in constant memory.

    Raises
    ------
    CertificationError
        If anything differs: the code is broken, and its length bounds nothing.
    """
    position = 0
    try:
        for piece in code.decompress(payload, data.size, given):
            wanted = data.read(position, position + len(piece))
            if piece != wanted:
                raise CertificationError(difference_words(wanted, piece, position))
            position += len(piece)
            on_piece(len(piece))
    except DecodeError as error:
        raise CertificationError(f"its own payload does not decode: {error}") from error
    if position != data.size:
        raise CertificationError(f"decoded {position} bytes of {data.size}")


def difference_words(wanted: bytes, piece: Buffer, position: int) -> str:
    """Return where a decoded piece, which begins at ``position``, first differs, and how."""
    pairs = zip(wanted, bytes(piece), strict=False)
    same = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(wanted), len(piece)))
    if same == len(wanted):
        return f"decoded more than the {position + same} bytes that there were"
    found = bytes(piece)[same]
    return f"decoded data differ at byte {position + same}: {found:#04x} for {wanted[same]:#04x}"


def length_of(estimator: Estimator, data: Input) -> float:
    """Return C(data): realised bits of a bound, or the value of a formula; nothing is decoded."""
    return estimator.estimate(data, verify=False).bits


def difference(estimator: Estimator, data: Input, given: Input) -> Estimate:
    """Return C(yx) - C(y), an estimate of K(x|y) for what cannot be primed.

    Its error, where both have one, takes them as independent: they share y, so it is too large
    rather than too small.
    """
    start = perf_counter()
    joint = estimator.estimate(JoinedInput(given, data), verify=False)
    side = estimator.estimate(given, verify=False)
    value, errors = joint.bits - side.bits, (joint.error_bits, side.error_bits)
    known = [error for error in errors if error is not None]
    return Estimate(
        file=data.name,
        estimator=estimator.label,
        kind="estimate",
        input_bytes=data.size,
        estimate_bits=value,
        error_bits=hypot(*known) if len(known) == 2 else None,
        formula="C(yx) - C(y)",
        seconds=perf_counter() - start,
        bits_per_byte=per_byte(value, data.size),
        ratio=per_byte(value / 8, data.size),
    )
