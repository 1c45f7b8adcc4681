"""Benchmarks of the synthetic experiment."""
