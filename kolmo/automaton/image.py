"""An initial grid from a picture."""

from __future__ import annotations

import importlib
import io
import warnings
from typing import Any

import numpy as np

from kolmo.automaton.state import Grid, check_shape
from kolmo.data import MEMORY_LIMIT, Readable, as_input
from kolmo.errors import InputError, MemoryLimitError, UnavailableError, shorten

LIGHT = 128
LARGEST_FILE_BYTES = 1 << 28
PIXEL_BYTES = 10  # decoded in colour, then grey, then a grid


def from_image(picture: Readable, *, memory_limit: int = MEMORY_LIMIT) -> Grid:
    """Return a grid of the size of a picture: light pixels are cream, dark ones coffee.

    Parameters
    ----------
    picture : bytes, str or Input
        A file of any format that Pillow reads, or its name; of an animation, the first frame. Its
        sides are at least 3 and need not be equal: every rule runs on rectangles.
    memory_limit : int
        The most bytes that decoding may take.

    Returns
    -------
    uint8[rows, columns]
        1 where the luma (ITU-R 601), on black where it is transparent, is at least 128.

    Raises
    ------
    UnavailableError
        If Pillow is not installed.
    InputError
        If it is no picture, is damaged, or is too large.
    """
    source = as_input(picture)
    image_module = _pillow()
    if source.size > LARGEST_FILE_BYTES:
        raise _bad(source.name, f"{source.size} bytes; need at most {LARGEST_FILE_BYTES}")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            with image_module.open(io.BytesIO(source.read())) as image:
                _check_size(source.name, image, memory_limit)
                return _light(image_module, image)
        except InputError:
            raise
        except Exception as error:  # Pillow's readers fail in many ways on damaged files
            unknown = type(error).__name__ == "UnidentifiedImageError"  # its text names an address
            reason = "no format that Pillow reads" if unknown else str(error)
            raise _bad(source.name, reason or type(error).__name__) from error


def _check_size(name: str, image: Any, memory_limit: int) -> None:
    columns, rows = image.size
    try:
        check_shape(rows, columns, cell_bytes=PIXEL_BYTES, memory_limit=memory_limit)
    except MemoryLimitError as error:
        raise _bad(name, str(error)) from error


def _light(image_module: Any, image: Any) -> Grid:
    colours = image.convert("RGBA")
    black = image_module.new("RGBA", colours.size, (0, 0, 0, 255))
    grey = image_module.alpha_composite(black, colours).convert("L")
    return np.asarray(np.asarray(grey) >= LIGHT, np.uint8)


def _pillow() -> Any:
    try:
        return importlib.import_module("PIL.Image")
    except ImportError as error:
        raise UnavailableError(
            "pictures are unavailable, because pillow is not installed. "
            "Install it with: pip install 'kolmo-toolkit[plot]'"
        ) from error


def _bad(name: str, reason: str) -> InputError:
    return InputError(f"cannot use '{shorten(name)}' as a picture: {shorten(reason, 200)}")
