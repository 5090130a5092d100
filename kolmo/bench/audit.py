"""A user's code before the data whose probability nobody knows: held against coin flips.

A code that hides what it does not send in the memory of its process decodes rightly on any file.
On coin flips it is shorter than chance allows, which the sources show by themselves.
"""

from __future__ import annotations

from kolmo.bench.estimators import is_registered, made_once
from kolmo.bench.invariant import judge
from kolmo.bench.strings import PACKED
from kolmo.bench.suite import Cell
from kolmo.bench.suites.sources import Sources
from kolmo.complexity.estimator import Bound

FLIPS, STRINGS = 256, 4


def miscounting(label: str, mark: str | None) -> str | None:
    """Return what speaks against a user's code, or None; a plug-in is not asked.

    Parameters
    ----------
    label, mark : str
        As in `Cell`.
    """
    if is_registered(label) or not isinstance(made_once(label, mark), Bound):
        return None
    suite = Sources()
    flips = [Cell(suite.name, "fair", FLIPS, n, PACKED, label, mark) for n in range(STRINGS)]
    results = [suite.measure(cell) for cell in flips]
    regrets = [found["bits"] - FLIPS for found in results if "error" not in found]
    verdict = judge(regrets)
    if not verdict.violated:
        return None
    return (
        f"miscounts: got {FLIPS + verdict.worst_bits:,.0f} bits for {FLIPS} coin flips; by chance "
        f"a code does so with probability 2^-{verdict.evidence_bits:,.0f}. Count all that its "
        "decoder needs"
    )
