"""Grids that the naive loops made; see ``make_grids.py``."""

from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(scope="session")
def grids() -> dict[str, np.ndarray]:
    """Return uint8[samples, rows, columns] for each stored run."""
    with np.load(Path(__file__).with_name("grids.npz")) as stored:
        packed = {name: stored[name] for name in stored.files}
    return {
        name: np.unpackbits(bits, axis=-1, count=bits.shape[1]) for name, bits in packed.items()
    }
