"""Models with terms, for their tests."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.terms import State, Term
from bayesian_gan.networks import dcgan_discriminator, dcgan_generator

BATCH = 8


def model_with(
    terms: Sequence[Term],
    images: np.ndarray,
    labels: np.ndarray,
    stddev: float = 0.0,
    **arguments: Any,
) -> BayesianGAN:
    """A small model of He-initialised networks with these terms and activation noise, which holds the data."""
    model = BayesianGAN(
        dcgan_generator((8, 8, 1), 5, width=4, num_layers=2, initial="he"),
        dcgan_discriminator(
            (8, 8, 1),
            3,
            width=4,
            num_layers=2,
            initial="he",
            input_noise=stddev,
            hidden_noise=stddev,
        ),
        num_data=len(images),
        seed=1,
        terms=terms,
        **arguments,
    )
    model.compile(keras.optimizers.SGD(0.01), keras.optimizers.SGD(0.01))
    model.hold(images, labels, batch_size=BATCH)
    return model


def state_of(model: BayesianGAN, name: str) -> Any:
    """The state of this name."""
    found: dict[str, State] = {state.name: state for state in model.states}
    return found[name]


def softmax(logits: Any) -> np.ndarray:
    """In float64, over the last axis."""
    e = np.exp(np.asarray(logits, np.float64))
    return e / e.sum(-1, keepdims=True)
