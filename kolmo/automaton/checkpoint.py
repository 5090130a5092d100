"""A state as bytes, from which a run goes on as if it had not been interrupted.

Behind the header stand the grid, a byte for each cell, and the arrays that the header names, in its
order, their numbers with the low byte first; see `kolmo.automaton.sealed`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.automaton.rule import Rule
from kolmo.automaton.sealed import DIGEST_BYTES, PREFIX_BYTES, seal, unseal
from kolmo.automaton.state import LARGEST_COUNT, State, check_shape
from kolmo.data import MEMORY_LIMIT
from kolmo.errors import CorruptFileError, KolmoError, ParameterError

MAGIC = b"KLMSTATE"
VERSION = 2
TYPES = ("<u8", "<i8")


def dump(state: State) -> bytes:
    """Return a state as bytes, for `load`."""
    arrays = {name: np.ascontiguousarray(values) for name, values in state.arrays.items()}
    header = {
        "rule": state.rule,
        "settings": state.settings,
        "shape": list(state.grid.shape),
        "picks": state.picks,
        "swaps": state.swaps,
        "picks_per_unit": state.picks_per_unit,
        "arrays": [[name, _type(a), list(a.shape)] for name, a in arrays.items()],
    }
    body = [state.grid.tobytes(), *(a.astype(_type(a)).tobytes() for a in arrays.values())]
    return seal(MAGIC, VERSION, header, body)


def load(data: bytes, rule: Rule, *, memory_limit: int = MEMORY_LIMIT) -> State:
    """Return the state that `dump` made bytes of.

    Parameters
    ----------
    data : bytes
        A whole checkpoint.
    rule : Rule
        The rule that is to go on; it must be the one that was stored, with the same settings.
    memory_limit : int
        The most bytes that the state may take.

    Raises
    ------
    CorruptFileError
        If it is none, was cut short or altered.
    InputError
        If another version or another rule made it.
    MemoryLimitError
        If its grid is too large.
    """
    header, start = unseal(data, MAGIC, VERSION)
    try:
        state = _read_state(header, data, start, memory_limit)
        rule.check(state)
        sound = rule.is_sound(state)
    except (KeyError, TypeError, ValueError, OverflowError, ParameterError) as error:
        raise CorruptFileError("header", PREFIX_BYTES, start, f"malformed: {error}") from error
    if not sound:
        raise CorruptFileError("data", start, len(data), f"no state of the rule {rule.name}")
    return state


def _read_state(header: Any, data: bytes, start: int, memory_limit: int) -> State:
    rows, columns = (int(side) for side in header["shape"])
    check_shape(rows, columns, memory_limit=memory_limit)
    specs = [(str(name), str(kind), [int(n) for n in shape]) for name, kind, shape in _list(header)]
    sizes = [math.prod(shape) * 8 for _, _, shape in specs]
    if start + rows * columns + sum(sizes) + DIGEST_BYTES != len(data):
        raise ValueError(f"sizes do not fit the {len(data)} bytes of the file")
    grid = np.frombuffer(data, np.uint8, rows * columns, start).reshape(rows, columns).copy()
    start += rows * columns
    arrays = {}
    for (name, kind, shape), size in zip(specs, sizes, strict=True):
        arrays[name] = _array(data[start : start + size], kind, shape)
        start += size
    unit, picks, swaps = (int(header[name]) for name in ("picks_per_unit", "picks", "swaps"))
    if not 0 <= swaps <= picks <= LARGEST_COUNT:
        raise ValueError("a clock out of range")
    return State(str(header["rule"]), dict(header["settings"]), grid, unit, picks, swaps, arrays)


def _list(header: Any) -> list[Any]:
    arrays = header["arrays"]
    if any(kind not in TYPES or min(shape, default=0) < 0 for _, kind, shape in arrays):
        raise ValueError("an array of an unknown type or a negative size")
    return list(arrays)


def _array(data: bytes, kind: str, shape: list[int]) -> NDArray[Any]:
    values = np.frombuffer(data, kind).reshape(shape)
    return values.astype(values.dtype.newbyteorder("="))


def _type(values: NDArray[Any]) -> str:
    kind = values.dtype.newbyteorder("<").str
    if kind not in TYPES:
        raise KolmoError(f"cannot store an array of type {kind}")
    return kind
