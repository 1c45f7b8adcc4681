"""What keeps a run from being lost: checkpoints, signals, locks, retried writes, checks."""
