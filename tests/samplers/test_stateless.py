"""Random numbers by functions that are traced once: TensorFlow's own, and few operations in a graph."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from bayesian_gan.samplers import stateless

PHILOX = "philox"
SEEDS = [(0, 0), (1, 2), (-5, 7), (2**31 - 1, -(2**31))]

# What draws, and TensorFlow's own call with the algorithm by name.
PAIRS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "uniform": (
        lambda seed: stateless.uniform((5, 3), seed, -2.0, 0.5),
        lambda seed: tf.random.stateless_uniform((5, 3), seed, -2.0, 0.5, tf.float32, alg=PHILOX),
    ),
    "of a shape that is known when it runs": (
        lambda seed: stateless.uniform(tf.constant([5, 3]), seed),
        lambda seed: tf.random.stateless_uniform((5, 3), seed, 0.0, 1.0, tf.float32, alg=PHILOX),
    ),
    "words": (
        lambda seed: stateless.words((7,), seed),
        lambda seed: tf.random.stateless_uniform((7,), seed, None, None, tf.int32, alg=PHILOX),
    ),
    "long words": (
        lambda seed: stateless.words((7,), seed, tf.int64),
        lambda seed: tf.random.stateless_uniform((7,), seed, None, None, tf.int64, alg=PHILOX),
    ),
    "below": (
        lambda seed: stateless.below(11, (9,), seed),
        lambda seed: tf.random.stateless_uniform((9,), seed, 0, 11, tf.int32, alg=PHILOX),
    ),
    "split": (
        lambda seed: tf.stack(stateless.split(seed, 3)),
        lambda seed: tf.random.split(seed, 3, alg=PHILOX),
    ),
    "fold_in": (
        lambda seed: stateless.fold_in(seed, tf.constant(3, tf.int64)),
        lambda seed: tf.random.experimental.stateless_fold_in(seed, 3, alg=PHILOX),
    ),
}


def _are_equal(
    ours: Callable[[Any], Any], theirs: Callable[[Any], Any], seed: tuple[int, int]
) -> None:
    found, expected = (f(tf.constant(seed)).numpy() for f in (ours, theirs))
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("ours", "theirs"), PAIRS.values(), ids=PAIRS.keys())
def test_the_numbers_are_tensorflows(
    ours: Callable[[Any], Any], theirs: Callable[[Any], Any], seed: tuple[int, int]
) -> None:
    _are_equal(ours, theirs, seed)
    _are_equal(tf.function(ours, autograph=False), theirs, seed)


# Floats are none of them: XLA takes other bits of a word into a float.
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ["words", "long words", "below", "split", "fold_in"])
def test_integers_are_the_same_under_xla(name: str, seed: tuple[int, int]) -> None:
    ours, theirs = PAIRS[name]
    _are_equal(tf.function(ours, autograph=False, jit_compile=True), theirs, seed)


def test_a_draw_is_one_operation_of_a_graph_and_traced_once() -> None:
    traces = []

    def twice(x: tf.Tensor) -> tf.Tensor:
        traces.append(x)
        return x + x

    once = stateless.traced_once(twice)
    graphs = [
        tf.function(lambda x: once(once(x)), autograph=False).get_concrete_function(
            tf.TensorSpec((4,))
        )
        for _ in range(2)
    ]
    assert len(traces) == 1
    for graph in graphs:
        types = [op.type for op in graph.graph.get_operations()]
        assert types.count("PartitionedCall") == 2
        assert "AddV2" not in types
    np.testing.assert_array_equal(graphs[0](tf.ones(4)), np.full(4, 4.0))


def test_the_step_of_a_sampler_stays_small() -> None:
    """Ten variables in as many blocks: written out, their draws would be some five hundred operations."""
    from bayesian_gan.samplers import SGHMC

    theta = [tf.Variable(tf.zeros((2**17,))) for _ in range(10)]
    sampler = SGHMC(1e-3, 100, seed=1)
    sampler.build(theta)
    step = tf.function(lambda: sampler.apply([tf.ones_like(v) for v in theta]), autograph=False)
    definition = step.get_concrete_function().graph.as_graph_def()
    branches = [
        len(f.node_def) for f in definition.library.function if "branch0" in f.signature.name
    ]
    assert len(branches) == 1
    assert branches[0] < 250
