"""Readers of checkpoints, one file for each format; none runs anything that a file holds."""
