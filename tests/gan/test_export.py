"""`BayesianGAN.export`: the current networks as a SavedModel."""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from bayesian_gan.errors import InputError
from bayesian_gan.gan.model import BayesianGAN

L, SHAPE, Z_DIM = keras.layers, (8, 8, 1), 5


def _own(num_classes: int = 3, **arguments: Any) -> BayesianGAN:
    """Networks of a user's own: sequential, with a lambda, and a frozen layer in a model inside."""
    scale = np.float32(2.0)
    generator = keras.Sequential(
        [keras.Input((Z_DIM,)), L.Dense(64, activation="tanh"), L.Reshape(SHAPE)]
    )
    inner = keras.Sequential([keras.Input(SHAPE), L.Flatten(), L.Dense(6), L.BatchNormalization()])
    inner.layers[1].trainable = False
    discriminator = keras.Sequential(
        [keras.Input(SHAPE), inner, L.Lambda(lambda x: x * scale), L.Dense(num_classes)]
    )
    defaults: dict[str, Any] = {"num_data": 10, "num_gen": 2, "num_mcmc": 2, "terms": [], "seed": 1}
    return BayesianGAN(generator, discriminator, **(defaults | arguments))


@pytest.fixture(scope="module")
def gan() -> BayesianGAN:
    return _own()


def test_the_export_says_what_the_model_says(gan: BayesianGAN, tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (7, *SHAPE), dtype=np.uint8)
    folder, names = tmp_path / "saved", ["a", "b", "c"]
    gan.export(folder, class_names=names)
    loaded = tf.saved_model.load(str(folder))
    expected = np.mean([gan.predict_sample(images, k) for k in range(2)], axis=0)
    assert expected.std() > 0.01
    found = loaded.signatures["classify"](images=tf.constant(images))["probabilities"]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_allclose(found, gan(images), atol=1e-5)
    for k in (0, 3):
        made = loaded.generate(tf.constant(3), tf.constant(9), tf.constant(k))["images"]
        np.testing.assert_allclose(made, gan.generate(3, k, seed=9), atol=1e-5)
    assert (folder / "assets" / "class_names.txt").read_text().split() == names
    described = json.loads((folder / "export.json").read_text())
    assert described["image_shape"] == list(SHAPE)
    assert described["class_names"] == names
    assert described["classifier"] == ["00000000_0000", "00000000_0001"]
    assert len(described["generator"]) == 4
    assert described["versions"]["tensorflow"]


def test_what_is_there_is_replaced_only_where_asked(tmp_path: Path) -> None:
    gan, folder = _own(num_classes=1, num_mcmc=1, num_gen=1), tmp_path / "saved"
    gan.export(str(folder))
    before = np.asarray(gan.discriminators[0].weights[-1])
    with pytest.raises(InputError, match=r"exists.*overwrite=True"):
        gan.export(folder)
    gan.discriminators[0].weights[-1].assign(before + 1.0)
    gan.export(folder, overwrite=True)
    images = np.zeros((2, *SHAPE), np.float32)
    loaded = tf.saved_model.load(str(folder))
    found = loaded.classify(tf.constant(images))
    assert set(found) == {"real"}
    np.testing.assert_allclose(found["real"], np.asarray(gan(images))[:, 0], atol=1e-5)
    own = tmp_path / "own"
    own.mkdir()
    with pytest.raises(InputError, match="no export"):
        gan.export(own, overwrite=True)
    with pytest.raises(InputError, match="left out: there are no classes"):
        gan.export(tmp_path / "other", class_names=["a"])


@pytest.mark.parametrize("names", [["a"], ["a", "b", 3], "ab"])
def test_names_are_one_for_each_class(gan: BayesianGAN, tmp_path: Path, names: Any) -> None:
    with pytest.raises(InputError, match="3 texts, one for each class"):
        gan.export(tmp_path / "saved", class_names=names)
    assert not list(tmp_path.iterdir())


def test_vectors_have_any_range_but_are_finite(tmp_path: Path) -> None:
    generator = keras.Sequential([keras.Input((Z_DIM,)), L.Dense(4)])
    x = keras.Input((4,))
    h = L.Dense(6, activation="relu")(x)
    discriminator = keras.Model(x, {"logits": L.Dense(3)(h), "features": h})
    gan = BayesianGAN(generator, discriminator, num_data=10, num_disc=2)
    gan.export(tmp_path / "saved")
    loaded = tf.saved_model.load(str(tmp_path / "saved"))
    assert {name for name in loaded.signatures if "float" in name} == set()
    vectors = 100.0 * np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    found = loaded.signatures["classify"](images=tf.constant(vectors))["probabilities"]
    np.testing.assert_allclose(found, gan(vectors), atol=1e-5)
    assert loaded.embed(tf.constant(vectors))["features"].shape == (5, 2, 6)
    with pytest.raises(tf.errors.InvalidArgumentError, match="must be finite"):
        loaded.classify(tf.constant(vectors * np.float32(np.inf)))


def test_networks_of_float64_and_of_half_precision_are_exported(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (7, *SHAPE), dtype=np.uint8)
    for policy, rounding in (("float64", 1e-5), ("mixed_bfloat16", 3e-2)):
        keras.config.set_dtype_policy(policy)
        try:
            gan = _own(num_mcmc=1, num_gen=1)
            gan.export(tmp_path / policy)
        finally:
            keras.config.set_dtype_policy("float32")
        loaded = tf.saved_model.load(str(tmp_path / policy))
        found = loaded.classify(tf.constant(images))
        np.testing.assert_allclose(found["probabilities"], gan(images), atol=rounding)
        made = loaded.generate(tf.constant(3), tf.constant(9), tf.constant(0))
        np.testing.assert_allclose(made["images"], gan.generate(3, 0, seed=9), atol=rounding)
