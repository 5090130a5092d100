"""Estimators of Kolmogorov complexity K(x) and K(x|y)."""
