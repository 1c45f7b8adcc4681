"""What is read from a discriminator's outputs, whatever their structure."""

import keras
import pytest

from bayesian_gan.networks.outputs import num_classes


@pytest.mark.parametrize("count", [1, 3])
def test_number_of_classes_of_every_structure_of_outputs(count: int) -> None:
    image = keras.Input((4,))
    features = keras.layers.Dense(7)(image)
    logits, critic = keras.layers.Dense(count)(features), keras.layers.Dense(1)(features)
    several = {"logits": logits, "features": features, "critic": critic}
    for network in (
        keras.Sequential([keras.Input((4,)), keras.layers.Dense(count)]),
        keras.Model(image, logits),
        keras.Model(image, several),
    ):
        assert num_classes(network) == count
