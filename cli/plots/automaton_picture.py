"""A run of the automaton in a file: a sheet of grids and curves, or a film."""

import io
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from kolmo.automaton.curve import Curve
from kolmo.errors import UnavailableError

from ..artefacts import open_artefact
from .automaton import Snapshot, series_of, share
from .canvas import Series
from .picture import MARKERS, PALETTE, SUFFIXES, Picture, check_suffix, escaped

FILMS = (".apng", ".gif")
COFFEE, CREAM = (59, 36, 20), (255, 244, 222)
FRAME_MILLISECONDS, LAST_MILLISECONDS = 80, 2000
SMALLEST_SIDE = 256  # pixels; smaller grids get cells of several
MOST_LEVELS = 16
DASHES = ("-", "--", "-.", ":")


class RunPicture:
    """The picture of a run; its format is known from the suffix before the work starts."""

    def __init__(self, path: str, inputs: Sequence[str]) -> None:
        self.suffix = check_suffix(path, (*SUFFIXES, *FILMS))
        self.is_film = self.suffix in FILMS
        if self.is_film:
            if self.suffix == ".gif":
                _pillow()
            self.artefact = open_artefact(path, inputs)
        else:
            self.sheet = Picture(path, inputs)

    def draw(self, curve: Curve, snapshots: Sequence[Snapshot], grids: Sequence[Any]) -> None:
        """Write the film of all grids, or the sheet."""
        if not self.is_film:
            self.sheet.save(_sheet(curve, snapshots))
        elif self.artefact is not None:
            make = animated_gif if self.suffix == ".gif" else animated_png
            self.artefact.write(make(grids))
            self.artefact.commit()


def animated_png(grids: Sequence[Any]) -> bytes:
    """Return an animated PNG of grids, a palette of coffee and cream, each frame for 80 ms.

    References
    ----------
    W3C, Portable Network Graphics (PNG) Specification, third edition (2025), sections 5 and 11.
    """
    frames, palette = _frames(grids)
    depth = next(bits for bits in (1, 2, 4, 8) if len(palette) <= 1 << bits)
    rows, columns = frames[0].shape
    parts = [
        b"\x89PNG\r\n\x1a\n",
        _chunk(b"IHDR", struct.pack(">IIBBBBB", columns, rows, depth, 3, 0, 0, 0)),
        _chunk(b"acTL", struct.pack(">II", len(frames), 0)),
        _chunk(b"PLTE", palette.tobytes()),
    ]
    sequence = 0
    for number, frame in enumerate(frames):
        wait = LAST_MILLISECONDS if number == len(frames) - 1 else FRAME_MILLISECONDS
        place = struct.pack(">IIIIIHHBB", sequence, columns, rows, 0, 0, wait, 1000, 0, 0)
        parts.append(_chunk(b"fcTL", place))
        data = zlib.compress(_scanlines(frame, depth), 9)
        name, prefix = (b"IDAT", b"") if number == 0 else (b"fdAT", struct.pack(">I", sequence + 1))
        parts.append(_chunk(name, prefix + data))
        sequence += 1 if number == 0 else 2
    return b"".join([*parts, _chunk(b"IEND", b"")])


def animated_gif(grids: Sequence[Any]) -> bytes:
    """Return an animated GIF of grids, made by Pillow."""
    image_module = _pillow()
    frames, palette = _frames(grids)
    images = []
    for frame in frames:
        image = image_module.fromarray(frame, "P")
        image.putpalette(palette.tobytes())
        images.append(image)
    waits = [FRAME_MILLISECONDS] * (len(images) - 1) + [LAST_MILLISECONDS]
    made = io.BytesIO()
    images[0].save(
        made, "GIF", save_all=True, append_images=images[1:], duration=waits, loop=0, disposal=1
    )
    return made.getvalue()


def _frames(grids: Sequence[Any]) -> tuple[list[Any], Any]:
    """Return frames of palette indices, small grids magnified, and the palette, uint8[n, 3]."""
    most = max(max(int(grid.max()) for grid in grids), 1)
    levels = min(most + 1, MOST_LEVELS)
    scale = max(1, -(-SMALLEST_SIDE // max(grids[0].shape)))
    frames = [
        np.ascontiguousarray(
            np.minimum(grid, levels - 1).repeat(scale, axis=0).repeat(scale, axis=1)
        )
        for grid in grids
    ]
    mixed = np.linspace(COFFEE, CREAM, levels)
    return frames, np.rint(mixed).astype(np.uint8)


def _scanlines(frame: Any, depth: int) -> bytes:
    """Return the rows of a frame as PNG stores them, each behind a filter of 0."""
    if depth < 8:
        bits = np.unpackbits(frame[:, :, None], axis=2)[:, :, 8 - depth :]
        frame = np.packbits(bits.reshape(len(frame), -1), axis=1)
    return np.pad(frame, ((0, 0), (1, 0))).tobytes()


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError:
        raise UnavailableError(
            "a film as .gif is unavailable, because pillow is not installed. "
            "Install it with: pip install 'kolmo-toolkit[plot]', or write .apng"
        ) from None
    return Image


def _sheet(curve: Curve, snapshots: Sequence[Snapshot]) -> Any:
    """Return a figure: grids, their averages below, and the two diagrams."""
    from matplotlib.figure import Figure

    count = max(len(snapshots), 1)
    figure = Figure(figsize=(max(1.7 * count, 7.5), 8.2), layout="constrained")
    parts: Any = figure.subfigures(2, 1, height_ratios=[3.6, 4.6])
    above, below = parts
    if snapshots:
        _draw_snapshots(above, curve, snapshots)
    upper, lower = below.subplots(2, 1, sharex=True, height_ratios=[1, 2])
    entropy, complexities = series_of(curve)
    _draw_series(upper, [entropy], snapshots, curve)
    _draw_series(lower, complexities, snapshots, curve)
    kind, measure = curve.peak.complexity.kind, curve.peak.complexity.measure
    upper.set_ylabel("entropy, bits", fontsize=8)
    lower.set_ylabel("complexity, bits", fontsize=8)
    lower.set_xlabel(f"edge time / n^2 (sizes: {kind}, {escaped(measure)})", fontsize=8)
    lower.legend(fontsize=8, frameon=False)
    if curve.verdict is not None:
        figure.suptitle(_folded(curve.verdict.sentence), fontsize=9, x=0.01, ha="left")
    return figure


def _draw_snapshots(figure: Any, curve: Curve, snapshots: Sequence[Snapshot]) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    colours = [tuple(part / 255 for part in colour) for colour in (COFFEE, CREAM)]
    mixed = LinearSegmentedColormap.from_list("coffee", colours)
    most = max(max(int(one.grid.max()) for one in snapshots), 1)
    buckets = curve.parameters["graining"]["buckets"]
    axes = figure.subplots(2, len(snapshots), squeeze=False)
    for column, one in enumerate(snapshots):
        upper, lower = axes[:, column]
        upper.imshow(one.grid, cmap=mixed, vmin=0, vmax=most, interpolation="nearest")
        lower.imshow(one.buckets, cmap="cividis", vmin=0, vmax=buckets - 1, interpolation="nearest")
        upper.set_title(f"t = {share(curve, one.row):.3g} n^2", fontsize=8)
        lower.set_xlabel(_size(one), fontsize=8)
        for part in (upper, lower):
            part.set_xticks([])
            part.set_yticks([])
    axes[0, 0].set_ylabel("grid", fontsize=8)
    axes[1, 0].set_ylabel(f"{buckets} buckets", fontsize=8)


def _size(snapshot: Snapshot) -> str:
    size = snapshot.row.complexity
    return f"{size.bits:,.0f} bits ({size.kind})"


def _draw_series(
    axes: Any, series: Sequence[Series], snapshots: Sequence[Snapshot], curve: Curve
) -> None:
    for number, one in enumerate(series):
        axes.plot(
            [x for x, _ in one.points],
            [y for _, y in one.points],
            color=PALETTE[number % len(PALETTE)],
            linestyle=DASHES[number % len(DASHES)],
            marker=MARKERS[number % len(MARKERS)],
            markersize=2.5,
            linewidth=1.2,
            label=one.name,
        )
    for snapshot in snapshots:
        axes.axvline(share(curve, snapshot.row), color="#999999", linewidth=0.5, linestyle=":")
    axes.set_ylim(bottom=0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)


def _folded(text: str) -> str:
    import textwrap

    return "\n".join(map(escaped, textwrap.wrap(text, 100)))
