"""Ensembles of many sizes: the figures 6 to 8 of the paper, with what is fitted to them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kolmo.automaton.ensembles import QUANTITIES, Scan
from kolmo.automaton.paper import Fit

from ..output import ascii_only, terminal_width
from .canvas import Series, curves, legend
from .picture import MARKERS, PALETTE, Picture, escaped, show

FITS = {"paper": ("-", "paper"), "scale": ("--", "power law")}
HEIGHT = 8
POINTS = 60


def draw_scans(scans: Sequence[Scan], *, to_stderr: bool) -> None:
    """Draw the means over the size in the terminal; where stdout holds data, on stderr."""
    width, plain = terminal_width(), ascii_only()
    lines = []
    for scan in scans:
        for name, title in QUANTITIES.items():
            means = [(float(row.size), getattr(row, name).value) for row in scan.rows]
            found = [Series("m", "means (estimates)", means)]
            if "scale" in scan.fits[name]:
                found.insert(0, Series("p", "power law", _drawn(scan, scan.fits[name]["scale"])))
            clock = f", {scan.clock}" if name == "peak_time" else ""
            lines.append(f"{scan.parameters['rule']}: {title}{clock}")
            right = f"size {scan.rows[-1].size}"
            lines += curves(found, width=width, height=HEIGHT, plain=plain, right=right)
            lines.append(legend(found))
        lines.append("")
    show(lines, to_stderr=to_stderr)


def draw_picture(picture: Picture, scans: Sequence[Scan]) -> None:
    """Write a panel for each quantity: means with standard errors, and both fits."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 4.2), layout="constrained")
    for axes, (name, title) in zip(figure.subplots(1, 3), QUANTITIES.items(), strict=True):
        axes.set_title(f"{title} (estimates)", fontsize=9, loc="left")
        axes.set_xlabel("size of the grid", fontsize=8)
        axes.spines[["top", "right"]].set_visible(False)
        _draw_all(axes, scans, name)
    picture.save(figure)


def _draw_all(axes: Any, scans: Sequence[Scan], name: str) -> None:
    """Draw all rules; times by another clock get an axis of their own."""
    scales = {scans[0].clock if scans else "": axes}
    for number, scan in enumerate(scans):
        clock = scan.clock if name == "peak_time" else next(iter(scales))
        if clock not in scales:
            scales[clock] = axes.twinx()
        _draw(scales[clock], scan, name, number)
    for clock, part in scales.items():
        part.set_ylim(bottom=0)
        part.tick_params(labelsize=8)
        if name == "peak_time":
            part.set_ylabel(clock, fontsize=8)
    handles = [handle for part in scales.values() for handle in part.get_legend_handles_labels()[0]]
    axes.legend(handles=handles, fontsize=7, frameon=False)


def _draw(axes: Any, scan: Scan, name: str, number: int) -> None:
    means = [getattr(row, name) for row in scan.rows]
    color = PALETTE[number % len(PALETTE)]
    axes.errorbar(
        [row.size for row in scan.rows],
        [mean.value for mean in means],
        yerr=[mean.standard_error or 0.0 for mean in means],
        linestyle="none",
        marker=MARKERS[number % len(MARKERS)],
        markersize=4,
        capsize=2,
        color=color,
        label=escaped(scan.parameters["rule"]),
    )
    for kind, (dash, words) in FITS.items():
        fit = scan.fits[name].get(kind)
        if fit is None:
            continue
        points = _drawn(scan, fit)
        axes.plot(
            [x for x, _ in points],
            [y for _, y in points],
            linestyle=dash,
            linewidth=1,
            color=color,
            label=f"{words}: {fit.formula}, r^2 = {fit.r_squared:.4f}",
        )


def _drawn(scan: Scan, fit: Fit) -> list[tuple[float, float]]:
    """Return points of a fit between the smallest and the largest size."""
    sizes = np.linspace(scan.rows[0].size, scan.rows[-1].size, POINTS)
    return list(zip(sizes.tolist(), fit.at(sizes), strict=True))
