"""The systems that `benchmarks/step.py` times side by side."""
