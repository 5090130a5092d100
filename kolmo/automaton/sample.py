"""One look at a run: its clocks, its entropy and complexity, and what the audit makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from numpy.random import SeedSequence

from kolmo.automaton.audit import SERIES, AuditRow, audit
from kolmo.automaton.coarse import Graining, Grid, coarse_grain
from kolmo.automaton.gridcodes import GridCode, grid_codes
from kolmo.automaton.mean import ExactMean
from kolmo.automaton.rule import Rule
from kolmo.automaton.sizes import Size, measure_buckets, measure_grid
from kolmo.automaton.state import State
from kolmo.automaton.twopart import TwoPartRow, TwoParts, two_part


class Sample(NamedTuple):
    """What was measured at one time of a run.

    Attributes
    ----------
    picks : int
        Events so far: picks, steps or moves.
    swaps : int or None
        Effective ones; None for a rule that does not count them.
    edge_time : float
        The same time, in which every edge rings once in a unit.
    entropies : tuple of Size
        Fine-grained: the grid itself, one size for each measure.
    complexities : tuple of Size
        Coarse-grained: the buckets, one size for each measure.
    audit : AuditRow or None
        By the first measure; None where the rule has no exact mean in the clock of the run.
    two_parts : TwoParts or None
        Two-part codes of the grid, if asked for.
    """

    picks: int
    swaps: int | None
    edge_time: float
    entropies: tuple[Size, ...]
    complexities: tuple[Size, ...]
    audit: AuditRow | None = None
    two_parts: TwoParts | None = None

    @property
    def entropy(self) -> Size:
        """The grid by the first measure."""
        return self.entropies[0]

    @property
    def complexity(self) -> Size:
        """The buckets by the first measure."""
        return self.complexities[0]

    def to_dict(self) -> dict[str, Any]:
        """Return the record as a dictionary, from which `from_dict` makes it again."""
        return {
            "picks": self.picks,
            "swaps": self.swaps,
            "edge_time": self.edge_time,
            "entropies": [size.to_dict() for size in self.entropies],
            "complexities": [size.to_dict() for size in self.complexities],
            "audit": self.audit and self.audit.to_dict(),
            "two_parts": self.two_parts and self.two_parts.to_dict(),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Sample:
        """Return the sample that `to_dict` made a dictionary of, also after a way through JSON.

        Examples
        --------
        >>> size = Size("zlib", "certified", 8, 8, 1)
        >>> sample = Sample(0, 0, 0.0, (size,), (size,))
        >>> Sample.from_dict(sample.to_dict()) == sample
        True
        """
        sizes = {name: tuple(map(_size, stored[name])) for name in ("entropies", "complexities")}
        return cls(
            picks=stored["picks"],
            swaps=stored["swaps"],
            edge_time=stored["edge_time"],
            **sizes,
            audit=stored["audit"] and _audit_row(stored["audit"]),
            two_parts=stored["two_parts"] and _two_parts(stored["two_parts"]),
        )


class Meter:
    """Measures the states of one run.

    Parameters
    ----------
    rule : Rule
        What runs.
    start : integer[rows, columns]
        The grid at t = 0.
    measures : sequence of str
        As for `kolmo.automaton.sizes.measure_grid`, one or more.
    graining : Graining
        Of the complexity; its window and buckets are the audit's, too.
    seed : int
        Of the run; the audit's controls depend on it and on the picks, hence not on what other
        times are sampled.
    audited : bool
        Whether to audit; the rule needs an exact mean after a given number of picks.
    two_part : bool
        Whether to make two-part codes.
    """

    def __init__(
        self,
        rule: Rule,
        start: Grid,
        *,
        measures: Sequence[str],
        graining: Graining,
        seed: int,
        audited: bool = False,
        two_part: bool = False,
    ) -> None:
        torus = rule.boundary == "torus"
        self.rule, self.measures, self.graining, self.seed = rule, measures, graining, seed
        self.mean = ExactMean(start, rule.name, torus=torus) if audited else None
        self.codes = _codes(start, torus=torus) if two_part else None

    def measure(self, state: State) -> Sample:
        """Return what a state measures; it is only read."""
        buckets = coarse_grain(state.grid, self.graining)
        count = self.graining.buckets
        return Sample(
            picks=state.picks,
            swaps=state.swaps if "swaps" in self.rule.clocks else None,
            edge_time=float(state.edge_time),
            entropies=tuple(measure_grid(state.grid, name) for name in self.measures),
            complexities=tuple(measure_buckets(buckets, count, name) for name in self.measures),
            audit=self._audit(state),
            two_parts=None if self.codes is None else two_part(state.grid, self.codes),
        )

    def _audit(self, state: State) -> AuditRow | None:
        if self.mean is None:
            return None
        source = SeedSequence(self.seed, spawn_key=(state.picks,))
        return audit(
            state.grid,
            self.mean,
            self.graining,
            time=state.picks,
            measure=self.measures[0],
            seed=int(source.generate_state(1)[0]),
        )


def _codes(start: Grid, *, torus: bool) -> list[GridCode]:
    """Return two-part codes, which know the rows of the start if each has one colour."""
    alike = bool((start == start[:, :1]).all())
    return grid_codes(*start.shape, start=start[:, 0].tolist() if alike else None, torus=torus)


def _size(stored: Mapping[str, Any]) -> Size:
    return Size(**{name: stored[name] for name in Size._fields})


def _audit_row(stored: Mapping[str, Any]) -> AuditRow:
    return AuditRow(stored["time"], *(stored[name] and _size(stored[name]) for name in SERIES))


def _two_parts(stored: Mapping[str, Any]) -> TwoParts:
    rows = [
        TwoPartRow(**{name: row[name] for name in TwoPartRow._fields}) for row in stored["rows"]
    ]
    kept = {name: stored[name] for name in TwoParts._fields if name != "rows"}
    return TwoParts(rows=tuple(rows), **kept)
