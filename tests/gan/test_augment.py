"""Augmentation: what happens to pictures, that it repeats, and that nothing else changes."""

from typing import Any, cast

import keras
import numpy as np
import pytest
import tensorflow as tf
from playing import minibatch
from scipy import ndimage
from small import SHAPE, examples, sampled, small_gan

from bayesian_gan.data.batches import to_unit
from bayesian_gan.errors import InputError
from bayesian_gan.gan.augment import Augment, draw
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.objectives import Authors, Objective, Paper

ALL = Augment.of("flip,shift,affine")
X, LABELS = examples()
Y = np.where(np.arange(len(X)) < 12, LABELS, -1)


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    """Eight smooth pictures, neither square nor grey: 16 high, 24 wide."""
    noise = np.random.default_rng(0).normal(size=(8, 16, 24, 3))
    return ndimage.gaussian_filter(noise, (0, 2, 2, 0)).astype(np.float32)


@pytest.fixture(scope="module")
def numbers() -> tf.Tensor:
    return draw(tf.constant([3, 4]), 8)


def test_a_flip_mirrors_every_other_picture(pictures: np.ndarray, numbers: tf.Tensor) -> None:
    found = Augment(flip=0.5)(pictures, numbers).numpy()
    mirrored = numbers[:, 0].numpy() < 0.5
    assert 0 < mirrored.sum() < 8
    np.testing.assert_array_equal(found[mirrored], pictures[mirrored][:, :, ::-1])
    np.testing.assert_array_equal(found[~mirrored], pictures[~mirrored])
    shares = draw(tf.constant([1, 2]), 4000)[:, 0].numpy() < 0.5
    assert abs(shares.mean() - 0.5) < 4 * 0.5 / 4000**0.5


def test_a_shift_is_of_whole_pixels_and_reflects_at_the_edge(
    pictures: np.ndarray, numbers: tf.Tensor
) -> None:
    found = Augment.of("shift")(pictures, numbers).numpy()  # type: ignore[misc]
    moved = set()
    for before, after, uniform in zip(pictures, found, numbers.numpy(), strict=True):
        down, right = int(uniform[1] * 5) - 2, int(uniform[2] * 7) - 3
        moved.add((down, right))
        padded = np.pad(before, ((2, 2), (3, 3), (0, 0)), mode="symmetric")
        expected = padded[2 - down : 18 - down, 3 - right : 27 - right]
        np.testing.assert_array_equal(after, expected)
    assert len(moved) > 4


def test_shifts_of_up_to_an_eighth_are_equally_frequent() -> None:
    point = np.zeros((7000, 28, 28, 1), np.float32)
    point[:, 10, 10] = 1.0
    found = Augment.of("shift")(point, draw(tf.constant([1, 2]), 7000)).numpy()  # type: ignore[misc]
    for axis in (1, 2):
        places = found.max(axis=(3 - axis, 3)).argmax(axis=1)
        counts = np.bincount(places, minlength=28)
        assert set(np.flatnonzero(counts)) == set(range(7, 14))
        assert abs(counts[7:14] - 1000).max() < 4 * 1000**0.5


def test_an_affine_map_is_that_of_scipy(pictures: np.ndarray, numbers: tf.Tensor) -> None:
    augment = Augment(rotation=40.0, zoom=0.3, shear=0.3, slide=0.2)
    found = augment(pictures, numbers).numpy()
    for before, after, uniform in zip(pictures, found, numbers.numpy(), strict=True):
        turn, zoom, shear, right, down = 2.0 * uniform[3:].astype(np.float64) - 1.0
        angle, size = np.deg2rad(40.0 * turn), 1.0 + 0.3 * zoom
        cosine, sine = np.cos(angle), np.sin(angle)
        # Of (x, y); SciPy has rows first.
        xy = np.array([[cosine, -sine], [sine, cosine]]) @ [[1.0, 0.3 * shear], [0.0, 1.0]] / size
        matrix = xy[::-1, ::-1]
        centre = np.array([7.5, 11.5])
        offset = centre - matrix @ centre + 0.2 * np.array([16 * down, 24 * right])
        for channel in range(3):
            expected = ndimage.affine_transform(
                before[..., channel], matrix, offset, order=1, mode="reflect"
            )
            np.testing.assert_allclose(after[..., channel], expected, atol=2e-4)


def test_a_dark_border_stays_dark() -> None:
    digit = np.full((200, 28, 28, 1), -1.0, np.float32)
    digit[:, 8:20, 8:20] = 1.0
    found = ALL(digit, draw(tf.constant([5, 6]), 200)).numpy()  # type: ignore[misc]
    assert found.min() >= -1.0
    assert found.max() <= 1.0
    edge = np.concatenate([found[:, 0], found[:, -1], found[:, :, 0], found[:, :, -1]])
    np.testing.assert_array_equal(edge, -1.0)


# ------------------------------------------------------------------------------- in a model


def _gan(augment: Augment | None = ALL, **others: Any) -> BayesianGAN:
    model = small_gan(objective=Paper(augment=augment), seed=3, **others)
    model.hold(X, Y, batch_size=8, labelled_batch_size=6)
    return model


def test_minibatches_are_the_same_pictures_transformed_with_their_labels() -> None:
    at = tf.constant(5, tf.int64)
    plain, again, other = (_gan(a) for a in (None, Augment(flip=1.0), ALL))
    batch, mirrored, transformed = (minibatch(m, 0, at) for m in (plain, again, other))
    for name in ("real", "labelled"):
        expected = getattr(batch, name).numpy()[:, :, ::-1]
        np.testing.assert_array_equal(getattr(mirrored, name), expected)
        assert not np.array_equal(getattr(transformed, name), getattr(batch, name))
    np.testing.assert_array_equal(mirrored.labels, batch.labels)
    np.testing.assert_array_equal(mirrored.z, batch.z)
    # The class of each picture can be read from its first row.
    known = {to_unit(x).numpy().tobytes(): y for x, y in zip(X, LABELS, strict=True)}
    unmirrored = np.array(mirrored.labelled)[:, :, ::-1]
    assert [known[x.tobytes()] for x in unmirrored] == np.array(mirrored.labels).tolist()


def test_each_picture_iteration_and_chain_has_its_own_transformation() -> None:
    model, same = _gan(), np.repeat(X[:1], 48, axis=0)
    model.hold(same, LABELS, batch_size=8)
    batches = [
        minibatch(model, chain, tf.constant(step, tf.int64)) for chain in (0, 1) for step in (0, 1)
    ]
    seen = [np.array(images) for batch in batches for images in (batch.real, batch.labelled)]
    assert len({images.tobytes() for images in seen}) == 8
    assert all(len({x.tobytes() for x in images}) > 4 for images in seen)


def test_shards_are_parts_of_the_minibatch_that_one_device_has() -> None:
    whole, parts = _gan(), _gan(shards=2)
    at = tf.constant(2, tf.int64)
    batch = minibatch(whole, 0, at)
    halves = [minibatch(parts, 0, at, tf.constant(s)) for s in (0, 1)]
    for name in ("real", "labelled", "labels"):
        found = np.concatenate([getattr(half, name) for half in halves])
        np.testing.assert_allclose(found, getattr(batch, name), atol=1e-5)


def _fit(model: BayesianGAN, iterations: int) -> list[np.ndarray]:
    model.fit(X, Y, batch_size=8, steps_per_epoch=iterations, verbose=0)
    return sampled(model)


@pytest.mark.slow
def test_a_saved_model_goes_on_bit_for_bit(tmp_path: Any) -> None:
    whole, first = small_gan(objective=Paper(augment=ALL)), small_gan(objective=Paper(augment=ALL))
    expected = _fit(whole, 6)
    _fit(first, 3)
    first.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.game.objective == first.game.objective == Paper(augment=ALL)
    for found, value in zip(_fit(loaded, 3), expected, strict=True):
        np.testing.assert_array_equal(found, value)
    plain = _fit(small_gan(objective=Paper()), 6)
    assert any(not np.array_equal(*pair) for pair in zip(plain, expected, strict=True))


def test_an_objective_of_before_there_was_augmentation_has_none() -> None:
    config = Paper().get_config()
    del config["augment"]
    assert Paper.from_config(config) == Paper()


# ------------------------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Augment(zoom=1.0), "Augment: zoom must be a finite number at least 0 and less"),
        (lambda: Augment(zoom=-0.1), "Augment: zoom must be a finite number at least 0 and less"),
        (
            lambda: Augment(rotation=181),
            "rotation must be a finite number at least 0 and at most 180",
        ),
        (
            lambda: Augment(rotation=-1),
            "rotation must be a finite number at least 0 and at most 180",
        ),
        (lambda: Augment(shear=1.01), "shear must be a finite number at least 0 and at most 1"),
        (lambda: Augment(shear=-0.1), "shear must be a finite number at least 0 and at most 1"),
        (lambda: Augment(shift=0.51), "shift must be a finite number at least 0 and at most 0.5"),
        (lambda: Augment(slide=0.51), "slide must be a finite number at least 0 and at most 0.5"),
        (
            lambda: Augment(flip=1.01),
            "Augment: flip must be a finite number at least 0 and at most 1",
        ),
        (lambda: Augment.of("flip,turn"), "--augment flip,turn: give none, or some of flip, shift"),
        (lambda: Augment.of("flip,flip"), "each once"),
        (
            lambda: Paper(augment=cast(Any, "flip")),
            r"augment must be such as Augment\(flip=0.5\), or None",
        ),
    ],
)
def test_what_is_no_augmentation_is_refused(make: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()


def test_the_most_that_is_taken() -> None:
    most = Augment(flip=1, shift=0.5, rotation=180, zoom=0.999, shear=1, slide=0.5)
    assert most.is_affine


@pytest.mark.parametrize("objective", [Paper(augment=ALL), Authors(augment=ALL)])
def test_vectors_are_refused(objective: Objective) -> None:
    with pytest.raises(InputError, match="these are vectors of 6 numbers: leave it out"):
        small_gan(shape=(6,), objective=objective)


def test_xla_is_refused_where_pictures_are_interpolated() -> None:
    model = small_gan(objective=Paper(augment=ALL))
    with pytest.raises(InputError, match="jit_compile does not go with an affine augmentation"):
        model.compile("adam", jit_compile=True)
    assert model.image_shape == SHAPE
