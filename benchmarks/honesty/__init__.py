"""Data sets that differ, on which probabilities are tried."""
