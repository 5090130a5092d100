"""Chunks of work for `kolmo.cluster`: how items are cut into them, and what a worker does.

A message costs milliseconds, and a chunk that takes long is lost work when a worker dies: chunks
of .2 to 1 s avoid both.
"""

import math
import pickle
import time
import traceback
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import suppress
from statistics import median_low
from typing import Any, NamedTuple, TypeVar

import kolmo
from kolmo.errors import InputError, KolmoError

T = TypeVar("T")

SHORT_SECONDS, TARGET_SECONDS, LONG_SECONDS = 0.2, 0.5, 1.0
LARGEST_CHUNK = 1000
REMEMBERED = 15


class Rates:
    """How many seconds an item of each group took lately."""

    def __init__(self) -> None:
        self._seconds: dict[Hashable, deque[float]] = {}

    def learn(self, group: Hashable, seconds: float) -> None:
        """Remember what one item took."""
        self._seconds.setdefault(group, deque(maxlen=REMEMBERED)).append(seconds)

    def expect(self, group: Hashable) -> float:
        """Return the median in seconds, which a first item that had to compile does not move.

        Infinite for a group of which nothing is known.
        """
        return median_low(self._seconds[group]) if group in self._seconds else math.inf


def cut(items: Iterable[T], group: Callable[[T], Hashable], rates: Rates) -> Iterator[list[T]]:
    """Yield consecutive items that together take .2 to 1 s, by what is known at that time.

    An item of unknown or long time is alone. One item more than the chunk is drawn.

    Examples
    --------
    >>> rates = Rates()
    >>> rates.learn("a", 0.2)
    >>> list(cut("aaaab", str, rates))
    [['a', 'a', 'a'], ['a'], ['b']]
    """
    chunk: list[T] = []
    seconds = 0.0
    for item in items:
        name = group(item)
        if chunk and not (len(chunk) < LARGEST_CHUNK and _fits(seconds, rates.expect(name))):
            yield chunk
            chunk, seconds = [], 0.0
        chunk.append(item)
        seconds += rates.expect(name)
    if chunk:
        yield chunk


def _fits(seconds: float, more: float) -> bool:
    if seconds < SHORT_SECONDS:
        return more < math.inf
    return seconds < TARGET_SECONDS and seconds + more <= LONG_SECONDS


class Failure(NamedTuple):
    """An exception on its way from a worker.

    Attributes
    ----------
    packed : bytes
        The exception as a pickle, or its `Parts`.
    text : str
        Its kind and message, if it is of a kind that only the worker knows.
    """

    packed: bytes
    text: str

    def exception(self) -> Exception:
        """Return the exception; a RuntimeError with its text if it cannot be made here."""
        try:
            found = pickle.loads(self.packed)
            error = found.exception() if isinstance(found, Parts) else found
        except Exception:
            return RuntimeError(self.text)
        return error if isinstance(error, Exception) else RuntimeError(self.text)


class Parts(NamedTuple):
    """An exception in parts: pickle makes it anew from its message alone, and that may fail."""

    kind: type[Exception]
    arguments: tuple[Any, ...]
    state: dict[str, Any]

    def exception(self) -> Exception:
        """Return the exception, without a call of its ``__init__``."""
        error = self.kind.__new__(self.kind, *self.arguments)
        error.__dict__.update(self.state)
        return error


def pack(error: Exception) -> Failure:
    """Return ``error`` with its traceback as a note; what cannot travel keeps its text."""
    error.add_note(f"On the worker:\n{''.join(traceback.format_exception(error))}")
    text = f"{type(error).__name__}: {error}"
    for form in (error, Parts(type(error), error.args, dict(error.__dict__))):
        with suppress(Exception):
            failure = Failure(pickle.dumps(form), text)
            same = failure.exception()
            if type(same) is type(error) and str(same) == str(error):
                return failure
    plain = KolmoError(str(error)) if isinstance(error, KolmoError) else RuntimeError(text)
    plain.__notes__ = error.__notes__
    return Failure(pickle.dumps(plain), text)


class Answer(NamedTuple):
    """What a worker says of a chunk: results up to the first failure, and their seconds."""

    results: list[Any]
    seconds: list[float]
    failure: Failure | None


def run_chunk(function: Callable[[Any], Any], items: list[Any], version: str) -> Answer:
    """Return what ``function`` gives for the items, on a worker.

    Parameters
    ----------
    version : str
        Of the kolmo that asks: another one here is a failure, as its results may differ.
    """
    answer = Answer([], [], None)
    try:
        _check_version(version)
        for item in items:
            start = time.perf_counter()
            answer.results.append(function(item))
            answer.seconds.append(time.perf_counter() - start)
    except Exception as error:
        return answer._replace(failure=pack(error))
    return answer


def _check_version(version: str) -> None:
    if version != kolmo.__version__:
        raise InputError(
            f"a worker has another kolmo: got {kolmo.__version__}; need {version}, as here. "
            "Install the same version there."
        )
