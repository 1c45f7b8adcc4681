"""Networks whose code no file is to hold are refused where they would be written, and only there."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from bayesian_gan.errors import InputError
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.networks import mlp_generator
from bayesian_gan.networks.saving import described
from bayesian_gan.posterior import Posterior

L = keras.layers


def own(x: Any) -> Any:
    return 2.0 * x


@keras.saving.register_keras_serializable("test_saving")
def registered(x: Any) -> Any:
    return 2.0 * x


def _gan(*layers: keras.layers.Layer) -> BayesianGAN:
    network = keras.Sequential([keras.Input((4,)), L.Dense(6), *layers, L.Dense(1)])
    return BayesianGAN(mlp_generator(4, 5, 6), network, num_data=10, terms=[])


FUNCTIONS = {
    "<lambda>": lambda: L.Lambda(lambda x: 2.0 * x),
    "own": lambda: L.Lambda(own),
    "own ": lambda: L.Activation(own),
    "own  ": lambda: L.Dense(6, activation=own),
    "<lambda> ": lambda: keras.Sequential([keras.Input((6,)), L.Lambda(lambda x: 2.0 * x)]),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_of_python_trains_and_is_refused_at_the_door(name: str, tmp_path: Path) -> None:
    gan = _gan(FUNCTIONS[name]())
    assert np.isfinite(gan.predict_sample(np.ones((2, 4), np.float32), 0)).all()
    says = f"holds {name.strip()}, a function of Python.*register_keras_serializable"
    for write in (
        lambda: Posterior.create(tmp_path / "posterior", gan),
        lambda: gan.save(tmp_path / "gan.keras"),
        gan.get_config,
    ):
        with pytest.raises(InputError, match=says) as caught:
            write()
        assert "\n" not in str(caught.value)
    assert not (tmp_path / "posterior" / "posterior.json").exists()


@pytest.mark.parametrize(
    "layer",
    [
        lambda: L.Activation(registered),
        lambda: L.Dense(6, activation=tf.nn.relu),
        lambda: L.Dense(6, activation="relu", kernel_initializer="he_normal"),
        lambda: L.Activation(L.LeakyReLU(0.1)),
    ],
)
def test_what_a_configuration_can_name_is_saved_and_read(layer: Any, tmp_path: Path) -> None:
    gan = _gan(layer())
    posterior = Posterior.create(tmp_path / "posterior", gan)
    posterior.collect(gan)
    x = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    np.testing.assert_allclose(posterior.predict(x)[:, 0], np.asarray(gan(x))[:, 0], atol=1e-6)


def test_a_network_is_described_as_keras_does() -> None:
    network = mlp_generator(4, 5, 6)
    assert described(network) == keras.saving.serialize_keras_object(network)
