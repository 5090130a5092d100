"""The map of scale and time: shades in the terminal, colours in a file."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from kolmo.automaton.plan import Clocks
from kolmo.automaton.scales import ScaleMap

from ..output import ascii_only, terminal_width
from .canvas import PLAIN_SHADES, SHADES
from .picture import Picture, escaped, show

Maps = Sequence[tuple[Clocks, ScaleMap]]
SIDE = 9


def draw_map(maps: Maps, side: int, *, to_stderr: bool) -> None:
    """Draw a row of shades for each grain; where standard output holds data, on stderr."""
    shades = PLAIN_SHADES if ascii_only() else SHADES
    room = max(terminal_width() - SIDE - 1, 8)
    columns = [maps[k * len(maps) // room][1] for k in range(room)]
    most = max(_levels([found for _, found in maps]), default=0.0) or 1.0
    lines = ["log of net bits (estimates) over time, a row for each grain"]
    for index, grain in enumerate(maps[0][1].grains):
        levels = [_level(found.net_bits[index]) / most for found in columns]
        cells = "".join(shades[round(level * (len(shades) - 1))] for level in levels)
        lines.append(f"{grain:>{SIDE}} {cells}")
    last = f"t = {maps[-1][0].edge_time / side**2:.3g} n^2"
    lines += [
        f"{'':{SIDE}} 0{last:>{room - 1}}",
        f"fullest: {2**most - 1:,.0f} bits (estimate)",
        "",
    ]
    show(lines, to_stderr=to_stderr)


def draw_picture(picture: Picture, maps: Maps, side: int) -> None:
    """Write the map of net bits, by grain and time."""
    import numpy as np
    from matplotlib.colors import LogNorm
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    times = [clocks.edge_time / side**2 for clocks, _ in maps]
    first = maps[0][1].sizes[0]
    bits = np.array([[max(value, 1.0) for value in found.net_bits] for _, found in maps]).T
    mesh = axes.pcolormesh(
        _edges(times),
        np.arange(len(bits) + 1) - 0.5,
        bits,
        cmap="cividis",
        norm=LogNorm(vmin=1.0, vmax=max(float(bits.max()), 2.0)),
    )
    axes.set_yticks(range(len(bits)), [str(grain) for grain in maps[0][1].grains])
    axes.set_xlabel("edge time / n^2", fontsize=8)
    axes.set_ylabel("side of the blocks", fontsize=8)
    axes.tick_params(labelsize=8)
    bar = figure.colorbar(mesh, ax=axes)
    bar.set_label(escaped(f"net bits (estimates, {first.measure})"), fontsize=8)
    bar.ax.tick_params(labelsize=8)
    picture.save(figure)


def _levels(maps: Sequence[ScaleMap]) -> list[float]:
    return [_level(value) for found in maps for value in found.net_bits]


def _level(bits: float) -> float:
    return math.log2(1 + max(bits, 0.0))


def _edges(times: Sequence[float]) -> Any:
    """Return the borders of cells around some times, whatever their distances."""
    if len(times) == 1:
        return [times[0] - 0.5, times[0] + 0.5]
    middles = [(one + two) / 2 for one, two in pairwise(times)]
    return [2 * times[0] - middles[0], *middles, 2 * times[-1] - middles[-1]]
