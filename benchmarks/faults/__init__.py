"""Faults that `benchmarks/soak.py` does to small runs, by the hundred."""
