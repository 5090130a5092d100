"""Numbers coded one by one, each by a distribution that the rows before and its columns give.

Encoder and decoder run the same recursion, which forecasts each row (`kolmo.mdl.models.forecasts`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.code import Code, Interval, IntervalCode, Reader, Writer, check_length, damaged
from kolmo.errors import ParameterError
from kolmo.mdl.models.design import SHAPES
from kolmo.mdl.models.forecasts import LARGEST_FAST, forecast_bits, quantised
from kolmo.mdl.models.located import Located, distribution
from kolmo.mdl.models.row_code import RowCode
from kolmo.mdl.models.values import Values, to_values

Floats = NDArray[np.float64]

_LARGEST_HEIGHT_BITS = 60
_ROWS_AT_ONCE = 1 << 10


class Start(NamedTuple):
    """What is known before the first row.

    Attributes
    ----------
    rows : int
        So many rows come first, without a prediction.
    origin, shift : int
        The recursion takes the values less the origin, in steps of 2**shift, as its heights.
    place : Located
        Distribution of the rows without a prediction; its shape is one of `SHAPES`.
    """

    rows: int
    origin: int
    shift: int
    place: Located


class Predictive(Code[Values]):
    """The code of a column whose rows are predicted from those before.

    Parameters
    ----------
    columns : float64[n, k]
        What is known of each row; the elements of a column are about 1.
    start : Start
        What is known before the first row.

    Notes
    -----
    About k**2 operations and 14 bounds for each row.

    References
    ----------
    F. Liang, A. Barron (2004). Exact minimax strategies for predictive density estimation, data
    compression, and model selection. IEEE Transactions on Information Theory 50(11), 2708-2726.
    doi:10.1109/TIT.2004.836922. The predictive density of a linear model under the right Haar
    prior. We differ in adding the variance of rounding to the first sum of squares, and in sending
    rows that do not depend on those before by another distribution.
    """

    def __init__(self, columns: Floats, start: Start) -> None:
        self._columns, self._start = np.ascontiguousarray(columns), start
        self._plain = distribution(SHAPES[start.place.shape][1], start.place)

    def codelength(self, value: Values, /) -> float:
        """Return the length in bits."""
        values = to_values(value)
        forecasts = self._forecasts(values)
        plain = self._is_plain(forecasts)
        count = int(plain.sum())
        bits = self._plain.many(count).codelength(values[plain])
        origin, shift = self._start.origin, self._start.shift
        return bits + forecast_bits(values[~plain], forecasts[~plain], origin, shift)

    def encode(self, value: Values, coder: Writer, /) -> None:
        """Store a column."""
        values = to_values(value)
        forecasts = self._forecasts(values)
        plain = self._is_plain(forecasts)
        intervals: list[Interval] = []
        for number, found, is_plain in zip(values, forecasts.tolist(), plain, strict=True):
            intervals += self._code(found, is_plain).intervals(int(number))
            if len(intervals) > _ROWS_AT_ONCE:
                coder.put(intervals)
                intervals = []
        coder.put(intervals)

    def decode(self, coder: Reader, /) -> Values:
        """Return the column stored next."""
        from kolmo.mdl.kernels import DEGREES, absorb, forecast

        size = 1 + self._columns.shape[1]
        triangle, found = np.zeros((size, size)), np.zeros(3)
        values = []
        for i, row in enumerate(self._columns):
            forecast(row, i, triangle, found)
            is_plain = i < self._start.rows or found[DEGREES] == 0
            values.append(self._code(found.tolist(), is_plain).decode(coder))
            height = self._height(values[-1])
            if height is None:
                raise damaged("a number far from its origin")
            absorb(row, height, triangle)
        return to_values(values)

    def plain_rows(self, values: Values) -> NDArray[np.bool_]:
        """Return which rows have no prediction."""
        return self._is_plain(self._forecasts(values))

    def _is_plain(self, forecasts: Floats) -> NDArray[np.bool_]:
        from kolmo.mdl.kernels import DEGREES

        plain: NDArray[np.bool_] = forecasts[:, DEGREES] == 0
        plain[: self._start.rows] = True
        return plain

    def _forecasts(self, values: Values) -> Floats:
        from kolmo.mdl.kernels import forecast_rows

        rows, k = self._columns.shape
        check_length(values.size, rows)
        found = np.zeros((rows, 3))
        forecast_rows(self._columns, self._heights(values), np.zeros((k + 1, k + 1)), found)
        return found

    def _heights(self, values: Values) -> Floats:
        plain = self._start.origin == self._start.shift == 0 and values.dtype == np.int64
        if plain and int(np.abs(values).max(initial=0)) < LARGEST_FAST:
            return values.astype(np.float64)
        heights = [self._height(int(value)) for value in values]
        if None in heights:
            raise ParameterError("value out of range: got one far from the origin of the model.")
        return np.array(heights, np.float64)

    def _height(self, value: int) -> float | None:
        """Return a value as the recursion takes it, None if it is too far from the origin."""
        height = value - self._start.origin >> self._start.shift
        return float(height) if height.bit_length() <= _LARGEST_HEIGHT_BITS else None

    def _code(self, forecast: Sequence[float], is_plain: bool) -> IntervalCode[int]:
        if is_plain:
            return self._plain
        return RowCode(quantised(forecast, self._start.origin, self._start.shift))
