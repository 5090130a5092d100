"""Nets with noisy weights, after Hinton and van Camp: trained to make the shortest message."""

from kolmo.weights.noisy.net import (
    Architecture,
    Fitted,
    Posterior,
    Prior,
    Stage,
    divergence,
    expected_output,
    predict,
    scaled,
)
from kolmo.weights.noisy.training import fit

__all__ = [
    "Architecture",
    "Fitted",
    "Posterior",
    "Prior",
    "Stage",
    "divergence",
    "expected_output",
    "fit",
    "predict",
    "scaled",
]
