"""Is a rise of complexity real? The exact mean says what part of it is a border artifact.

Where two buckets meet, cells fall to one side or the other by chance: such a border looks complex,
and the paper's rise and fall is made of it. The mean of every cell at any time is known exactly;
a cell whose bucket differs by at most one from that of the mean carries no more than this noise,
and takes the mean's value. What remains is what a picture holds beyond its own mean. Where a window
has few cells, chance alone moves a bucket by more than one: hence the control, a grid of
independent cells with the same means, corrected in the same way. It has no structure whatever.

References
----------
S. Aaronson, S. M. Carroll, L. Ouellette (2014). arXiv:1405.6903; its headline was withdrawn by
S. Aaronson on 3 June 2014, after B. Werness had found the artifact.
T. M. Liggett (2009). Distributional limits for the symmetric exclusion process. Stochastic
Processes and their Applications 119(1), 1-15. Negative dependence: why windows deviate no more
than those of independent cells. The control is ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from kolmo.automaton.coarse import (
    Buckets,
    Graining,
    Grid,
    average,
    bucket,
    settle,
    settle_rows,
)
from kolmo.automaton.mean import ExactMean, Reals
from kolmo.automaton.sizes import DEFAULT_MEASURE, Size, measure_buckets
from kolmo.errors import ParameterError

CONTROLS = 4
"""How many grids of independent cells are drawn where chance matters."""

SERIES = ("raw", "text", "corrected", "control")

NO_RISE_BELOW = 1.6
"""By which factor a complexity may exceed its value at t = 0 and still count as flat."""


class AuditRow(NamedTuple):
    """Complexity of one grid: as it is, by the text's row rule, and corrected to the exact mean.

    Attributes
    ----------
    time : float
        In the clock of the mean.
    raw, text, corrected : Size
        Sizes of the buckets.
    control : Size or None
        The largest of several grids of independent cells with the same means, corrected likewise;
        None where windows are so large that chance does not matter.
    """

    time: float
    raw: Size
    text: Size
    corrected: Size
    control: Size | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the record as a dictionary."""
        sizes = zip(SERIES, self[1:], strict=True)
        known = {name: size and size.to_dict() for name, size in sizes}
        return {"time": self.time, **known}


class Verdict(NamedTuple):
    """What the audit of a whole run says.

    Attributes
    ----------
    measure, kind : str
        The estimator, and the kind of all sizes: ``certified``.
    limit : float
        Complexities up to so many times their value at the first sample count as flat, and
        corrected ones up to so many times the control's as explained.
    raw_ratio, text_ratio, corrected_ratio, control_ratio : float
        Largest size over all samples, over the size at the first, baselines not subtracted; the
        last is None if there were no controls.
    artifact : bool or None
        Whether the rise is a border artifact; None where nothing rises.
    sentence : str
        The same in words.
    """

    measure: str
    kind: str
    limit: float
    raw_ratio: float
    text_ratio: float
    corrected_ratio: float
    control_ratio: float | None
    artifact: bool | None
    sentence: str

    def to_dict(self) -> dict[str, Any]:
        """Return the record as a dictionary."""
        return self._asdict()


def audit(
    grid: Grid,
    mean: ExactMean,
    graining: Graining,
    *,
    time: float,
    clock: str = "picks",
    measure: str = DEFAULT_MEASURE,
    verify: bool = True,
    controls: int | None = None,
    seed: int = 0,
) -> AuditRow:
    """Return the complexity of a grid raw, by the text's row rule, and corrected, in bits.

    Parameters
    ----------
    grid : integer[rows, columns]
        Cream in each cell.
    mean : ExactMean
        Of the start from which the grid came.
    graining : Graining
        Window and buckets; its row rule is not used.
    time, clock
        When, in a clock in which the mean is exact; see `ExactMean.at`.
    measure, verify
        As for `kolmo.automaton.sizes.measure_buckets`.
    controls : int, optional
        How many control grids to draw; by default 4 where a bucket is narrower than 3 standard
        deviations of a window's average (for 7 buckets of the interacting rule, grains below
        11), and none elsewhere.
    seed : int
        Of the controls; another for each sample.

    Examples
    --------
    >>> import numpy as np
    >>> start = np.repeat([[1], [0]], 8, axis=0) * np.ones((1, 16), np.uint8)
    >>> row = audit(start, ExactMean(start, "interacting"), Graining(3), time=0)
    >>> row.raw == row.corrected == row.control, row.raw.kind
    (True, 'certified')
    """
    cells = mean.at(time, clock)
    raw = bucket(average(grid, graining), graining)
    count = _default_controls(mean, graining) if controls is None else controls
    drawn = [mean.draw(cells, (seed, i)) for i in range(count)]
    chance = [bucket(average(each, graining), graining) for each in drawn]
    corrected = [correct(each, cells, graining) for each in (raw, *chance)]
    first, *others = [
        measure_buckets(picture, graining.buckets, measure, verify=verify)
        for picture in (raw, settle_rows(raw, "text"), *corrected)
    ]
    control = max(others[2:], key=lambda size: size.bits, default=None)
    return AuditRow(time, first, others[0], others[1], control)


def _default_controls(mean: ExactMean, graining: Graining) -> int:
    """Return 4 where chance may move an average by more than a third of a bucket, else 0.

    The largest standard deviation of an average over grain**2 cells is 1 / (2 grain) for the
    interacting rule, whose cells are negatively dependent, and 1 / grain for Poisson counts of
    mean 1.
    """
    most = 1.0 if mean.rule == "noninteracting" else 0.5
    chance = most / graining.grain
    return CONTROLS if 3 * chance * graining.buckets > graining.largest else 0


def correct(buckets: Buckets, mean: Reals, graining: Graining) -> Buckets:
    """Return buckets of which those within one of the exact mean's take its value.

    The mean is averaged over the same windows and put into the same buckets.
    """
    return settle(buckets, bucket(average(mean, graining), graining))


def judge(rows: Sequence[AuditRow], *, limit: float = NO_RISE_BELOW) -> Verdict:
    """Return the verdict on a run from the audit of all its samples, the first at t = 0.

    Parameters
    ----------
    rows : sequence of AuditRow
        One measure, certified.
    limit : float
        See `Verdict`.

    Raises
    ------
    ParameterError
        If there is no row, or a size is no certified one: a verdict rests on messages only.
    """
    if not rows:
        raise ParameterError("no audit: got no samples; need one or more.")
    kinds = {size.kind for row in rows for size in row[1:] if size is not None}
    if kinds != {"certified"}:
        raise ParameterError(
            f"no verdict: got sizes of kind {', '.join(sorted(kinds))}; need certified ones."
        )
    raw, text, corrected, control = (_largest_ratio(rows, name) for name in SERIES)
    flat = raw <= limit
    artifact = None if flat else corrected <= limit * max(1, control)
    chance = control if corrected > limit and control else None
    words = _word(raw, corrected, artifact, chance)
    return Verdict(
        measure=rows[0].raw.measure,
        kind="certified",
        limit=limit,
        raw_ratio=raw,
        text_ratio=text,
        corrected_ratio=corrected,
        control_ratio=control or None,
        artifact=artifact,
        sentence=f"{words} (certified sizes by {rows[0].raw.measure})",
    )


def _word(raw: float, corrected: float, artifact: bool | None, chance: float | None) -> str:
    if artifact is None:
        return f"nothing rises: the complexity never exceeds {raw:.2f} x its value at t = 0"
    end = "" if chance is None else f", that of independent cells {chance:.2f} x"
    if artifact:
        return (
            f"the rise to {raw:.2f} x is a border artifact: the corrected complexity never "
            f"exceeds {corrected:.2f} x its value at t = 0{end}"
        )
    return (
        f"the rise to {raw:.2f} x is not only a border artifact: the corrected complexity still "
        f"reaches {corrected:.2f} x its value at t = 0{end}"
    )


def _largest_ratio(rows: Sequence[AuditRow], name: str) -> float:
    """Return the largest size of a series over the raw one at the start; 0 if it has none."""
    sizes = [getattr(row, name) for row in rows]
    return float(max((size.bits for size in sizes if size), default=0) / rows[0].raw.bits)
