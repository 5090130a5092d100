"""Minimum description length: families of models, and the model that says a column shortest."""
