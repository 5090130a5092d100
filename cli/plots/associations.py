"""The mutual information of all pairs of columns as a map of shades."""

from typing import Any

import numpy as np

from kolmo.mdl.associations import Associations

from ..output import ascii_only, terminal_width
from ..text import visible
from .canvas import PLAIN_SHADES, SHADES
from .picture import Picture, escaped, show

NAME_WIDTH = 16
LARGEST_TEXT = 14  # columns whose numbers are written into the map


def draw_matrix(found: Associations, *, to_stderr: bool) -> None:
    """Draw the map in the terminal: full shade is the largest of all pairs."""
    shades = PLAIN_SHADES if ascii_only() else SHADES
    off = _without_diagonal(found.matrix)
    most = float(off.max(initial=0.0)) or 1.0
    side = min(NAME_WIDTH, max(map(len, found.names)))
    wide = 2 if side + 1 + 2 * len(found.names) <= terminal_width() else 1
    lines = []
    for i, name in enumerate(found.names):
        levels = np.rint(off[i] / most * (len(shades) - 1)).astype(int)
        cells = "".join(
            ("\\" if j == i else shades[level]) * wide for j, level in enumerate(levels)
        )
        lines.append(f"{visible(name)[:side]:<{side}} {cells}"[: terminal_width()])
    lines.append(f"full shade: {most:.3f} bits per row ({found.kind})")
    show(lines, to_stderr=to_stderr)


def draw_picture(picture: Picture, found: Associations) -> None:
    """Write the map as a picture."""
    from matplotlib.figure import Figure

    size = len(found.names)
    inches = max(4.0, min(16.0, 1.8 + 0.55 * size))
    figure = Figure(figsize=(inches + 1.2, inches), layout="constrained")
    axes = figure.subplots()
    off = _without_diagonal(found.matrix)
    image = axes.imshow(np.ma.masked_array(off, np.eye(size, dtype=bool)), cmap="cividis", vmin=0)
    names = [escaped(name[:NAME_WIDTH]) for name in found.names]
    axes.set_xticks(range(size), names, rotation=45, ha="right", fontsize=8)
    axes.set_yticks(range(size), names, fontsize=8)
    if size <= LARGEST_TEXT:
        _write_numbers(axes, off)
    bar = figure.colorbar(image, shrink=0.8)
    bar.set_label(f"mutual information, bits per row ({found.kind})", fontsize=8)
    picture.save(figure)


def _write_numbers(axes: Any, off: Any) -> None:
    middle = float(off.max(initial=0.0)) / 2
    for i, j in np.argwhere(~np.eye(len(off), dtype=bool)):
        ink = "#000000" if off[i, j] > middle else "#FFFFFF"
        axes.text(j, i, f"{off[i, j]:.2f}", ha="center", va="center", fontsize=7, color=ink)


def _without_diagonal(matrix: Any) -> Any:
    return matrix * (1 - np.eye(len(matrix)))
