"""Light-cone complexity: how much the past of a cell tells about its future, an estimate.

Self-organisation, by Shalizi and others, is a rise of the information that the past light cone of
a cell has about its future one: none in a grid at rest, none in noise that does not remember, much
where structure forms and moves. They group the past cones into causal states and report how much
those remember, which is no less than the information estimated here.

A light cone of depth d: the past is the cell itself and, j frames earlier, all cells within j
steps (up, down, left, right), for j up to d; the future likewise, j frames later, without the cell
itself. Frames stand at equal distances in units of the edge clock, so that on average every edge
rings once in a unit. The automaton has no strict speed of light: an edge may ring twice between
two frames, and the cones then hold most, not all, of what can matter.

References
----------
C. R. Shalizi, K. L. Shalizi, R. Haslinger (2004). Quantifying self-organization with optimal
predictors. Physical Review Letters 93, 118701. doi:10.1103/PhysRevLett.93.118701. We differ in
giving I(past; future), a lower limit of their statistical complexity, without causal states.
S. Panzeri, A. Treves (1996). Analytical estimates of limited sampling biases in different
information measures. Network 7(1), 87-107. doi:10.1088/0954-898X/7/1/006. The bias.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.automaton.plan import Clocks, Plan
from kolmo.automaton.rule import Rule
from kolmo.automaton.state import State
from kolmo.errors import MemoryLimitError, ParameterError
from kolmo.parallel import ordered_map
from kolmo.progress import SILENT, Progress

History = NDArray[Any]
Words = NDArray[np.int64]
Offset = tuple[int, int, int]

FORMULA = (
    "H(past) + H(future) - H(past, future) of the observed frequencies of light-cone patterns, "
    "less its bias (patterns of both - past - future + 1) / (2 samples ln 2)"
)
MOST_CELLS = 30
FRAMES = 8
PATTERN_BYTES = 40  # for a cell of a frame: patterns of past and future, both, and sorted


class LightCone(NamedTuple):
    """The information of past light cones about future ones, for one history.

    Attributes
    ----------
    kind, formula : str
        ``estimate``, and what is computed.
    estimate_bits : float
        I(past; future) for a cell, the bias subtracted; may fall below 0 by chance.
    plugin_bits, bias_bits : float
        The same from observed frequencies, and by how much that is too much on average. The bias
        is that of independent samples; cones overlap, hence it is only its order of magnitude.
    samples : int
        Number of cells and times whose cones lie inside of the history.
    past_depth, future_depth : int
        Frames before and after.
    frame_time : float
        Distance between frames, in units of the edge clock.
    """

    kind: str
    formula: str
    estimate_bits: float
    plugin_bits: float
    bias_bits: float
    samples: int
    past_depth: int
    future_depth: int
    frame_time: float

    def to_dict(self) -> dict[str, Any]:
        """Return the record as a dictionary."""
        return self._asdict()


def light_cone_complexity(
    history: History,
    *,
    frame_time: float,
    past_depth: int = 1,
    future_depth: int = 1,
    torus: bool = False,
) -> LightCone:
    """Return an estimate of I(past; future), in bits for a cell, from a space-time history.

    Parameters
    ----------
    history : uint8[frames, rows, columns]
        Cells of 0 and 1; at least past_depth + future_depth + 1 frames.
    frame_time : float
        Distance between frames in units of the edge clock.
    past_depth, future_depth : int
        0 or more, and 1 or more; both cones together have at most 30 cells, which is depth 1 and
        2, or 2 and 1. The estimate is only as good as samples are many beside 2**cells.
    torus : bool
        Whether cones go on at the opposite side; with walls, only cells whose cones end before
        them count.

    Raises
    ------
    ParameterError
        If the cones have too many cells, or the history no room for them.

    Notes
    -----
    Time O(cells of both cones * samples + samples log samples).

    Examples
    --------
    Two states that alternate everywhere: the past tells one bit about the future.

    >>> frames = np.arange(102) % 2
    >>> history = np.broadcast_to(frames[:, None, None], (102, 5, 5)).astype(np.uint8)
    >>> found = light_cone_complexity(history, frame_time=1.0)
    >>> found.kind, round(found.plugin_bits, 6), found.samples
    ('estimate', 1.0, 900)
    """
    past = cone(past_depth, -1)
    future = cone(future_depth, 1)[1:]
    _check(history.shape, past, future)
    patterns = [_patterns(history, offsets, past + future, torus) for offsets in (past, future)]
    joint = patterns[0] << len(future) | patterns[1]
    (before, states), (after, outcomes) = map(_entropy, patterns)
    both, pairs = _entropy(joint)
    bias = (pairs - states - outcomes + 1) / (2 * joint.size * np.log(2))
    return LightCone(
        kind="estimate",
        formula=FORMULA,
        estimate_bits=float(before + after - both - bias),
        plugin_bits=float(before + after - both),
        bias_bits=float(bias),
        samples=joint.size,
        past_depth=past_depth,
        future_depth=future_depth,
        frame_time=frame_time,
    )


def light_cones(
    plan: Plan,
    *,
    frames: int = FRAMES,
    frame_time: float = 1.0,
    past_depth: int = 1,
    future_depth: int = 1,
    jobs: int = 1,
    progress: Progress = SILENT,
) -> Iterator[tuple[Clocks, LightCone]]:
    """Return an iterator over the estimates at every sample of a run.

    Parameters
    ----------
    plan : Plan
        Of the run.
    frames : int
        How many frames each history has, the first of them the sample itself.
    frame_time, past_depth, future_depth
        As for `light_cone_complexity`.
    jobs : int
        Threads; the result is the same for any number.
    progress : Progress
        Told of events; those between the frames come on top.

    Raises
    ------
    ParameterError
        If the cones have too many cells or no room, or a frame has no time, before the run begins.
    MemoryLimitError
        If a history would be too large.

    Notes
    -----
    The frames after a sample are made of a copy: the run itself does not notice.

    Examples
    --------
    >>> from kolmo.automaton.plan import make_plan
    >>> plan = make_plan(size=16, seed=1, time=9, samples=1)
    >>> [(clocks.picks, found.samples, found.kind) for clocks, found in light_cones(plan)]
    [(0, 1176, 'estimate'), (4608, 1176, 'estimate')]
    """
    shape = plan.grid.shape
    _check((frames, *shape), cone(past_depth, -1), cone(future_depth, 1)[1:])
    if plan.rule.picks_at(frame_time, *shape) < 1:
        raise ParameterError(f"no time between frames: got {frame_time}; need a pick or more.")
    if (needed := frames * plan.grid.size * PATTERN_BYTES) > plan.memory_limit:
        raise MemoryLimitError(
            f"too many frames: {frames} of {shape[0]}x{shape[1]} need about {needed} bytes; the "
            f"limit is {plan.memory_limit}. Try fewer."
        )

    def measure(item: tuple[Clocks, State]) -> tuple[Clocks, LightCone]:
        clocks, state = item
        found = light_cone_complexity(
            _history(plan.rule, state, frames, frame_time),
            frame_time=frame_time,
            past_depth=past_depth,
            future_depth=future_depth,
            torus=plan.rule.boundary == "torus",
        )
        return clocks, found

    return ordered_map(measure, plan.states(progress), jobs)


def _history(rule: Rule, state: State, frames: int, frame_time: float) -> History:
    """Return uint8[frames, rows, columns]: a state, which goes on, and what follows."""
    history = np.empty((frames, *state.grid.shape), np.uint8)
    for frame in range(frames):
        if frame > 0:
            rule.advance(state, edge_time=frame_time)
        history[frame] = state.grid
    return history


def cone(depth: int, direction: int) -> list[Offset]:
    """Return the frames, rows and columns of a light cone's cells, relative to its tip, tip first.

    Examples
    --------
    >>> len(cone(1, -1)), len(cone(2, 1)), cone(1, 1)[:2]
    (6, 19, [(0, 0, 0), (1, -1, 0)])
    """
    return [
        (direction * j, row, column)
        for j in range(depth + 1)
        for row in range(-j, j + 1)
        for column in range(abs(row) - j, j - abs(row) + 1)
    ]


def _check(shape: tuple[int, ...], past: list[Offset], future: list[Offset]) -> None:
    if len(past) + len(future) > MOST_CELLS or not past or not future:
        raise ParameterError(
            f"light cones out of range: got {len(past)} and {len(future)} cells; need 1 or more "
            f"each, {MOST_CELLS} at most. Try depths 1 and 1."
        )
    depths = [max(abs(offset[0]) for offset in part) for part in (past, future)]
    frames, sides = sum(depths) + 1, 2 * max(depths) + 1
    if len(shape) != 3 or shape[0] < frames or min(shape[1:]) < sides:
        raise ParameterError(
            f"history too short: got {shape}; need {frames} frames of {sides}x{sides} or more."
        )


def _patterns(
    history: History, offsets: list[Offset], everything: list[Offset], torus: bool
) -> Words:
    """Return the cells of one cone as a number, for every place where all cones fit."""
    margin = 0 if torus else max(abs(row) for _, row, _ in everything)
    first, last = (pick(frame for frame, _, _ in everything) for pick in (min, max))
    frames = np.arange(-first, len(history) - last)
    rows, columns = (np.arange(margin, size - margin) for size in history.shape[1:])
    found = np.zeros((frames.size, rows.size, columns.size), np.int64)
    for frame, row, column in offsets:
        cells = np.ix_(
            frames + frame,
            (rows + row) % history.shape[1],
            (columns + column) % history.shape[2],
        )
        found = found << 1 | (history[cells] != 0)
    return found.ravel()


def _entropy(patterns: Words) -> tuple[float, int]:
    """Return the entropy in bits of the observed frequencies, and how many patterns occur."""
    counts = np.unique(patterns, return_counts=True)[1]
    shares = counts / patterns.size
    return float(-(shares * np.log2(shares)).sum()), counts.size
