"""What a user's predictor is, and how its answers become shares that a coder can store.

Any model that can say how probable each next symbol is, and then learn which one came, is a code:
the sum of -log2 p is a length (prequential, Dawid 1984), and a range coder sends it. The model
itself is no part of kolmo: it may be a table, a recurrent network, a transformer.

Both sides make the shares from the probabilities in the same way: share = round(p 2**31) + 1 of the
sum of all shares. No division and no logarithm takes part, and no share is 0. It costs less than
2.6e-7 bits a byte: a share is at least p 2**31 + 1/2, and the sum of 256 of them at most
(1 + 384 / 2**31) times too large. A sum of probabilities that is not quite 1 is put right by the
same step. A symbol takes 31.01 bits at most, whatever p is.

References
----------
A. P. Dawid (1984). Present position and potential developments: some personal views. Statistical
theory, the prequential approach. Journal of the Royal Statistical Society A 147, 278-292,
doi:10.2307/2981683.
"""

import os
from collections.abc import Callable, Sequence
from math import inf, isinf, isnan
from traceback import walk_tb
from typing import Any, Protocol

from kolmo.errors import ParameterError, PredictorError, shorten

BYTES, BITS = 256, 2
SCALE = 2.0**31
ROUND = 2.0**52  # a number up to 2**52 plus this has no digits after the point
BELOW = ROUND - 1
SUM_TOLERANCE = 1e-4  # float32 is within 1e-6; half precision should be summed again
ERROR_SHOWN = 120


class Predictor(Protocol):
    """A model that predicts the next symbol, then is told it.

    A class of your own needs no base class: two methods, and a constructor (or a function) without
    arguments that makes a fresh one. kolmo calls `predict` and `update` strictly in turn, also
    while the predictor reads side information.

    It is a code only if it is deterministic: told the same symbols, a second one must give the very
    same numbers. Seed whatever is random in the constructor, keep no state outside of the object,
    and let a library that computes in threads use one of them, by deterministic algorithms. What is
    certified is so with this machine and these libraries: others may round exp and log otherwise.

    Attributes
    ----------
    symbols : int
        Optional: 256 for bytes, the default, or 2 for their bits, the highest first.
    """

    def predict(self) -> Sequence[float]:
        """Return the probability of each symbol, in order, none of them 0, with sum 1.

        A list, or an array or tensor of one dimension with a method ``tolist``.
        """

    def update(self, symbol: int) -> None:
        """Learn that ``symbol`` came."""


class Learner:
    """A fresh predictor; what it answers is checked, and errors say at which byte.

    Parameters
    ----------
    factory : callable
        Makes the predictor.

    Attributes
    ----------
    symbols : int
        Number of symbols, 2 or 256.
    steps : int
        Symbols for each byte, 8 or 1.
    """

    def __init__(self, factory: Callable[[], Predictor]) -> None:
        self._told, self._where = 0, ""
        make = _require_factory(factory)
        try:
            self._made: Any = make()
        except MemoryError:
            raise
        except (Exception, SystemExit) as error:
            raise PredictorError(f"the constructor failed: {words_of(error)}") from error
        self.symbols = _symbols(self._made)
        self.steps = 1 if self.symbols == BYTES else 8

    def read(self, side: bytes, step: Callable[[], None] | None = None) -> None:
        """Learn side information; nothing is coded."""
        self._where = " of the side information"
        for byte in side:
            for symbol in self.split(byte):
                self.shares()
                self.update(symbol)
            if step is not None:
                step()
        self._told, self._where = 0, ""

    def split(self, byte: int) -> Sequence[int]:
        """Return the symbols of a byte."""
        if self.steps == 1:
            return (byte,)
        return [byte >> place & 1 for place in range(7, -1, -1)]

    def shares(self) -> list[float]:
        """Return the share of each symbol: whole numbers from 1, with a sum below 2**32.

        They are floats, since these are rounded much faster, and exact below 2**53.

        Raises
        ------
        PredictorError
            If ``predict`` raises, or its answer is no distribution.
        """
        try:
            answer = self._made.predict()
        except MemoryError:
            raise
        except (Exception, SystemExit) as error:
            raise self._failed("predict", error) from error
        values = self._numbers(answer)
        if len(values) != self.symbols:
            raise self._refused("wrong number of probabilities", len(values), str(self.symbols))
        if not (abs(sum(values) - 1) <= SUM_TOLERANCE and min(values) > 0):
            raise self._fault(values)
        return [value * SCALE + ROUND - BELOW for value in values]

    def update(self, symbol: int) -> None:
        """Tell the predictor which symbol came."""
        try:
            self._made.update(symbol)
        except MemoryError:
            raise
        except (Exception, SystemExit) as error:
            raise self._failed("update", error) from error
        self._told += 1

    @property
    def place(self) -> str:
        """Where the next symbol stands, in words; bytes and bits count from 0."""
        byte, bit = divmod(self._told, self.steps)
        return f"at byte {byte}{f', bit {bit}' if self.steps > 1 else ''}{self._where}"

    def _numbers(self, answer: Any) -> list[float]:
        try:
            return list(map(float, answer.tolist() if hasattr(answer, "tolist") else answer))
        except MemoryError:
            raise
        except Exception as error:  # a tensor of the user's library may raise anything
            kind = f"an object of type {type(answer).__name__}"
            need = f"{self.symbols} numbers in one dimension"
            raise self._refused("no distribution", kind, need) from error

    def _fault(self, values: list[float]) -> PredictorError:
        """Return what is wrong with values that are no distribution, the worst first."""
        for wrong, name in ((isnan, "NaN"), (isinf, "infinite"), (_is_negative, "negative")):
            for symbol, value in enumerate(values):
                if wrong(value):
                    return self._refused(
                        f"probability of symbol {symbol} is {name}", value, "0 < p < 1"
                    )
        if min(values) == 0:
            return self._refused(
                f"probability of symbol {values.index(0)} is zero",
                "0.0",
                "p > 0, or the symbol has no code. Mix in a little of the uniform distribution",
            )
        need = f"1, to within {SUM_TOLERANCE}. Divide them by their sum"
        return self._refused("probabilities do not sum to one", f"{sum(values):.9g}", need)

    def _refused(self, what: str, got: object, need: str) -> PredictorError:
        return PredictorError(f"{what} {self.place}: got {shorten(got)}; need {need}.")

    def _failed(self, what: str, error: BaseException) -> PredictorError:
        return PredictorError(f"{what} failed {self.place}: {words_of(error)}")


def _require_factory(factory: Any) -> Callable[[], Any]:
    """Return what makes a predictor, refused if it is one: both sides need their own."""
    made = hasattr(factory, "predict") and not isinstance(factory, type)
    if made or not callable(factory):
        raise ParameterError(
            f"no maker of predictors: got an object of type {type(factory).__name__}; need a class "
            "or a function without arguments, which encoder and decoder call for one of their own"
        )
    return factory  # type: ignore[no-any-return]


def _symbols(made: Any) -> int:
    for name in ("predict", "update"):
        if not callable(getattr(made, name, None)):
            raise ParameterError(
                f"no predictor: got an object of type {type(made).__name__} without a method "
                f"'{name}'; need predict() and update(symbol)"
            )
    symbols = getattr(made, "symbols", BYTES)
    if not isinstance(symbols, int) or symbols not in (BITS, BYTES):
        raise ParameterError(
            f"unknown alphabet: got symbols = {shorten(symbols)}; need 256 for bytes, or 2 for bits"
        )
    return symbols


def _is_negative(value: float) -> bool:
    return -inf < value < 0


def words_of(error: BaseException) -> str:
    """Return the name and text of an error of the user's code, and the line where it arose."""
    text = shorten(" ".join(str(error).split()), ERROR_SHOWN)
    frames = [
        (frame.f_code.co_filename, line)
        for frame, line in list(walk_tb(error.__traceback__))[1:]
        if not frame.f_code.co_filename.startswith("<frozen")
    ]
    own = [line for name, line in frames if name == frames[0][0]]
    where = f" (line {own[-1]} of {shorten(os.path.basename(frames[0][0]))})" if own else ""
    return f"{type(error).__name__}{': ' if text else ''}{text}{where}"
