"""Description lengths of networks: checkpoints of any architecture, and noisy weights."""
