"""A hidden Markov chain: its forward algorithm, and its entropy rate, which has no closed form."""

from __future__ import annotations

from math import frexp, ldexp, log2
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.bench.tasks.draws import Bits, uniforms
from kolmo.bench.tasks.task import Source

NODES = 64
BLOCK = 64  # symbols between two scalings: their probability stays far above the smallest double


class Law(NamedTuple):
    """Chances of a hidden chain of two states.

    Attributes
    ----------
    rise, fall : float
        Chance to go from state 0 to state 1, and from state 1 to state 0.
    ones : tuple of float
        Chance of a one in each state.
    """

    rise: float
    fall: float
    ones: tuple[float, float]

    @property
    def upper(self) -> float:
        """Return the stationary chance of state 1."""
        return self.rise / (self.rise + self.fall)


def hidden_rate(law: Law, nodes: int = NODES) -> float:
    """Return the entropy rate of a hidden chain, in bits a symbol; no draw is made.

    Parameters
    ----------
    law : Law
        All chances above 0 and below 1.
    nodes : int
        Points where the equation below is held; with the default the last of twelve digits stays.

    Notes
    -----
    Let b be the belief: the chance of state 1, the past known. A symbol x of chance p(x|b) turns
    it to f(x, b). The rate h and a smooth function v solve Poisson's equation of this chain of
    beliefs, v(b) + h = H(p(.|b)) + sum over x of p(x|b) v(f(x, b)): v says by how much the
    entropy still to come exceeds its average. We let v be the polynomial through its values at
    Chebyshev's points of the beliefs that can occur, and solve the linear equations for the
    values and h; the error falls by a constant factor with each point.

    References
    ----------
    D. Blackwell (1957). The entropy of functions of finite-state Markov chains: the rate as a mean
    over beliefs. J.-P. Berrut, L. N. Trefethen (2004). Barycentric Lagrange interpolation. SIAM
    Review 46, doi:10.1137/S0036144502417715, section 5.
    """
    angles = np.pi * (np.arange(nodes) + 0.5) / nodes
    middle, half = (law.rise + 1 - law.fall) / 2, (1 - law.fall - law.rise) / 2
    beliefs = middle - half * np.cos(angles)
    weights = np.sin(angles) * (-1.0) ** np.arange(nodes)
    system, entropy = np.eye(nodes), np.zeros(nodes)
    for low, high in ((1 - law.ones[0], 1 - law.ones[1]), law.ones):
        chance = (1 - beliefs) * low + beliefs * high
        state = beliefs * high / chance
        after = (1 - state) * law.rise + state * (1 - law.fall)
        system -= chance[:, None] * _interpolation(after, beliefs, weights)
        entropy -= chance * np.log2(chance)
    system[:, 0] = 1  # v is free up to a constant: it is 0 at the first node, whose place h takes
    return float(np.linalg.solve(system, entropy)[0])


def _interpolation(
    points: NDArray[np.float64], nodes: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the matrix from a polynomial's values at the nodes to its values at the points."""
    shares: NDArray[np.float64] = weights / (points[:, None] - nodes)
    shares /= shares.sum(axis=1, keepdims=True)
    return shares


class HiddenMarkov(Source):
    """A coin that is changed for another one now and then; nobody sees when."""

    name = "hmm"
    about = "hidden chain of two states, P(0 to 1) = .02, P(1 to 0) = .05, P(1) = .05 and .7"
    group = "hidden states"
    law: ClassVar[Law] = Law(0.02, 0.05, (0.05, 0.7))
    rate = round(hidden_rate(law), 10)  # rounded to what every machine finds

    def draw(self, n: int, seed: int) -> Bits:
        """Return ``n`` symbols; the first state comes from the stationary law."""
        moves, symbols = uniforms(self.name, 2 * n, seed).reshape(2, n)
        states = np.zeros(n, np.intp)
        upper, state = self.law.upper, 0
        for time, uniform in enumerate(moves.tolist()):
            state = uniform < upper
            states[time] = state
            upper = 1 - self.law.fall if state else self.law.rise
        return (symbols < np.array(self.law.ones)[states]).astype(np.uint8)

    def truth_bits(self, bits: Bits) -> float:
        """Return -log2 of the probability, by the forward algorithm."""
        zero, one, scale = 1 - self.law.upper, self.law.upper, 0
        for begin in range(0, len(bits), BLOCK):
            zero, one = self._forward(zero, one, bits[begin : begin + BLOCK].tolist())
            power = frexp(zero + one)[1]
            zero, one, scale = ldexp(zero, -power), ldexp(one, -power), scale + power
        return -log2(zero + one) - scale

    def _forward(self, zero: float, one: float, symbols: list[int]) -> tuple[float, float]:
        """Return the chance of all symbols so far together with each next state."""
        rise, fall, (low, high) = self.law
        for symbol in symbols:
            zero, one = (zero * low, one * high) if symbol else (zero * (1 - low), one * (1 - high))
            zero, one = zero * (1 - rise) + one * fall, zero * rise + one * (1 - fall)
        return zero, one
