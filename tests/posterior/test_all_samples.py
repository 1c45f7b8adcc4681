"""All samples at once, a batch after the other, against each network alone with its own weights."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bayesian_gan.errors import InputError
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.networks.outputs import probabilities, real_logit, split_outputs
from bayesian_gan.posterior import Posterior


@pytest.fixture(scope="module")
def posterior(make_model: Callable[..., BayesianGAN]) -> Posterior:
    """Three draws of two chains with two discriminators each."""
    model = make_model(num_disc=2)
    posterior = Posterior.create(None, model)
    rng = np.random.default_rng(0)
    for k in range(3):
        for network in model.discriminators:
            for weight in network.weights:
                drawn = rng.normal(0.0, 0.2, weight.shape)
                weight.assign(drawn if weight.trainable else np.exp(drawn))
        model.iteration.assign(k)
        posterior.collect(model)
    return posterior


def test_it_says_what_each_network_says(posterior: Posterior, images: np.ndarray) -> None:
    say = posterior.all_samples()
    parts = [say(images[k : k + 40]) for k in (0, 40, 80)]  # The last has 16.
    found = np.concatenate([part.probabilities for part in parts], axis=1)
    log_z = np.concatenate([part.log_z for part in parts], axis=1)
    assert found.shape == (3 * 2 * 2, 96, 3)
    network, x = posterior.network("discriminator"), images.astype(np.float32) / 127.5 - 1
    for s in range(12):
        ((weights),) = posterior.weights("discriminator", [(s // 4, s % 4)])
        network.set_weights(list(weights))
        outputs = network(x, training=False)
        expected = probabilities(split_outputs(outputs)[0])
        np.testing.assert_allclose(found[s], expected, atol=1e-6)
        np.testing.assert_allclose(log_z[s], real_logit(outputs), rtol=1e-5)
    assert np.ptp(found, axis=0).max() > 0.01  # The samples are not all the same.
    np.testing.assert_allclose(found.mean(axis=0), posterior.predict(images), atol=1e-6)


def test_it_gives_the_features_of_each_network(posterior: Posterior, images: np.ndarray) -> None:
    said, plain = posterior.all_samples(features=True)(images), posterior.all_samples()(images)
    assert plain.features is None
    assert said.features is not None
    np.testing.assert_array_equal(said.probabilities, plain.probabilities)
    network, x = posterior.network("discriminator"), images.astype(np.float32) / 127.5 - 1
    for s in (0, 7, 11):
        ((weights),) = posterior.weights("discriminator", [(s // 4, s % 4)])
        network.set_weights(list(weights))
        expected = split_outputs(network(x, training=False))[1]
        np.testing.assert_allclose(said.features[s], expected, rtol=1e-4, atol=1e-6)


def test_floats_are_the_same_images(posterior: Posterior, images: np.ndarray) -> None:
    say = posterior.all_samples()
    floats = images.astype(np.float32) / 127.5 - 1
    np.testing.assert_allclose(say(floats[:5]).log_z, say(images[:5]).log_z, rtol=1e-5)
    with pytest.raises(InputError, match="must have shape"):
        say(images[:, :4])


def test_one_function_serves_batches_of_any_size(
    posterior: Posterior, images: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    posterior.all_samples()(images[:1])
    monkeypatch.setattr(Posterior, "_traced", lambda *_: pytest.fail("traced again"))
    for k in (2, 7, 96):
        posterior.all_samples()(images[:k])
    posterior.predict(images)  # Of draws one by one, too.


def test_without_a_draw_it_says_so(make_model: Callable[..., BayesianGAN], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no sample is collected yet"):
        Posterior.create(tmp_path / "posterior", make_model()).all_samples()
