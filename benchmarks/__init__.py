"""Side-by-side runs of kolmo against named peers; see `python -m benchmarks --help`."""
