"""Images in memory and images in a mapped file: the same training, bit for bit."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from bayesian_gan.data.batches import draw_indices
from bayesian_gan.data.source import HeldImages, MappedImages, image_source
from bayesian_gan.errors import InputError
from bayesian_gan.gan.model import BayesianGAN


@pytest.fixture
def mapped(images: np.ndarray, tmp_path: Path) -> np.ndarray:
    """The images of tests/conftest.py in a file."""
    np.save(tmp_path / "images.npy", images)
    return np.load(tmp_path / "images.npy", mmap_mode="r")


def test_which_source_serves(images: np.ndarray, mapped: np.ndarray) -> None:
    assert isinstance(image_source(images), HeldImages)
    assert isinstance(image_source(mapped), MappedImages)
    assert isinstance(image_source(np.asarray(mapped)), MappedImages)
    assert isinstance(image_source(mapped[3:]), MappedImages)
    assert isinstance(image_source(np.array(mapped)), HeldImages)


@pytest.mark.parametrize("shift", [0, 5])
def test_both_gather_the_same_images(images: np.ndarray, mapped: np.ndarray, shift: int) -> None:
    held, lazy = image_source(images[shift:]), image_source(mapped[shift:])
    assert held.shape == lazy.shape == images[shift:].shape

    @tf.function
    def both(step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        drawn = draw_indices(tf.constant([1, 2]), step, len(images) - shift, 64)
        first, second = held.gather(drawn), lazy.gather(drawn)
        assert first.shape == second.shape == (64, *images.shape[1:])
        assert first.dtype == second.dtype == tf.uint8
        return first, second

    seen = set()
    for step in range(5):
        first, second = both(tf.constant(step))
        np.testing.assert_array_equal(first, second)
        seen.add(first.numpy().tobytes())
    assert len(seen) == 5


def test_no_graph_holds_a_copy_of_the_images() -> None:
    large = np.zeros((50, 100, 100, 3), np.uint8)  # 1.5 MB
    source = HeldImages(large)
    gather = tf.function(lambda i: source.gather(i))
    graph = gather.get_concrete_function(tf.constant([1, 2])).graph
    assert graph.as_graph_def().ByteSize() < 10_000
    # It goes on with other images of the same shape; those of another, or mapped ones, do not fit it.
    assert source.refill(large + np.uint8(7))
    np.testing.assert_array_equal(gather(tf.constant([1, 2])), large[:2] + 7)
    assert not source.refill(large[1:])
    assert not source.refill(large.astype(np.float32))


def test_mapped_images_are_replaced_by_mapped_ones_of_their_shape(
    mapped: np.ndarray, tmp_path: Path
) -> None:
    np.save(tmp_path / "others.npy", 255 - mapped)
    others = np.load(tmp_path / "others.npy", mmap_mode="r")
    source = MappedImages(mapped)
    gather = tf.function(source.gather)
    np.testing.assert_array_equal(gather(tf.constant([1, 2])), mapped[1:3])
    assert source.refill(others)
    np.testing.assert_array_equal(gather(tf.constant([1, 2])), others[1:3])
    assert not source.refill(mapped[1:])
    assert not source.refill(np.array(mapped))
    assert not HeldImages(np.array(mapped)).refill(mapped)


@pytest.mark.parametrize("steps_per_execution", [pytest.param(1, marks=pytest.mark.slow), 5])
def test_training_on_mapped_images_is_the_same_bit_for_bit(
    images: np.ndarray,
    labels: np.ndarray,
    mapped: np.ndarray,
    make_model: Callable[..., BayesianGAN],
    adam: Callable[[], keras.optimizers.Optimizer],
    steps_per_execution: int,
) -> None:
    weights = []
    for x in (images, mapped):
        model = make_model()
        model.compile(adam(), adam(), steps_per_execution=steps_per_execution)
        model.fit(x, labels, batch_size=8, steps_per_epoch=10, epochs=1, verbose=0)
        weights.append([w.numpy() for w in model.weights])
    start = [w.numpy() for w in make_model().weights]
    moved = sum(not np.array_equal(a, b) for a, b in zip(weights[0], start, strict=True))
    assert moved > len(start) / 2
    for a, b in zip(*weights, strict=True):
        np.testing.assert_array_equal(a, b)


def test_mapped_images_and_xla_are_refused_together(
    mapped: np.ndarray,
    labels: np.ndarray,
    make_model: Callable[..., BayesianGAN],
    adam: Callable[[], keras.optimizers.Optimizer],
) -> None:
    model = make_model()
    model.compile(adam(), adam(), jit_compile=True)
    with pytest.raises(InputError, match="XLA"):
        model.fit(mapped, labels, batch_size=8)
