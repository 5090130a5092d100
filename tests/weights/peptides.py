"""A set like the peptides of 1993, whose data are not public: made up here, from a fixed seed.

A case is a chain of eight residues out of twenty, each described by sixteen signs: 128 inputs. Its
activity is a smooth function of a few properties of a few residues, and noise. As in 1993 there
are more weights than cases: 105 of them for training, 420 for a test.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RESIDUES, FEATURES, KINDS = 8, 16, 20
TRAINING, TEST = 105, 420
NOISE = 0.15
STEPS_PER_UNIT = 50


class Peptides(NamedTuple):
    """Inputs standardised by the training cases, and whole targets."""

    x: Floats
    y: Floats
    test_x: Floats
    test_y: Floats


def make_peptides(seed: int = 1993) -> Peptides:
    """Return the set; integers and sums of them, so hardly a machine makes another."""
    bits = np.random.Generator(np.random.PCG64(seed))
    kinds = 2 * bits.integers(0, 2, (KINDS, FEATURES)) - 1
    chains = bits.integers(0, KINDS, (TRAINING + TEST, RESIDUES))
    x = kinds[chains].reshape(TRAINING + TEST, RESIDUES * FEATURES).astype(float)
    greasy = x[:, 32] + x[:, 33] + x[:, 112]
    charge = x[:, 66] + x[:, 115]
    clean = np.tanh(0.8 * greasy) + 0.6 * np.tanh(charge)
    noise = bits.integers(-100, 101, (TRAINING + TEST, 12)).sum(axis=1) / 200
    y = np.rint(STEPS_PER_UNIT * (clean + NOISE * noise))[:, None]
    centre, spread = x[:TRAINING].mean(axis=0), x[:TRAINING].std(axis=0)
    x = (x - centre) / np.where(spread > 0, spread, 1.0)
    return Peptides(x[:TRAINING], y[:TRAINING], x[TRAINING:], y[TRAINING:])
