"""Families of models of one column: one file is one family."""
