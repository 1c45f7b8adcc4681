"""The step benchmark: its counts of operations, and its port of the authors' graph."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from playing import energies_of, minibatch

from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.objectives import Authors
from benchmarks.step_systems import flops
from benchmarks.step_systems.authors_structure import AuthorsStructure, _read


def test_counts_convolutions_of_all_three_kinds_and_products_once_each() -> None:
    w = tf.Variable(tf.zeros((3, 3, 4, 6)))

    @tf.function
    def run(x: tf.Tensor, m: tf.Tensor) -> tuple:
        kernel = tf.identity(w)
        with tf.GradientTape() as tape:
            tape.watch([x, kernel])
            y = tf.nn.conv2d(x, kernel, 2, "SAME") + tf.nn.conv2d(x, kernel, 2, "SAME")
        return (*tape.gradient(y, [x, kernel]), tf.matmul(m, m, transpose_a=True))

    concrete = run.get_concrete_function(
        tf.TensorSpec((5, 8, 8, 4)), tf.TensorSpec((7, 9), tf.float32)
    )
    found: dict[str, list[int]] = {}
    for c in flops.count(concrete.graph):
        found.setdefault(c.kind, []).append(c.flops)
    one = 2 * 5 * 4 * 4 * 6 * 3 * 3 * 4
    # The two forward convolutions are one; so are their gradients, whose inputs are then the same.
    assert found == {
        "Conv2D": [one],
        "Conv2DBackpropInput": [one],
        "Conv2DBackpropFilter": [one],
        "MatMul": [2 * 9 * 9 * 7],
    }


def test_the_port_of_the_authors_graph_has_the_energies_of_the_authors_objective(
    make_model: Callable[..., BayesianGAN], images: np.ndarray, labels: np.ndarray
) -> None:
    model = make_model(objective=Authors(), num_gen=3, num_data=10**6)  # noise of order 1e-8
    model.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    model.hold(images, labels, batch_size=8)
    for weight in model.weights:  # away from the start, where all pairs look alike
        weight.assign(weight + 0.1 * tf.random.stateless_normal(weight.shape, (1, 2)))
    step = tf.constant(0, tf.int64)
    batches = [minibatch(model, m, step) for m in range(2)]
    ours = energies_of(model, (0, 1), step)
    port = AuthorsStructure(model, lambda: batches)
    theta = _read(model.generators), _read(model.discriminators)
    np.testing.assert_allclose(
        port.discriminator_losses(batches, *theta), ours.discriminators, rtol=1e-4
    )
    np.testing.assert_allclose(port.generator_losses(batches, *theta), ours.generators, rtol=1e-4)
    assert np.ptp(ours.generators.numpy()) > 0.01


def test_products_within_called_functions_are_counted_once_per_call() -> None:
    @tf.function
    def product(x: tf.Tensor) -> tf.Tensor:
        return tf.matmul(x, x)

    @tf.function
    def twice(x: tf.Tensor) -> tf.Tensor:
        return product(x) + product(2.0 * x) + tf.matmul(x, x) + tf.matmul(x, x)

    counted = flops.count(twice.get_concrete_function(tf.TensorSpec((3, 3))).graph)
    names = [c.name for c in counted]
    # A 3 x 3 product is 27 multiplications and as many additions; of two equal ones at one level
    # one counts.
    assert flops.total(counted) == 3 * 54
    assert sorted(name.rpartition("/")[0] for name in names) == [
        "",
        "PartitionedCall",
        "PartitionedCall_1",
    ]
