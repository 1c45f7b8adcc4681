"""Stateless minibatches and the scaling of images."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from bayesian_gan.data.batches import LARGEST_EPOCH, draw_indices, to_uint8, to_unit
from bayesian_gan.errors import InputError

SEED = tf.constant([2222, 7], tf.int32)


def stream(num_data: int, batch_size: int, steps: int, seed: tf.Tensor = SEED) -> np.ndarray:
    """The concatenated indices of the first `steps` steps."""
    draw = tf.function(lambda step: draw_indices(seed, step, num_data, batch_size))
    return np.concatenate([draw(tf.constant(t, tf.int64)).numpy() for t in range(steps)])


@pytest.mark.parametrize(
    ("num_data", "batch_size"), [(100, 64), (20, 64), (1, 5), (7, 7), (13, 1), (10, 30), (64, 63)]
)
def test_every_example_occurs_once_in_each_epoch(num_data: int, batch_size: int) -> None:
    epochs = 12
    steps = -(-epochs * num_data // batch_size)
    drawn = stream(num_data, batch_size, steps)[: epochs * num_data].reshape(epochs, num_data)
    np.testing.assert_array_equal(np.sort(drawn, axis=1), np.tile(np.arange(num_data), (epochs, 1)))


def test_the_stream_of_positions_does_not_depend_on_the_batch_size() -> None:
    np.testing.assert_array_equal(stream(30, 4, 45), stream(30, 60, 3))


def test_epochs_are_shuffled_anew() -> None:
    drawn = stream(50, 50, 20)
    epochs = {tuple(epoch) for epoch in drawn.reshape(20, 50)}
    assert len(epochs) == 20


def test_permutations_are_uniform() -> None:
    # 3! = 6 permutations in 6,000 epochs: counts 1,000 +- 28.9; chi-squared with 5 degrees of
    # freedom exceeds 20.5 with probability 0.001.
    drawn = stream(3, 30, 600).reshape(6000, 3)
    counts = [np.sum(np.all(drawn == p, axis=1)) for p in itertools.permutations(range(3))]
    assert sum(counts) == 6000
    assert np.sum((np.array(counts) - 1000.0) ** 2 / 1000.0) < 20.5


def test_large_data_are_drawn_uniformly_with_replacement() -> None:
    num_data, batch_size, steps = 5000, 1000, 200
    drawn = stream(num_data, batch_size, steps)
    counts = np.bincount(drawn, minlength=num_data)
    assert counts.shape == (num_data,)
    # 200,000 draws, 40 for each index. chi-squared with 4,999 degrees of freedom: 4,999 +- 100.
    chi_squared = np.sum((counts - 40.0) ** 2 / 40.0)
    assert abs(chi_squared - 4999) < 400
    # With replacement: of 1,000 draws from 5,000, 1000 * 999 / 2 / 5000 = 99.9 pairs are expected
    # to coincide, standard deviation near 10, over 200 batches 0.71 on the mean; 4 sigma.
    pairs = [np.sum((c := np.bincount(batch)) * (c - 1) / 2) for batch in drawn.reshape(steps, -1)]
    assert abs(np.mean(pairs) - 99.9) < 2.9


@pytest.mark.parametrize("num_data", [100, LARGEST_EPOCH + 1])
def test_same_seed_and_step_same_indices_in_and_out_of_a_graph(num_data: int) -> None:
    def draw(step: tf.Tensor) -> tf.Tensor:
        return draw_indices(SEED, step, num_data, 32)

    graph, xla = tf.function(draw), tf.function(draw, jit_compile=True)
    for step in (0, 3, 10**9):
        in_graph = graph(tf.constant(step, tf.int64))
        compiled = xla(tf.constant(step, tf.int64))
        eager = draw_indices(SEED, step, num_data, 32)
        assert in_graph.dtype == tf.int32
        assert in_graph.shape == (32,)
        np.testing.assert_array_equal(in_graph, eager)
        np.testing.assert_array_equal(in_graph, compiled)
        assert int(tf.reduce_min(eager)) >= 0
        assert int(tf.reduce_max(eager)) < num_data


@pytest.mark.parametrize("num_data", [100, 60000])
def test_other_seeds_and_steps_give_other_indices(num_data: int) -> None:
    batches = [
        tuple(draw_indices(tf.constant(seed, tf.int32), step, num_data, 64).numpy())
        for seed in ([1, 2], [1, 3], [2, 2])
        for step in range(5)
    ]
    assert len(set(batches)) == 15


def test_at_the_boundary_a_batch_of_all_data_is_a_permutation_and_above_it_is_not() -> None:
    at = draw_indices(SEED, 0, LARGEST_EPOCH, LARGEST_EPOCH).numpy()
    above = draw_indices(SEED, 0, LARGEST_EPOCH + 1, LARGEST_EPOCH + 1).numpy()
    assert len(set(at)) == LARGEST_EPOCH
    assert len(set(above)) < LARGEST_EPOCH


@pytest.mark.parametrize(("num_data", "batch_size"), [(0, 4), (-1, 4), (4, 0), (5000, -2)])
def test_nothing_to_draw_is_refused(num_data: int, batch_size: int) -> None:
    with pytest.raises(InputError, match=r"at least (one|1)"):
        draw_indices(SEED, 0, num_data, batch_size)


def test_to_unit_and_back_is_exact_for_every_level() -> None:
    levels = np.arange(256, dtype=np.uint8)
    unit = to_unit(levels)
    assert unit.dtype == tf.float32
    np.testing.assert_allclose(unit, levels / 127.5 - 1, atol=1e-6)
    assert float(unit[0]) == -1.0
    assert float(unit[-1]) == 1.0
    back = to_uint8(unit)
    assert back.dtype == tf.uint8
    np.testing.assert_array_equal(back, levels)


def test_float_images_pass_through_as_float32() -> None:
    images = np.array([[-3.5, 0.25]], np.float64)
    unit = to_unit(images)
    assert unit.dtype == tf.float32
    np.testing.assert_array_equal(unit, images)


def test_to_unit_refuses_integers_of_unknown_range() -> None:
    with pytest.raises(InputError, match="int32"):
        to_unit(np.zeros(3, np.int32))


def test_to_uint8_clips_and_rounds() -> None:
    np.testing.assert_array_equal(
        to_uint8(np.array([-2.0, -1.0, 0.3 / 127.5 - 1, 0.7 / 127.5 - 1, 1.0, 7.0])),
        [0, 0, 0, 1, 255, 255],
    )


def test_to_uint8_refuses_what_is_no_grey_level() -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="images to draw"):
        to_uint8(np.array([0.0, np.nan]))
    with pytest.raises(InputError, match="uint8"):
        to_uint8(np.zeros(3, np.uint8))
