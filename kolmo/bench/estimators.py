"""Who is scored: kolmo's estimators by their labels, and one of the user's own from a file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from hashlib import sha256
from math import isfinite
from threading import current_thread, main_thread
from typing import Any, ClassVar, Protocol, cast

from kolmo.complexity.choice import make_estimators
from kolmo.complexity.estimator import Bound, Estimator, Formula, Parameter
from kolmo.complexity.loading import load_factory
from kolmo.complexity.predictor import words_of
from kolmo.complexity.prequential import PredictorBound
from kolmo.data import Buffer, open_input
from kolmo.errors import DecodeError, InputError, KolmoError, ParameterError, shorten
from kolmo.registry import estimators

MOST_BITS = 2.0**53
ORDER = 5  # of block entropies where no one says: it covers the sources of finite memory


class OwnCode(Protocol):
    """A code of the user: a class without arguments to its constructor.

    It needs no base class. A fresh object decodes, so that nothing passes but the payload.
    """

    def compress(self, data: bytes) -> bytes:
        """Return a payload."""

    def decompress(self, payload: bytes) -> bytes:
        """Return the data again."""


class OwnEstimate(Protocol):
    """An estimate of the user: a class without arguments to its constructor."""

    def estimate(self, data: bytes) -> float | tuple[float, float]:
        """Return bits, or bits and one standard error of them."""


class OwnClaim(Protocol):
    """What claims to be a code but sends nothing: held against the law of all codes."""

    def codelength(self, data: bytes) -> float:
        """Return bits."""


def make_estimator(label: str) -> Estimator:
    """Return the estimator of a label such as ``zstd:level=3``, or of ``FILE.py:Class``.

    A class of the user's is an `OwnCode`, `OwnEstimate`, `OwnClaim`, a `kolmo.Predictor` or one of
    kolmo's own `Estimator` classes.

    Raises
    ------
    ParameterError
        If there is no such name, or what it names is none of these.
    InputError
        If the file or module cannot be read or run.
    """
    return make_estimators([label])[0] if is_registered(label) else _own(label)


@lru_cache(maxsize=256)
def made_once(label: str, mark: str | None) -> Estimator:
    """Return the estimator of a label, the same one for the same file of the user's.

    Raises
    ------
    InputError
        If its file has another SHA-256 than the mark: it was edited, or is another elsewhere.
    """
    if fingerprint(label) != mark:
        raise InputError(f"changed file: got another '{shorten(label)}' than when the run began")
    return make_estimator(label)


def is_registered(label: str) -> bool:
    """Return whether a label speaks of a plug-in, and not of a file or module of the user's."""
    name, _, rest = label.partition(":")
    if name.endswith(".py") or "/" in name or "." in name:
        return False
    return not rest or "=" in rest or name in estimators.own_names()


def own_path(label: str) -> str | None:
    """Return the user's file that a label names; None for plug-ins and modules."""
    path = label.rpartition(":")[0]
    return path if path.endswith(".py") and not is_registered(label) else None


def absolute(label: str) -> str:
    """Return a label that names the same file in whichever folder a process works."""
    path = own_path(label)
    return label if path is None else f"{os.path.abspath(path)}{label[len(path) :]}"


def fingerprint(label: str) -> str | None:
    """Return the SHA-256 of the user's file that a label names; None for all else.

    Results of an older file are not those of the new one. What it imports is not looked at.
    """
    path = own_path(label)
    if path is None:
        return None
    opened = open_input(path)
    try:
        return sha256(opened.read()).hexdigest()
    finally:
        opened.close()


def installed_labels(symbol: int) -> list[str]:
    """Return the labels of all estimators that are installed.

    Where one can be told what a symbol is, it is told: 1 packed bits, 2 written bits.
    """
    names = [name for name in estimators.names() if estimators.missing(name) is None]
    return [_label(name, symbol) for name in names]


def _label(name: str, symbol: int) -> str:
    known: dict[str, Parameter] = estimators.get(name).PARAMETERS
    values = {"order": ORDER} if {"order", "symbol"} <= known.keys() else {}
    values |= {"symbol": symbol} if "symbol" in known else {}
    return ":".join([name, *(f"{key}={value}" for key, value in values.items())])


def is_claim(estimator: Estimator) -> bool:
    """Return whether an estimator claims to be a code without a message to show."""
    return isinstance(estimator, _Claim)


def _own(label: str) -> Estimator:
    factory = load_factory(label, "estimator")
    made = _made(factory, label)
    if isinstance(made, Estimator):
        return made
    if _has(made, "compress", "decompress"):
        return _Code(factory, label)
    if _has(made, "codelength"):
        return _Claim(factory, label, "codelength")
    if _has(made, "estimate"):
        return _Estimate(factory, label, "estimate")
    if _has(made, "predict", "update"):
        return PredictorBound(cast(Any, factory), label)
    raise ParameterError(
        f"no estimator: got '{shorten(label)}', an object of type {type(made).__name__}; need the "
        "methods compress and decompress, or estimate, or codelength, or predict and update"
    )


def _has(made: Any, *names: str) -> bool:
    return all(callable(getattr(made, name, None)) for name in names)


def _made(factory: Callable[[], Any], label: str) -> Any:
    if not callable(factory):
        raise ParameterError(f"no class or function: got '{shorten(label)}'")
    return _asked(f"the constructor of {shorten(label)}", factory)


def _asked(what: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a user's function returns; whatever it raises becomes a line that says where."""
    try:
        return function(*arguments)
    except (KolmoError, MemoryError):
        raise
    except BaseException as error:
        if is_ours(error):
            raise
        raise KolmoError(f"{what} failed: {words_of(error)}") from error


def is_ours(error: BaseException) -> bool:
    """Return whether an exception is to end this process: signals arrive in the main thread."""
    return not isinstance(error, Exception | SystemExit) and current_thread() is main_thread()


class _Own:
    """What the user's estimators share: a factory, and the label as a name."""

    def _take(self, factory: Callable[[], Any], label: str) -> None:
        self.factory, self._label = factory, label

    @property
    def label(self) -> str:
        """The name of file and class."""
        return self._label

    def _ask(self, method: str, *arguments: Any) -> Any:
        made = _asked("the constructor", self.factory)
        return _asked(method, getattr(made, method), *arguments)


class _Code(_Own, Bound):
    """A user's compressor of whole inputs; the price of its payload's length is added."""

    name = "own"
    formula = "the user's payload as it is; nothing removed"
    self_delimiting = False
    storable = False

    def __init__(self, factory: Callable[[], Any], label: str) -> None:
        super().__init__()
        self._take(factory, label)

    def compress(
        self, blocks: Iterable[Buffer], length: int, given: bytes = b""
    ) -> Iterator[Buffer]:
        """Yield the payload."""
        yield _bytes(self._ask("compress", b"".join(blocks)), "compress")

    def decompress(
        self, chunks: Iterable[Buffer], length: int, given: bytes = b""
    ) -> Iterator[Buffer]:
        """Yield what a fresh object makes of the payload."""
        payload = b"".join(chunks)
        try:
            yield _bytes(self._ask("decompress", payload), "decompress")
        except KolmoError as error:
            raise DecodeError(str(error)) from error


def _bytes(value: Any, method: str) -> bytes:
    if not isinstance(value, bytes | bytearray | memoryview):
        raise KolmoError(f"{method} returned no bytes: got an object of {type(value).__name__}")
    return bytes(value)


class _Estimate(_Own, Formula):
    """A user's estimate, one number or two."""

    name = "own"
    formula: ClassVar[str] = "the user's own formula"
    method: str

    def __init__(self, factory: Callable[[], Any], label: str, method: str) -> None:
        super().__init__()
        self._take(factory, label)
        self.method = method

    def measure(self, data: bytes) -> tuple[float, float | None]:
        """Return the value and its error, if they are numbers that bits can be."""
        found = self._ask(self.method, data)
        value, error = found if isinstance(found, tuple) and len(found) == 2 else (found, None)
        return self._number(value), None if error is None else self._number(error)

    def bits(self, data: bytes) -> float:
        """Return the value."""
        return self.measure(data)[0]

    def _number(self, value: Any) -> float:
        if isinstance(value, str | bytes) or not hasattr(value, "__float__"):
            kind = type(value).__name__
            raise KolmoError(f"{self.method} returned no number: got an object of {kind}")
        return checked_bits(_asked(f"the answer of {self.method}", float, value), self.method)


def checked_bits(number: float, method: str) -> float:
    """Return a number of bits, refused if it cannot be one."""
    if not isfinite(number):
        raise KolmoError(f"{method} gave {number}; need a finite number of bits")
    if number > MOST_BITS:
        raise KolmoError(f"{method} gave {number:.3g} bits; need at most 2^53")
    if number < 0:
        raise KolmoError(f"{method} gave negative bits: got {number}; need 0 or more")
    return float(number)


class _Claim(_Estimate):
    """A number of bits that is said to be a code's."""

    formula = "the user's claim of a code length; no message was made"
