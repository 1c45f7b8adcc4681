"""The parts of `benchmarks/table1.py`."""
