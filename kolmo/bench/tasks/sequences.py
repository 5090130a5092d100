"""Sequences without chance: each comes from a short function, whose length bounds its complexity.

Compressors see the repetitions of the first two. The other five look like tosses of a fair coin to
every estimator here, although a few lines print them: no method finds all regularities.

The functions with an underscore are the programs: plain Python, each whole in itself, and the very
text that ran is what `Printed.program_bits` counts. So they are short before all else.
"""

from __future__ import annotations

import inspect
import zlib
from abc import abstractmethod
from collections.abc import Callable, Iterable
from functools import lru_cache

import numpy as np

from kolmo.bench.tasks.draws import Bits, require_multiple
from kolmo.bench.tasks.task import Sequence
from kolmo.coding.integers import elias_delta_bits
from kolmo.errors import ParameterError

Program = Callable[[int], Iterable[int] | str]


def _thue_morse(n: int) -> list[int]:
    return [i.bit_count() & 1 for i in range(n)]


def _fibonacci(n: int) -> str:
    a, b = "0", "01"
    while len(b) < n:
        a, b = b, b + a
    return b[:n]


def _de_bruijn(n: int) -> list[int]:
    x = c = 0x9E3779B97F4A7C23
    o = []
    for _ in range(n):
        o.append(x & 1)
        x = x >> 1 | ((x & c).bit_count() + (x < 2)) % 2 << 63
    return o


def _pi(n: int) -> str:
    from math import isqrt

    p = n + 64
    a, b, t, k = 1 << p, isqrt(1 << 2 * p - 1), 1 << p - 2, 0
    while a - b > 1:
        t -= (a - b) ** 2 >> p + 2 - k
        a, b, k = a + b >> 1, isqrt(a * b), k + 1
    return bin((a + b) ** 2 // t // 4)[4 : n + 4]


def _lcg(n: int) -> list[int]:
    x, o = 0, []
    for _ in range(n):
        x = (1664525 * x + 1013904223) % 2**32
        o.append(x >> 31)
    return o


def _rule30(n: int) -> list[int]:
    x, o = 1, []
    for i in range(n):
        o.append(x >> i & 1)
        x ^= x << 1 | x << 2
    return o


def _logistic(n: int) -> list[int]:
    x, o = 0.3, []
    for _ in range(n):
        o.append(int(x > 0.5))
        x = 4 * x * (1 - x)
    return o


class Printed(Sequence):
    """A sequence with the function that makes it."""

    @staticmethod
    @abstractmethod
    def program(n: int) -> Iterable[int] | str:
        """Return the first ``n`` bits, as integers or as characters."""

    def bits(self, n: int) -> Bits:
        """Return the first ``n`` bits, read-only; ParameterError above the largest length."""
        require_multiple(self.name, n, 1)
        if n > self.largest:
            raise ParameterError(f"'{self.name}' too long: got {n}; need at most {self.largest}")
        return _run(self.program, n)

    def program_bits(self, n: int) -> int:
        """Return the length of a program of the first ``n`` bits: a bound of their complexity.

        Parameters
        ----------
        n : int
            At least 0.

        Notes
        -----
        It bounds K(x | Python): whoever has Python, with zlib, reads n in Elias' delta code (of
        n + 1), inflates the source of the one function, and calls it with n. The few steps of
        that reading are the same for all, and not counted. Versions of zlib differ by a few bytes.
        """
        return 8 * len(zlib.compress(source(self.program).encode(), 9)) + elias_delta_bits(n + 1)


def source(program: Program) -> str:
    """Return the text of a program."""
    return inspect.getsource(program)


@lru_cache(maxsize=8)
def _run(program: Program, n: int) -> Bits:
    bits = np.fromiter(map(int, program(n)), np.uint8, n)
    bits.flags.writeable = False
    return bits


class ThueMorse(Printed):
    """The parity of the ones of 0, 1, 2, ... in binary."""

    name = "thue-morse"
    about = "Thue-Morse sequence: parity of the ones of 0, 1, 2, ..."
    program = staticmethod(_thue_morse)


class Fibonacci(Printed):
    """The word that stays as it is when 0 turns to 01 and 1 to 0."""

    name = "fibonacci"
    about = "Fibonacci word: 0 turns to 01, 1 to 0"
    program = staticmethod(_fibonacci)


class DeBruijn(Printed):
    """The beginning of a cycle of 2**64 bits in which each word of 64 bits comes once.

    Notes
    -----
    Of the many such cycles this is the longest sequence of a linear shift register, with one zero
    put in to complete the word of zeros. Its taps are the first primitive polynomial of degree 64
    whose low coefficients, as a number, are at least .618 of all that could be; they are also where
    it starts. Concatenated Lyndon words, or rules that prefer a symbol, have long runs, which
    compressors see.

    The order is not the least for n, since `mix` sees low ones. In a whole cycle of order k each
    word of k - 1 bits comes twice and goes on in two ways: of order 13, as characters, it made 692
    bytes, not 1,024. And among more than k places some always add up to zero, and a context of a
    few bytes may hold them: of 2**19 bits of order 22 it made 45,259 bytes, not 65,536.

    References
    ----------
    S. W. Golomb (1967). Shift Register Sequences. Holden-Day.
    """

    name = "de-bruijn"
    about = "de Bruijn sequence of order 64, from a linear shift register"
    program = staticmethod(_de_bruijn)


class Pi(Printed):
    """The binary digits of pi after the point.

    Notes
    -----
    Gauss and Legendre's means, with 64 more digits than asked for: the last of them are lost to
    rounding, some 2 bits for each of some 20 steps.

    References
    ----------
    E. Salamin (1976). Computation of pi using arithmetic-geometric mean. Mathematics of
    Computation 30, doi:10.1090/S0025-5718-1976-0404124-9.
    """

    name = "pi"
    about = "binary digits of pi after the point"
    largest = 1 << 18
    program = staticmethod(_pi)


class Lcg(Printed):
    """The highest bit of a linear congruential generator.

    References
    ----------
    W. H. Press et al. (1992). Numerical Recipes in C, 2nd ed., section 7.1: 1664525 and 1013904223,
    modulo 2**32; started at 0.
    """

    name = "lcg"
    about = "highest bit of x -> 1664525 x + 1013904223 modulo 2**32, from 0"
    program = staticmethod(_lcg)


class Rule30(Printed):
    """The centre column of Wolfram's rule 30 from a single one.

    References
    ----------
    S. Wolfram (1986). Random sequence generation by cellular automata. Advances in Applied
    Mathematics 7, doi:10.1016/0196-8858(86)90028-X.
    """

    name = "rule30"
    about = "centre column of the cellular automaton 30, from a single one"
    largest = 1 << 17
    program = staticmethod(_rule30)


class Logistic(Printed):
    """Whether the logistic map in IEEE doubles, started at .3, is above 1/2.

    Notes
    -----
    Doubles must come round at last; within the largest length they do not.
    """

    name = "logistic"
    about = "x -> 4 x (1 - x) in doubles from .3, whether above 1/2"
    program = staticmethod(_logistic)


def _all_sequences() -> dict[str, Sequence]:
    seen: list[Sequence] = [ThueMorse(), Fibonacci()]
    unseen: list[Sequence] = [DeBruijn(), Pi(), Lcg(), Rule30(), Logistic()]
    return {sequence.name: sequence for sequence in (*seen, *unseen)}


SEQUENCES: dict[str, Sequence] = _all_sequences()
