"""A command under a fault, and how kolmo must end: what the tables of faults are made of."""

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import pytest

FAILED, MISUSED = 1, 2
WITHOUT = """
from importlib.machinery import PathFinder
find = PathFinder.find_spec
def hiding(name, path=None, target=None):
    return None if name in ('{}',) else find(name, path, target)
PathFinder.find_spec = hiding
"""


class Fault(NamedTuple):
    """A bash command under a fault, and how kolmo must end.

    Attributes
    ----------
    out, err : str
        Regular expressions to be found; an empty one stands for no output at all.
    prepare : str
        Bash, run before the folder is looked at.
    inject : str
        Python, run when kolmo's interpreter starts.
    leaves : str
        Regular expression of all new names in the folder.
    destroys : bool
        The fault itself alters a file.
    damage : function
        What happened to the file that the table keeps for its rows.
    """

    id: str
    run: str
    code: int = 0
    err: str = ""
    out: str = ""
    prepare: str = ""
    inject: str = ""
    leaves: str = ""
    destroys: bool = False
    needs: tuple[str, ...] = ()
    damage: Callable[[bytes], bytes] | None = None


def rows(faults: Iterable[Fault], slow: tuple[str, ...] = ()) -> list[Any]:
    """Return the rows as parameters of a test; those whose id begins with one of ``slow`` are."""
    return [
        pytest.param(
            row,
            id=row.id,
            marks=[
                pytest.mark.needs(*row.needs),
                *([pytest.mark.slow] if row.id.startswith(slow) else []),
            ],
        )
        for row in faults
    ]


def check(fault: Fault, shell: Any, inject: Any) -> None:
    """Run a row, and compare exit code, output and folder with what it says."""
    extra = {"PYTHONPATH": inject(fault.inject)} if fault.inject else {}
    if fault.prepare:
        done = shell(fault.prepare)
        assert done.code == 0, done
    before = shell.snapshot()
    done = shell(fault.run, **extra)
    assert done.code == fault.code, done
    assert _fits(fault.out, done.out), done.out
    assert _fits(fault.err, done.err), done.err
    if fault.code:
        assert re.fullmatch(r"(kolmo: error: [^\n]+\n)?", done.err)
    after = shell.snapshot()
    new = [name for name in after if name not in before]
    assert [name for name in new if not re.fullmatch(fault.leaves, name)] == []
    if fault.code and not fault.destroys:
        assert after == before


def _fits(pattern: str, text: str) -> bool:
    return re.search(pattern, text) is not None if pattern else text == ""
