"""Criteria of linear regressions that are no codes, and the code length of a density.

They say which columns of a design deserve a place, by a number each; the smallest is best. None can
be sent: `kolmo.mdl.predictors.linear` and `prequential` can. `rnml`, `gmdl` and `bic` are in nats
and halved where the usual form is twice a log likelihood; `aicc` is in nats and not halved;
`liang_barron_bits` is in bits.

All take a design, float64[n, k], whose k columns are independent, k < n, with the column of ones
among them if an intercept is wanted; and a target, float64[n], that they do not fit exactly.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kolmo.errors import ParameterError

Floats = NDArray[np.float64]


def rnml(design: ArrayLike, target: ArrayLike) -> float:
    """Return Rissanen's renormalised maximum likelihood, in nats; a criterion, not a code.

    The constant 2 log log of the ratio of the hyperparameters' bounds, the same for all designs, is
    left out. It may price columns too low: of polynomials it picks degree 5 for Wampler's fifth
    target, whose noise hides all of them.

    Parameters
    ----------
    design : array_like, float64[n, k]
        Columns.
    target : array_like, float64[n]
        What they predict.

    Raises
    ------
    ParameterError
        As `require_regression`; also if what is predicted is 0.

    References
    ----------
    J. Rissanen (2000). MDL denoising. IEEE Transactions on Information Theory 46(7), 2537-2543.
    doi:10.1109/18.887861. T. Roos, P. Myllymäki, J. Rissanen (2009). MDL denoising revisited. IEEE
    Transactions on Signal Processing 57(9), 3347-3360. doi:10.1109/TSP.2009.2021633. The form
    before Stirling's approximation, with all constants but the one named.

    Examples
    --------
    >>> round(rnml([[1, 0], [1, 1], [1, 2], [1, 3], [1, 4]], [1, 3, 2, 5, 4]), 10)
    8.8436458929
    """
    columns, heights = require_regression(design, target)
    n, k = _shape(columns)
    square = _square_left(columns, heights)
    told = (float(heights @ heights) - square) / n
    if told <= 0:
        raise ParameterError("no RNML: got a prediction of 0; need one. Try gmdl or bic.")
    return (
        (n - k) / 2 * math.log(square / n)
        + k / 2 * math.log(told)
        - math.lgamma((n - k) / 2)
        - math.lgamma(k / 2)
        + n / 2 * math.log(n * math.pi)
    )


def gmdl(design: ArrayLike, target: ArrayLike) -> float:
    """Return Hansen and Yu's gMDL, in nats; a criterion, not a code.

    Half the rows times log S, half the columns times log F, and log n; if the columns tell less
    than by chance, half the rows times the log of the mean square, and half of log n.

    Parameters
    ----------
    design : array_like, float64[n, k]
        Columns.
    target : array_like, float64[n]
        What they predict.

    Raises
    ------
    ParameterError
        As `require_regression`.

    References
    ----------
    M. H. Hansen, B. Yu (2001). Model selection and the principle of minimum description length.
    Journal of the American Statistical Association 96(454), 746-774.
    doi:10.1198/016214501753168398. The mixture with a g-prior for regression.

    Examples
    --------
    >>> round(gmdl([[1, 0], [1, 1], [1, 2], [1, 3], [1, 4]], [1, 3, 2, 5, 4]), 10)
    5.1294112395
    """
    columns, heights = require_regression(design, target)
    n, k = _shape(columns)
    square, whole = _square_left(columns, heights), float(heights @ heights)
    if 1 - square / whole < k / n:
        return n / 2 * math.log(whole / n) + math.log(n) / 2
    variance = square / (n - k)
    ratio = (whole - square) / (k * variance)
    return n / 2 * math.log(variance) + k / 2 * math.log(ratio) + math.log(n)


def bic(design: ArrayLike, target: ArrayLike) -> float:
    """Return half of Schwarz' criterion, in nats; a criterion, not a code.

    The variance counts as a parameter, and the likelihood has all its constants.

    Parameters
    ----------
    design : array_like, float64[n, k]
        Columns.
    target : array_like, float64[n]
        What they predict.

    Raises
    ------
    ParameterError
        As `require_regression`.

    References
    ----------
    G. Schwarz (1978), as for `kolmo.mdl.criteria`.

    Examples
    --------
    >>> round(bic([[1, 0], [1, 1], [1, 2], [1, 3], [1, 4]], [1, 3, 2, 5, 4]), 10)
    8.6875893672
    """
    columns, heights = require_regression(design, target)
    n, k = _shape(columns)
    return _likelihood(columns, heights) + (k + 1) / 2 * math.log(n)


def aicc(design: ArrayLike, target: ArrayLike) -> float:
    """Return Akaike's criterion corrected for few rows, in nats, not halved; not a code.

    The variance counts as a parameter, and the likelihood has all its constants.

    Parameters
    ----------
    design : array_like, float64[n, k]
        Columns; n > k + 2.
    target : array_like, float64[n]
        What they predict.

    Raises
    ------
    ParameterError
        As `require_regression`; also unless n > k + 2.

    References
    ----------
    C. M. Hurvich, C.-L. Tsai (1989), as for `kolmo.mdl.criteria`.

    Examples
    --------
    >>> round(aicc([[1, 0], [1, 1], [1, 2], [1, 3], [1, 4]], [1, 3, 2, 5, 4]), 10)
    42.5468649972
    """
    columns, heights = require_regression(design, target)
    n, k = _shape(columns)
    if n <= k + 2:
        raise ParameterError(f"too few rows: got {n}; need more than {k + 2} for {k} columns.")
    return 2 * _likelihood(columns, heights) + 2 * (k + 1) * n / (n - k - 2)


def liang_barron_bits(design: ArrayLike, target: ArrayLike, first: int) -> float:
    """Return the code length of all rows but the first, given these, in bits.

    The code length of a density: of values in steps s it is that of a message less log2 s for each
    row, but for rounding. The predictive density of each row is Student's, by the rows before; this
    is the exact minimax one for predicting from ``first`` rows on. Compare designs at the same
    ``first``.

    Parameters
    ----------
    design : array_like, float64[n, k]
        Columns; those of the first rows are independent, too.
    target : array_like, float64[n]
        What they predict; not exactly, in the first rows neither.
    first : int
        How many rows are given, more than k.

    Raises
    ------
    ParameterError
        As `require_regression`, for the first rows as well.

    References
    ----------
    F. Liang, A. Barron (2004). Exact minimax strategies for predictive density estimation, data
    compression, and model selection. IEEE Transactions on Information Theory 50(11), 2708-2726.
    doi:10.1109/TIT.2004.836922. The predictive density of a linear model under the right Haar
    prior, as the ratio of two integrals: of all rows, and of the first.

    Examples
    --------
    >>> round(liang_barron_bits([[1, 0], [1, 1], [1, 2], [1, 3], [1, 4]], [1, 3, 2, 5, 4], 3), 10)
    6.6604570835
    """
    columns, heights = require_regression(design, target)
    if not columns.shape[1] < first <= len(columns):
        raise ParameterError(
            f"first rows out of range: got {first}; need more than the {columns.shape[1]} columns "
            f"and at most {len(columns)}."
        )
    given = require_regression(columns[:first], heights[:first])
    return (_haar_integral(columns, heights) - _haar_integral(*given)) / math.log(2)


def require_regression(design: ArrayLike, target: ArrayLike) -> tuple[Floats, Floats]:
    """Return design and target as floats, or raise ParameterError if nothing can be said of them.

    Raises
    ------
    ParameterError
        If the shapes do not belong together, a number is not finite, there is no column, there are
        not more rows than columns, the columns depend on each other, or they fit the target
        exactly.
    """
    columns, heights = np.asarray(design, np.float64), np.asarray(target, np.float64)
    if columns.ndim != 2 or heights.shape != columns.shape[:1]:
        raise ParameterError(
            f"no regression: got a design of shape {columns.shape} and a target of shape "
            f"{heights.shape}; need (n, k) and (n,)."
        )
    n, k = _shape(columns)
    if not 1 <= k < n or not (np.isfinite(columns).all() and np.isfinite(heights).all()):
        raise ParameterError(
            f"no regression: got {n} rows and {k} columns; need finite numbers, a column or more, "
            "and more rows than columns."
        )
    if np.linalg.matrix_rank(columns) < k:
        raise ParameterError("dependent columns: got some that depend on others. Leave them out.")
    largest = float(heights @ heights)
    if _square_left(columns, heights) <= (n * np.finfo(np.float64).eps) ** 2 * largest:
        raise ParameterError("no noise: got a target that the columns fit exactly; need some left.")
    return columns, heights


def _shape(columns: Floats) -> tuple[int, int]:
    rows, count = columns.shape
    return int(rows), int(count)


def _square_left(columns: Floats, heights: Floats) -> float:
    """Return the sum of squares that the columns leave."""
    left = heights - columns @ np.linalg.lstsq(columns, heights, rcond=None)[0]
    return float(left @ left)


def _likelihood(columns: Floats, heights: Floats) -> float:
    """Return minus the log of the maximised likelihood, in nats."""
    n = len(heights)
    return n / 2 * math.log(2 * math.pi * math.e * _square_left(columns, heights) / n)


def _haar_integral(columns: Floats, heights: Floats) -> float:
    """Return minus the log of the likelihood integrated over d factors d sigma / sigma, in nats.

    But for a constant that is the same for any number of rows.
    """
    n, k = _shape(columns)
    half = (n - k) / 2
    determinant = float(np.linalg.slogdet(np.linalg.qr(columns, mode="r"))[1])
    square = _square_left(columns, heights)
    return determinant - math.lgamma(half) + half * math.log(math.pi * square)
