"""Letters that stand for estimators in the terminal, and what they mean."""

from collections.abc import Sequence
from string import ascii_letters, digits
from textwrap import wrap

from ...output import has_color
from ...text import visible
from ..canvas import COLOURS

POOL = ascii_letters + digits
NO_LETTER = "*"


def letters_for(names: Sequence[str], pool: str = POOL) -> dict[str, str]:
    """Return a letter for each name, one of its own where that is free; for too many an asterisk.

    Examples
    --------
    >>> letters_for(["mix", "zlib", "zstd", "ctw"])
    {'mix': 'm', 'zlib': 'z', 'zstd': 's', 'ctw': 'c'}
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        own = name.rpartition(".py:")[2]
        wanted = [*own.lower(), *own.upper(), *pool]
        free = (letter for letter in wanted if letter in pool and letter not in taken)
        found[name] = next(free, NO_LETTER)
        taken.add(found[name])
    return found


def legend_lines(names: Sequence[tuple[str, str]], width: int) -> list[str]:
    """Return what letters mean, in as many lines as it takes; no entry is cut if it fits one."""
    lines = [""]
    for place, (letter, name) in enumerate(names):
        entry = f"{letter}: {visible(name)}{',' if place + 1 < len(names) else ''}"
        joined = f"{lines[-1]} {entry}".lstrip()
        if len(joined) <= width:
            lines[-1] = joined
        else:
            lines += wrap(entry, width)
    return [line for line in lines if line]


def coloured(cells: Sequence[str], owner: dict[str, int]) -> str:
    """Return a line in which letters that have an owner have its colour."""
    if not has_color():
        return "".join(cells).rstrip()
    painted = [
        f"\x1b[38;5;{COLOURS[owner[cell]]}m{cell}\x1b[0m" if cell in owner else cell
        for cell in cells
    ]
    return "".join(painted).rstrip()
