"""One file is one estimator; its name is the registered name."""
