"""The released program's losses against loops in float64, its prior and its noise."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from pairs import D, G, random_pairs

from bayesian_gan.errors import InputError
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.objectives import Authors
from bayesian_gan.gan.objectives.authors import authors_noise, authors_prior
from bayesian_gan.gan.priors import Prior
from bayesian_gan.gan.terms import ClassFrequencies, Consistency, Entropy


def test_energies() -> None:
    pairs, a = random_pairs()
    regulariser_d, regulariser_g = np.array([0.1, 0.2]), np.array([0.3, 0.1, 0.5])
    expected_d = [
        np.log(
            sum(
                np.exp(a["labelled"][d] + 10 * a["real"][d] + a["fake"][d, g] + regulariser_d[d])
                for g in range(G)
            )
        )
        for d in range(D)
    ]
    expected_g = [
        np.log(
            sum(
                np.exp(a["adversarial"][d, g] + a["term_g"][d, g] + regulariser_g[g])
                for d in range(D)
            )
        )
        for g in range(G)
    ]
    got_d = Authors().discriminator_energies(pairs, tf.constant(regulariser_d, tf.float32), 1.0, 10)
    got_g = Authors().generator_energies(pairs, tf.constant(regulariser_g, tf.float32))
    np.testing.assert_allclose(got_d, expected_d, rtol=1e-6)
    np.testing.assert_allclose(got_g, expected_g, rtol=1e-6)


def test_the_programs_prior() -> None:
    rng = np.random.default_rng(3)
    weights = [rng.standard_normal((4, 5)), rng.standard_normal(7)]
    tensors = [tf.constant(w, tf.float32) for w in weights]
    expected = sum(((w / 3.0) ** 2).mean() for w in weights) / 50
    np.testing.assert_allclose(authors_prior(tensors, 3.0, 50), expected, rtol=1e-6)


def test_noise_has_the_programs_standard_deviation() -> None:
    # The gradient of sum w n / N is n / N with n ~ N(0, 2 * 0.01 * 2e-4). Of 40,000 numbers the standard
    # deviation has a relative Monte-Carlo error of 1 / sqrt(2 * 40,000) = 0.35%: 4 of them are 1.4%.
    num_data = 50
    w = tf.zeros((200, 200))
    with tf.GradientTape() as tape:
        tape.watch(w)
        energy = authors_noise([w], tf.constant([1, 2]), num_data)
    n = tape.gradient(energy, w).numpy() * num_data
    assert n.std() == pytest.approx(np.sqrt(2 * 0.01 * 2e-4), rel=0.014)
    assert abs(n.mean()) < 4 * 0.002 / 200


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"terms": [Entropy(1.0)]}, r"Entropy does not go with the objective Authors\(\)"),
        ({"terms": [Consistency(1.0)]}, r"Consistency does not go with the objective Authors"),
        ({"terms": [ClassFrequencies(1.0)]}, r"ClassFrequencies does not go with"),
        ({"prior": Prior()}, r"needs the prior Normal\(\), not Prior"),
    ],
)
def test_what_the_program_does_not_have_is_refused(
    make_model: Callable[..., BayesianGAN], arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        make_model(objective=Authors(), **arguments)
