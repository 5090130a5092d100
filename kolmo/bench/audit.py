"""A user's code before the data whose probability nobody knows: held against coin flips.

A code that hides what it does not send in the memory of its process decodes rightly on any file.
On coin flips it is shorter than chance allows, which the sources show by themselves.
"""

from __future__ import annotations

from kolmo.bench import strings
from kolmo.bench.estimators import made_once, own_path
from kolmo.bench.invariant import judge
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
    if own_path(label) is None or not isinstance(made_once(label, mark), Bound):
        return None
    suite = Sources(sizes=[FLIPS], seeds=STRINGS, form=strings.PACKED)
    cells = [cell for cell in suite.cells([label]) if cell.task == "fair"]
    results = [suite.measure(_marked(cell, mark)) for cell in cells]
    regrets = [found["bits"] - FLIPS for found in results if "error" not in found]
    verdict = judge(regrets)
    if not verdict.violated:
        return None
    return (
        f"miscounts: got {FLIPS + verdict.worst_bits:,.0f} bits for {FLIPS} coin flips; by chance "
        f"a code does so with probability 2^-{verdict.evidence_bits:,.0f}. Count all that its "
        "decoder needs"
    )


def _marked(cell: Cell, mark: str | None) -> Cell:
    return cell._replace(mark=mark)
