"""The published protocol as data, and the fits that the paper makes.

References
----------
S. Aaronson, S. M. Carroll, L. Ouellette (2014). arXiv:1405.6903. Section 5, and the authors' code
for what the text leaves open: times, intervals and the largest averages.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.automaton.coarse import Graining, default_grain
from kolmo.errors import ParameterError, nearest

Reals = NDArray[np.float64]

RULES = ("interacting", "noninteracting")
SAMPLES_PER_ESTIMATE = 400
RUN_ESTIMATES = 2
"""A published run lasts so many estimated times."""

PEAK_SWAPS = 0.0832
"""The peak of the 3-bucket complexity is at about so many times size**4 effective swaps."""

ENSEMBLE_SWAPS = 0.2
"""Ensembles run up to so many times size**4 effective swaps, where that is longer."""


class Protocol(NamedTuple):
    """The published way to run and measure one grid.

    Attributes
    ----------
    rule : str
        ``interacting`` or ``noninteracting``.
    size : int
        Side of the grid.
    clock : str
        ``swaps``: effective swaps; ``picks``: steps of the noninteracting rule.
    estimated_time : int
        In this clock.
    last_time : int
        When a published run ends.
    peak_time : float or None
        About when complexity peaks; unknown for the noninteracting rule.
    coarse, adjusted : Graining
        The 3 buckets of the figures; the 7 buckets and the row rule of the authors' code.
    measure : str
        ``paper``: gzip of text.
    """

    rule: str
    size: int
    clock: str
    estimated_time: int
    last_time: int
    peak_time: float | None
    coarse: Graining
    adjusted: Graining
    measure: str = "paper"

    @property
    def sample_times(self) -> list[int]:
        """Times of the samples: every estimated time / 400, rounded down."""
        count = RUN_ESTIMATES * SAMPLES_PER_ESTIMATE
        times = {k * self.estimated_time // SAMPLES_PER_ESTIMATE for k in range(count + 1)}
        return sorted(times)

    @property
    def ends_before_peak(self) -> bool:
        """Whether a published run of this size ends before the complexity peaks."""
        return self.peak_time is not None and self.last_time < self.peak_time

    @property
    def ensemble_time(self) -> int:
        """When runs of ensembles and scans end: after the peak, for every size."""
        if self.peak_time is None:
            return self.last_time
        return max(self.last_time, math.ceil(ENSEMBLE_SWAPS * self.size**4))


def protocol(rule: str, size: int) -> Protocol:
    """Return the published protocol for a rule and a size.

    Parameters
    ----------
    rule : str
        ``interacting`` or ``noninteracting``.
    size : int
        Side of the grid, 2 or more.

    Raises
    ------
    ParameterError
        For any other.

    Notes
    -----
    The largest average of 7 buckets is 1 for the interacting rule, but int(sqrt(grain)) for the
    other: the contrast between the two in the paper's figure 10 comes from this alone. The
    noninteracting rule's estimated time, size**2 / 2 steps, stands in the authors' code only.

    Examples
    --------
    >>> found = protocol("interacting", 100)
    >>> found.estimated_time, found.coarse.grain, found.ends_before_peak
    (10619000, 9, False)
    >>> protocol("interacting", 256).ends_before_peak
    True
    """
    if rule not in RULES:
        raise ParameterError(f"no published runs: got '{rule}'. {nearest(rule, list(RULES))}")
    if size < 2:
        raise ParameterError(f"no grid: got size {size}; need 2 or more.")
    alone = rule == "interacting"
    grain = default_grain(size)
    adjusted = Graining(grain, thresholds="paper", row_rule="code")
    estimated = estimated_swaps(size) if alone else size * size // 2
    return Protocol(
        rule=rule,
        size=size,
        clock="swaps" if alone else "picks",
        estimated_time=estimated,
        last_time=RUN_ESTIMATES * estimated,
        peak_time=PEAK_SWAPS * size**4 if alone else None,
        coarse=Graining(grain, buckets=3, thresholds="paper"),
        adjusted=adjusted._replace(largest=1 if alone else math.isqrt(grain)),
    )


def estimated_swaps(size: int) -> int:
    """Return the paper's estimate of when the interacting automaton has mixed, in swaps.

    Examples
    --------
    >>> [estimated_swaps(size) for size in (20, 35, 100)]
    [25000, 9375, 10619000]
    """
    return 25000 if size < 30 else 2495 * size**2 - 173600 * size + 3029000


class Fit(NamedTuple):
    """A least-squares fit.

    Attributes
    ----------
    formula : str
        What was fitted.
    values, standard_errors : tuple of float
        Its parameters in the order of the formula, and their standard errors (NaN where as many
        points as parameters leave none).
    r_squared : float
        1 - residual sum of squares / total sum of squares, of y itself; NaN if y is constant.
    """

    formula: str
    values: tuple[float, ...]
    standard_errors: tuple[float, ...]
    r_squared: float

    def at(self, x: Sequence[float] | Reals) -> list[float]:
        """Return the fitted values at some places.

        Examples
        --------
        >>> [round(value, 6) for value in fit_scale([1, 2, 3], [2, 32, 162], 4).at([1, 10])]
        [2.0, 20000.0]
        """
        places = np.asarray(x, float)
        _, _, exponent = self.formula.partition("x^")
        if self.formula.startswith("y = a x^"):
            power = self.values[1] if exponent == "b" else float(exponent)
            found = self.values[0] * places**power
        else:
            found = np.polynomial.polynomial.polyval(places, self.values)
        return [float(value) for value in found]

    def to_dict(self) -> dict[str, Any]:
        """Return the record as a dictionary, None in place of NaN."""
        errors = [_finite(error) for error in self.standard_errors]
        r_squared = _finite(self.r_squared)
        return {**self._asdict(), "standard_errors": errors, "r_squared": r_squared}


def fit_polynomial(x: Sequence[float], y: Sequence[float], degree: int) -> Fit:
    """Return the fit of a polynomial, the constant first: 1 for the paper's lines, 2 for parabolas.

    Examples
    --------
    >>> found = fit_polynomial([1, 2, 3, 4], [3, 5, 7, 9], 1)
    >>> [round(value, 9) for value in found.values], round(found.r_squared, 9)
    ([1.0, 2.0], 1.0)
    """
    names = " + ".join(["a", "b x", "c x^2", "d x^3"][: degree + 1])
    columns = np.vander(np.asarray(x, float), degree + 1, increasing=True)
    values, errors = _least_squares(columns, np.asarray(y, float))
    return Fit(f"y = {names}", values, errors, _r_squared(columns @ values, y))


def fit_scale(x: Sequence[float], y: Sequence[float], exponent: float) -> Fit:
    """Return the fit of y = a x^exponent, with the factor a as its only parameter.

    Examples
    --------
    >>> found = fit_scale([1, 2, 3], [2, 32, 162], 4)
    >>> round(found.values[0], 9), found.formula
    (2.0, 'y = a x^4')
    """
    columns = np.asarray(x, float)[:, None] ** exponent
    values, errors = _least_squares(columns, np.asarray(y, float))
    return Fit(f"y = a x^{exponent:g}", values, errors, _r_squared(columns @ values, y))


def fit_power(x: Sequence[float], y: Sequence[float]) -> Fit:
    """Return the fit of y = a x^b, with its exponent b free: a line through the logarithms.

    Its standard error says how well the points fix the exponent; `Fit.r_squared` is that of y.

    Examples
    --------
    >>> [round(value, 9) for value in fit_power([1, 2, 4], [3, 12, 48]).values]
    [3.0, 2.0]
    """
    if min(*x, *y) <= 0:
        raise ParameterError("no power law: got a value of 0 or less; need positive ones.")
    columns = np.vander(np.log2(np.asarray(x, float)), 2, increasing=True)
    (low, exponent), (error, exponent_error) = _least_squares(columns, np.log2(y))
    factor = 2.0**low
    predicted = factor * np.asarray(x, float) ** exponent
    errors = (factor * error * math.log(2), exponent_error)
    return Fit("y = a x^b", (factor, exponent), errors, _r_squared(predicted, y))


def _least_squares(columns: Reals, y: Reals) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return coefficients and their standard errors."""
    points, parameters = columns.shape
    if points < parameters or len(y) != points:
        raise ParameterError(
            f"no fit: got {points} points and {len(y)} values; need as many, {parameters} or more."
        )
    scale = np.abs(columns).max(axis=0)
    scaled, _, rank, _ = np.linalg.lstsq(columns / scale, y, rcond=None)
    if rank < parameters:
        raise ParameterError(f"no fit: need {parameters} different values of x, or more.")
    values = scaled / scale
    residuals = y - columns @ values
    freedom = points - parameters
    spread = float(residuals @ residuals) / freedom if freedom else math.nan
    unscaled = np.linalg.inv((columns / scale).T @ (columns / scale))
    errors = np.sqrt(spread * np.diag(unscaled)) / scale
    return tuple(values.tolist()), tuple(errors.tolist())


def _finite(value: float) -> float | None:
    return None if math.isnan(value) else value


def _r_squared(predicted: Reals, y: Sequence[float]) -> float:
    seen = np.asarray(y, float)
    left, total = ((seen - center) @ (seen - center) for center in (predicted, seen.mean()))
    return float(1 - left / total) if total else math.nan
