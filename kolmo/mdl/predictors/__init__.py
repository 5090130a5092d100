"""Families of models of a target given features: one file each."""
