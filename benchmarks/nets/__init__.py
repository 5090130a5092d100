"""Small networks that are really trained, for the cases about weights; not installed."""
