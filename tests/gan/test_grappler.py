"""A training step runs as it was traced; what is called elsewhere is rewritten by Grappler as ever."""

from collections.abc import Callable
from typing import Any

import gpu_graphs
import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf.config_pb2 import ConfigProto
from tensorflow.python.eager import context

from bayesian_gan.gan.grappler import without_grappler


def _operations(call: Callable[[], Any]) -> list[str]:
    """Types of the operations that run, as TensorFlow's record of the functions says."""
    own = context.context()
    own.enable_run_metadata()
    try:
        call()
        graphs = own.export_run_metadata().function_graphs
    finally:
        own.disable_run_metadata()
    return [node.op for graph in graphs for node in graph.post_optimization_graph.node]


def _squared() -> Any:
    """A new function with a product that Grappler makes a square of."""
    return tf.function(lambda x: x * x, autograph=False)


def _rewrites() -> bool:
    config = ConfigProto.FromString(context.context().function_call_options.config_proto_serialized)
    return not config.graph_options.rewrite_options.disable_meta_optimizer


def test_only_what_is_called_inside_stays_as_it_is() -> None:
    x = tf.constant([2.0, 3.0])
    plain, inside = _squared(), _squared()
    assert "Square" in _operations(lambda: plain(x))
    left = _operations(lambda: without_grappler(inside)(x))
    assert "Mul" in left
    assert "Square" not in left
    assert _rewrites()


def test_options_come_back_after_an_error_and_those_of_the_user_stay() -> None:
    seen = []

    def fails() -> None:
        seen.append(context.context().function_call_options.config_proto_serialized)
        raise KeyError("mine")

    tf.config.optimizer.set_experimental_options({"remapping": False})
    try:
        with pytest.raises(KeyError, match="mine"):
            without_grappler(fails)()
        assert _rewrites()
    finally:
        tf.config.optimizer.set_experimental_options({"remapping": True})
    options = ConfigProto.FromString(seen[0]).graph_options.rewrite_options
    assert options.disable_meta_optimizer
    assert options.remapping == options.OFF


def test_a_gpu_keeps_grappler(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not without_grappler(_rewrites)()
    gpu_graphs.choose_gpu_branches(monkeypatch)
    assert without_grappler(_rewrites)()


def test_fit_and_train_on_batch_are_left_as_they_are_and_a_prediction_is_not(
    make_model: Callable[..., Any],
    images: np.ndarray,
    labels: np.ndarray,
    adam: Callable[[], keras.optimizers.Optimizer],
) -> None:
    seen = []

    def prior(weights: list[tf.Tensor]) -> tf.Tensor:
        seen.append(_rewrites())
        return tf.add_n([tf.reduce_sum(tf.square(w)) for w in weights])

    model = make_model(num_mcmc=1, prior=prior)
    model.compile(adam())
    model.fit(images, labels, batch_size=8, epochs=1, steps_per_epoch=1, verbose=0)
    in_fit = len(seen)
    assert in_fit > 0
    model.train_on_batch(images[:16], labels[:16])
    assert len(seen) > in_fit
    assert not any(seen)
    assert _rewrites()
