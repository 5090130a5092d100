"""When a run is looked at: its samples, as whole numbers of picks or of swaps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple

from kolmo.automaton.paper import Protocol
from kolmo.automaton.rule import Rule
from kolmo.automaton.state import LARGEST_COUNT
from kolmo.errors import ParameterError, nearest, shorten

CLOCKS = ("edge_time", "picks", "swaps")
SPACINGS = ("linear", "log")
DECADES = 4
"""Of time that logarithmic samples span."""

MOST_SAMPLES = 100_000
MOST_PUBLISHED = 4000
"""Samples of a run that goes on beyond its published length; near size 35 these are very close."""

Time = float | Fraction


class Schedule(NamedTuple):
    """When to look.

    Attributes
    ----------
    clock : str
        ``picks`` or ``swaps``: what the targets count.
    targets : tuple of int
        Rising, the first 0.
    """

    clock: str
    targets: tuple[int, ...]

    @property
    def total(self) -> int:
        """The last target."""
        return self.targets[-1]

    def joined(self, others: Iterable[int]) -> Schedule:
        """Return these targets and others; ParameterError if one comes after the end."""
        wanted = set(others)
        if late := [target for target in wanted if target > self.total]:
            raise ParameterError(
                f"time after the end: got {max(late)} {self.clock}; need at most {self.total}."
            )
        return self._replace(targets=tuple(sorted({*self.targets, *wanted})))


def schedule(
    rule: Rule,
    shape: tuple[int, int],
    *,
    time: Time | None = None,
    clock: str = "edge_time",
    samples: int = 60,
    spacing: str = "linear",
    also: Sequence[Time] = (),
) -> Schedule:
    """Return the samples of a run, the start included.

    Parameters
    ----------
    rule : Rule
        What runs; it converts edge time to picks.
    shape : (int, int)
        Rows and columns.
    time : float or Fraction, optional
        How long, in the clock; a whole number unless it is edge time. By default the rule's
        `Rule.mixing` times the square of the longer side, in edge time.
    clock : str
        ``edge_time``, ``picks`` or ``swaps``.
    samples : int
        How many after the start, 1 to 100,000; fewer come out where they fall on the same pick.
    spacing : str
        ``linear``, or ``log``: at a constant ratio, over the last four decades of time.
    also : sequence of float or Fraction
        Further times, in the same clock, none after the end.

    Raises
    ------
    ParameterError
        If a name or number is none of these, the rule has no such clock, or swaps have no time.

    Examples
    --------
    >>> from kolmo.automaton.rules.interacting import Interacting
    >>> schedule(Interacting(), (10, 10), time=3, samples=3)
    Schedule(clock='picks', targets=(0, 200, 400, 600))
    >>> schedule(Interacting(), (10, 10)).total == round(0.72 * 10**4)
    True
    """
    _check_names(rule, clock, spacing)
    if not 1 <= samples <= MOST_SAMPLES:
        raise ParameterError(
            f"samples out of range: got {shorten(samples)}; need 1 to {MOST_SAMPLES}."
        )
    total = _total(rule, shape, time, clock)
    steps = _linear(total, samples) if spacing == "linear" else _logarithmic(total, samples)
    found = Schedule("swaps" if clock == "swaps" else "picks", tuple(sorted({0, *steps})))
    return found.joined(_total(rule, shape, extra, clock) for extra in also)


def paper_schedule(
    found: Protocol, time: Time | None = None, *, also: Sequence[Time] = ()
) -> Schedule:
    """Return the published samples, or those at the same distance up to another time.

    Parameters
    ----------
    found : Protocol
        As `kolmo.automaton.paper.protocol` returns it.
    time : int, optional
        When to end, in the protocol's clock; at the published length by default.
    also : sequence of int
        Further times in this clock.

    Notes
    -----
    Beyond the published length there are at most 4000 samples, at a larger distance if need be.

    Examples
    --------
    >>> from kolmo.automaton.paper import protocol
    >>> found = protocol("interacting", 20)
    >>> paper_schedule(found).targets[:4], paper_schedule(found, 100).targets
    ((0, 62, 125, 187), (0, 62, 100))
    >>> len(paper_schedule(protocol("interacting", 35), 300_000).targets)
    4001
    """
    extra = [_whole(found.clock, other) for other in also]
    times = found.sample_times
    if time is None:
        return Schedule(found.clock, tuple(times)).joined(extra)
    total = _whole(found.clock, time)
    if total > found.last_time:
        spacing = found.last_time / (len(times) - 1)
        times = [0, *_linear(total, min(round(total / spacing), MOST_PUBLISHED))]
    kept = {step for step in times if step <= total}
    return Schedule(found.clock, tuple(sorted(kept | {total}))).joined(extra)


def _check_names(rule: Rule, clock: str, spacing: str) -> None:
    for noun, name, known in (("clock", clock, CLOCKS), ("spacing", spacing, SPACINGS)):
        if name not in known:
            hint = nearest(name, list(known))
            raise ParameterError(f"unknown {noun}: got '{shorten(name)}'. {hint}")
    if clock not in rule.clocks:
        raise ParameterError(
            f"rule {rule.name} has no clock {clock}: it has {', '.join(rule.clocks)}."
        )


def _total(rule: Rule, shape: tuple[int, int], time: Time | None, clock: str) -> int:
    if time is None:
        if clock == "swaps":
            raise ParameterError(
                "no time: got the clock swaps, to which edge time does not convert; need a number "
                f"of swaps. Try {max(shape) ** 4 // 5}."
            )
        time = Fraction(str(rule.mixing)) * max(shape) ** 2
        return rule.picks_at(time, *shape)
    return rule.picks_at(time, *shape) if clock == "edge_time" else _whole(clock, time)


def _whole(clock: str, time: Time) -> int:
    if not (0 <= time <= LARGEST_COUNT and time == int(time)):
        raise ParameterError(
            f"time out of range: got {shorten(time)} {clock}; need a whole number, "
            f"0 to {LARGEST_COUNT}."
        )
    return int(time)


def _linear(total: int, samples: int) -> Iterable[int]:
    return (total * k // samples for k in range(1, samples + 1))


def _logarithmic(total: int, samples: int) -> Iterable[int]:
    if samples == 1:
        return [total]
    ratios = (10 ** (DECADES * (k / (samples - 1) - 1)) for k in range(samples - 1))
    return [*(round(total * ratio) for ratio in ratios), total]
