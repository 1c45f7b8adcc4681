"""The file of a save's weights."""

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from bayesian_gan.monitoring import SaveWeights
from bayesian_gan.reliability.writes import Writes


class Twins(keras.layers.Layer):
    """Two weights of one path."""

    def build(self, input_shape: tuple[int, ...]) -> None:
        self.first = self.add_weight(shape=(2,), initializer="ones", name="w")
        self.second = self.add_weight(shape=(2,), initializer="zeros", name="w")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return x * self.first.value + self.second.value


def test_both_of_two_weights_of_one_path_are_written(tmp_path: Path) -> None:
    network = keras.Sequential([keras.layers.Input((2,)), Twins(name="twins")], name="net")
    save = SaveWeights(tmp_path, Writes(logging.getLogger("test")))
    model: Any = SimpleNamespace(generators=[network], discriminators=[])
    save.set_model(model)
    save.on_epoch_end(0, {"iteration": 7})
    with np.load(tmp_path / "weights_7.npz") as found:
        first, second = found.files
        assert first == f"generator_0000/{network.weights[0].path}"
        assert second == f"{first}_1"
        np.testing.assert_array_equal(found[first], 1.0)
        np.testing.assert_array_equal(found[second], 0.0)
