"""Cells over bit strings: the string is drawn again wherever it is needed, and measured."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Callable, Sequence
from math import ceil
from time import thread_time
from traceback import extract_tb
from typing import TYPE_CHECKING, Any

from kolmo.bench.estimators import checked_bits, installed_labels, is_claim, is_ours, made_once
from kolmo.bench.suite import Cell, Result, Suite, check_sizes
from kolmo.complexity.choice import needed_bytes
from kolmo.complexity.estimator import Bound, Estimator
from kolmo.complexity.predictor import ERROR_SHOWN
from kolmo.data import MemoryInput
from kolmo.errors import (
    CertificationError,
    KolmoError,
    MemoryLimitError,
    ParameterError,
    shorten,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PACKED, WRITTEN = FORMS = ("packed", "written")
SYMBOL_OF_FORM = {PACKED: 1, WRITTEN: 2}
SMALLEST, LARGEST, UNIT = 64, 1 << 22, 8  # bits
ENDING_BITS = 16  # by which a message may exceed its codelength


def in_form(bits: NDArray[np.uint8], form: str) -> bytes:
    """Return bits as a file would hold them.

    Examples
    --------
    >>> import numpy as np
    >>> bits = np.array([0, 1, 0, 0, 0, 0, 0, 1], np.uint8)
    >>> in_form(bits, "packed"), in_form(bits, "written")
    (b'A', b'01000001')
    """
    import numpy as np

    return np.packbits(bits).tobytes() if form == PACKED else (bits + ord("0")).tobytes()


def check_form(form: str) -> str:
    """Return a form, refused if it is none."""
    if form not in FORMS:
        raise ParameterError(f"unknown form: got '{shorten(form)}'; need packed or written")
    return form


def child_seed(seed: int, n: int) -> int:
    """Return a seed for strings of one length: none is the beginning of a longer one."""
    from numpy.random import SeedSequence

    return int(SeedSequence([seed, n]).generate_state(1)[0])


def guarded(work: Callable[[Cell], Result], cell: Cell) -> Result:
    """Return the result of a cell, with its CPU seconds; what fails is the result, too."""
    begun = thread_time()
    try:
        found = work(cell)
    except MemoryError:
        return {"error": "out of memory"}
    except KolmoError as error:
        return {"error": str(error)}
    except BaseException as error:  # of a user's estimator: the others go on
        if is_ours(error):
            raise
        return {"error": _words_of(error)}
    return {**found, "seconds": thread_time() - begun}


def _words_of(error: BaseException) -> str:
    """Return the name and text of an error, and the line where it arose."""
    place = extract_tb(error.__traceback__)[-1]
    text = shorten(" ".join(str(error).split()), ERROR_SHOWN)
    name = shorten(os.path.basename(place.filename))
    return f"{type(error).__name__}: {text} (line {place.lineno} of {name})"


def asked(cell: Cell, data: bytes, memory_limit: int) -> Result:
    """Return what a cell's estimator says of data: ``bits``, their ``kind``; messages decoded.

    For a code also ``message_bits``; for an estimate ``error_bits``, None where it knows none.
    """
    estimator = made_once(cell.label, cell.mark)
    needed = needed_bytes(estimator, len(data))
    if needed > memory_limit:
        raise MemoryLimitError(
            f"too much memory: needs about {needed} bytes; the limit is {memory_limit}"
        )
    row = estimator.estimate(MemoryInput(data), verify=True)
    if isinstance(estimator, Bound):
        if row.payload_bits is None:
            raise KolmoError("no message: got an estimate; a code must send one")
        return _of_code(estimator, row.payload_bits, row.kind, data)
    found = {"kind": row.kind, "bits": checked_bits(row.bits, "estimate")}
    error = None if row.error_bits is None else checked_bits(row.error_bits, "its error")
    return found | {"error_bits": error} | _claim(estimator)


def _claim(estimator: Estimator) -> dict[str, Any]:
    return {"claimed": True} if is_claim(estimator) else {}


def _of_code(code: Bound, payload_bits: int, kind: str, data: bytes) -> Result:
    message = payload_bits + told_bits(code, payload_bits // 8, len(data))
    ideal = code.codelength(data)
    if ideal is None:
        return {"kind": kind, "bits": message, "message_bits": message}
    if message > ceil(ideal) + ENDING_BITS:
        raise CertificationError(
            f"its codelength is not what it sends: got {ideal:.2f} bits for a message of {message}"
        )
    return {"kind": "codelength", "bits": ideal, "message_bits": message}


class OfStrings(Suite):
    """A suite over bit strings: what its kinds share.

    Parameters
    ----------
    sizes : sequence of int
        Lengths in bits, multiples of 8.
    form : str
        How bits stand in a file: ``packed``, or ``written`` as characters 0 and 1.
    memory_limit : int
        An estimator that would need more bytes fails, the others run.
    """

    def __init__(self, *, sizes: Sequence[int], form: str, memory_limit: int) -> None:
        self.sizes = check_sizes(sizes, SMALLEST, LARGEST, unit=UNIT)
        self.form = check_form(form)
        self.memory_limit = memory_limit

    def default_labels(self) -> list[str]:
        """Return all estimators that are installed."""
        return installed_labels(SYMBOL_OF_FORM[self.form])

    def measure(self, cell: Cell) -> Result:
        """Return what the estimator says, and ``truth_bits``."""
        return guarded(self._measure, cell)

    @abstractmethod
    def string(self, cell: Cell) -> tuple[bytes, float]:
        """Return a cell's string in its form, and what it needs in truth, in bits."""

    def _measure(self, cell: Cell) -> Result:
        data, truth = self.string(cell)
        return {**asked(cell, data, self.memory_limit), "truth_bits": truth}


def told_bits(code: Bound, payload_bytes: int, length: int) -> int:
    """Return the price of the lengths that a message tells, but for those that n alone fixes."""
    from kolmo.coding.integers import elias_delta_bits

    now, longer = (code.lengths(count, length) for count in (payload_bytes, payload_bytes + 1))
    pairs = zip(now, longer, strict=True)
    return sum(elias_delta_bits(value + 1) for value, other in pairs if value != other)
