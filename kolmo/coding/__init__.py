"""Reversible codes and the coders under them; they know nothing of models of data."""
