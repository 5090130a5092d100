"""Estimators of Kolmogorov complexity K(x) and K(x|y)."""

from kolmo.registry import estimators

__all__ = ["estimators"]
