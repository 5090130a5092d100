"""The learnt coding prior, as the paper drew it, and what each weight costs."""

from collections.abc import Sequence
from textwrap import wrap

import numpy as np
from numpy.typing import NDArray

from kolmo.weights.noisy.net import Architecture, Prior
from kolmo.weights.noisy.study import Study

from ..output import ascii_only, terminal_width
from .canvas import thumbnail
from .picture import PALETTE, Picture, escaped, show

Floats = NDArray[np.float64]

HEIGHT, LABEL = 8, 9
MOST_LINES, MOST_COLUMNS, POINTS = 24, 100, 400
LEVELS, PLAIN_LEVELS = " \u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588", "    ####"
DEVIATIONS = 4


def draw_study(found: Study, *, to_stderr: bool) -> None:
    """Draw prior and costs; where standard output holds data, on stderr."""
    plain = ascii_only()
    width = min(MOST_COLUMNS, terminal_width() - 1)
    posterior = found.fitted.posterior
    lines = [
        *_density_lines(posterior.prior, posterior.means, width, plain=plain),
        *wrap("density of the coding prior; below it, how many weights have their mean", width),
        "",
        *_cost_lines(found, width, plain=plain),
        *wrap(_costs_in_words(found.weight_bits), width),
    ]
    show(lines, to_stderr=to_stderr)


def density(prior: Prior, places: Floats) -> Floats:
    """Return the density of a mixture of normal distributions."""
    z = (places[:, None] - prior.means) / prior.deviations
    heights = np.exp(-z * z / 2) / (prior.deviations * np.sqrt(2 * np.pi))
    return np.asarray(heights @ prior.shares)


def limits(prior: Prior, means: Floats) -> tuple[float, float]:
    """Return the ends of an axis that shows every component, and the mean of every weight."""
    reach = DEVIATIONS * prior.deviations
    low = min(float((prior.means - reach).min()), float(means.min()))
    high = max(float((prior.means + reach).max()), float(means.max()))
    return low, high


def cost_grids(architecture: Architecture, bits: Floats) -> tuple[Floats, Floats | None]:
    """Return bits by unit and input, bias last, of the first layer and of the second if any."""
    inputs, hidden, outputs = architecture[:3]
    if not hidden:
        return bits.reshape(outputs, inputs + 1), None
    cut = hidden * (inputs + 1)
    return bits[:cut].reshape(hidden, inputs + 1), bits[cut:].reshape(outputs, hidden + 1)


def _density_lines(prior: Prior, means: Floats, width: int, *, plain: bool) -> list[str]:
    room = max(8, width - LABEL - 1)
    low, high = limits(prior, means)
    edges = np.linspace(low, high, room + 1)
    heights = density(prior, (edges[1:] + edges[:-1]) / 2)
    most = float(heights.max()) or 1.0
    levels = PLAIN_LEVELS if plain else LEVELS
    steps = len(levels) - 1
    filled = np.rint(heights / most * HEIGHT * steps).astype(int)
    lines = []
    for row in range(HEIGHT - 1, -1, -1):
        label = f"{most:.3g}" if row == HEIGHT - 1 else "0" if row == 0 else ""
        text = "".join(levels[min(max(0, n - row * steps), steps)] for n in filled.tolist())
        lines.append(f"{label:>{LABEL}} {text}".rstrip())
    counts = np.histogram(means, edges)[0].tolist()
    ticks = "".join(" " if not n else str(n) if n < 10 else "*" for n in counts)
    first, last = f"{low:.3g}", f"{high:.3g}"
    axis = f"{first}{last:>{room - len(first)}}"
    return [*lines, f"{'weights':>{LABEL}} {ticks}".rstrip(), f"{'':>{LABEL}} {axis}"]


def _cost_lines(found: Study, width: int, *, plain: bool) -> list[str]:
    """Return shades for all weights, a line for each unit; many are averaged."""
    room = max(8, width - LABEL - 1)
    lines: list[str] = []
    largest = float(found.weight_bits.max(initial=0.0))
    first, second = cost_grids(found.architecture, found.weight_bits)
    for name, grid in (("unit" if second is not None else "output", first), ("output", second)):
        if grid is None:
            continue
        rows, columns = min(len(grid), MOST_LINES), min(grid.shape[1], room)
        scaled = grid / largest if largest > 0 else grid
        drawn = thumbnail(scaled, width=columns, height=rows, plain=plain)
        labels = _labels(name, len(grid), rows)
        lines += [
            f"{label:>{LABEL}} {text}".rstrip() for label, text in zip(labels, drawn, strict=True)
        ]
    return lines


def _costs_in_words(bits: Floats) -> str:
    return (
        f"bits per weight, a line for each unit, its bias last: at most {bits.max():.2f}, "
        f"{bits.mean():.2f} on average"
    )


def _labels(name: str, count: int, rows: int) -> Sequence[str]:
    if count > rows:
        return [f"{name}s" if row == 0 else "" for row in range(rows)]
    return [f"{name} {row + 1}" if count > 1 else name for row in range(rows)]


def draw_picture(picture: Picture, found: Study) -> None:
    """Write the density with the weights below it, and the bits of every weight."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    posterior = found.fitted.posterior
    low, high = limits(posterior.prior, posterior.means)
    places = np.linspace(low, high, POINTS)
    heights = density(posterior.prior, places)
    left.plot(places, heights, color=PALETTE[0], linewidth=1.5, label="coding prior")
    base = -0.05 * float(heights.max())
    left.plot(
        posterior.means,
        np.full(posterior.means.size, base),
        "|",
        color=PALETTE[1],
        markersize=9,
        label="means of weights",
    )
    left.set_xlabel("weight", fontsize=8)
    left.set_ylabel("density", fontsize=8)
    left.legend(fontsize=8, frameon=False)
    left.set_title(escaped(f"{found.file[-40:]}: {found.target[-20:]}"), fontsize=9, loc="left")
    first = cost_grids(found.architecture, found.weight_bits)[0]
    bits = found.weight_bits
    right.vlines(np.arange(bits.size), 0, bits, color=PALETTE[0], linewidth=1.2)
    if first.size < bits.size:
        right.axvline(first.size - 0.5, color=PALETTE[4], linestyle="--", linewidth=0.8)
    right.set_ylim(bottom=0)
    right.set_xlabel("weights: of hidden units, then of outputs", fontsize=8)
    right.set_ylabel("bits per weight", fontsize=8)
    for axes in (left, right):
        axes.tick_params(labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
    picture.save(figure)
