"""Where pictures go, and what all of them share: palette, bars of characters, files."""

import io
import logging
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any

import click

from kolmo.errors import UnavailableError

from ..artefacts import open_artefact
from ..output import write
from ..text import visible

# Okabe and Ito's palette, told apart by colour-blind readers; markers tell it apart in grey.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#56B4E9", "#E69F00", "#999999")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
SUFFIXES = (".png", ".svg", ".pdf")


def show(lines: Sequence[str], *, to_stderr: bool) -> None:
    """Write lines to the terminal; where standard output holds data, to stderr."""
    text = "\n".join([*lines, ""])
    if not to_stderr:
        write(text)
    elif sys.stderr is not None:
        sys.stderr.write(text)


def bar(length: float, room: int, *, plain: bool) -> str:
    """Return a bar of a length in characters, padded to the room there is."""
    eighths = max(1, round(8 * max(0.0, length)))
    if plain:
        return ("#" * max(1, round(length))).ljust(room)
    return (
        "\u2588" * (eighths // 8) + " \u258f\u258e\u258d\u258c\u258b\u258a\u2589"[eighths % 8]
    ).ljust(room)[:room]


def check_suffix(path: str, known: Sequence[str]) -> str:
    """Return the suffix that tells the format; UsageError if it is none of those known."""
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in known:
        raise click.UsageError(
            f"unknown picture format: got '{path[-60:]}'; need one of {', '.join(known)}"
        )
    return suffix


class Picture:
    """A picture file, its place and its library looked for before the work starts."""

    def __init__(self, path: str, inputs: Sequence[str]) -> None:
        self.suffix = check_suffix(path, SUFFIXES)
        logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it chats about its cache
        try:
            import matplotlib  # noqa: F401
        except ImportError:
            raise UnavailableError(
                "--plot-file is unavailable, because matplotlib is not installed. "
                "Install it with: pip install 'kolmo-toolkit[plot]'"
            ) from None
        self.artefact = open_artefact(path, inputs)

    def save(self, figure: Any) -> None:
        """Write a figure; the same numbers make the same file."""
        if self.artefact is None:
            return
        import matplotlib

        drawn = io.BytesIO()
        with matplotlib.rc_context({"svg.hashsalt": "kolmo"}), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of letters that its fonts lack
            figure.savefig(drawn, format=self.suffix[1:], dpi=150, metadata=_undated(self.suffix))
        self.artefact.write(drawn.getvalue())
        self.artefact.commit()


def escaped(text: str) -> str:
    """Return text in which no character starts a formula."""
    return visible(text).replace("$", r"\$")


def _undated(suffix: str) -> dict[str, None]:
    """Leave the date out, so that the same numbers make the same file."""
    return {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(suffix, {})
