"""Keras metrics whose numbers are the same on all replicas, so that any process reads them alone.

Keras adds a metric's variables up over replicas, and with several processes reading one then waits for all.
These are updated with what has been averaged over the replicas already.
"""

from typing import Any

import keras


class _Replicated(keras.metrics.Metric):
    """Gives its variables to every replica as they are."""

    def add_variable(self, *args: Any, **kwargs: Any) -> Any:
        """See `keras.Metric.add_variable`."""
        return super().add_variable(*args, **(kwargs | {"aggregation": "only_first_replica"}))


class Mean(_Replicated, keras.metrics.Mean):
    """`keras.metrics.Mean`."""


class Accuracy(_Replicated, keras.metrics.SparseCategoricalAccuracy):
    """`keras.metrics.SparseCategoricalAccuracy`."""


class NegativeLogLikelihood(_Replicated, keras.metrics.SparseCategoricalCrossentropy):
    """`keras.metrics.SparseCategoricalCrossentropy`."""
