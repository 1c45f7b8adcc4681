"""What is followed of a posterior's chains, against the networks themselves."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bayesian_gan.errors import InputError
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.posterior import Posterior

Make = Callable[..., BayesianGAN]


@pytest.fixture(scope="module")
def model(make_model: Make) -> BayesianGAN:
    """Two chains of two generators and two discriminators."""
    return make_model(num_disc=2)


@pytest.fixture(scope="module")
def posterior(model: BayesianGAN, tmp_path_factory: pytest.TempPathFactory) -> Posterior:
    """Three draws of it, of weights that are drawn anew."""
    found = Posterior.create(tmp_path_factory.mktemp("followed") / "posterior", model)
    rng = np.random.default_rng(0)
    for draw in range(3):
        for network in (*model.generators, *model.discriminators):
            network.set_weights(
                [0.3 * np.abs(rng.standard_normal(w.shape)) for w in network.get_weights()]
            )
        model.iteration.assign(10 * (draw + 1))
        found.collect(model)
    return found


def test_norms_are_of_a_chain_s_trainable_weights(model: BayesianGAN, posterior: Posterior) -> None:
    found = posterior.followed()
    assert set(found) == {"norm_of_generators", "norm_of_discriminators"}
    # The model still has the weights of the last draw.
    for player in ("generator", "discriminator"):
        for chain in range(2):
            networks = getattr(model.chains[chain], f"{player}s")
            weights = [v.numpy().ravel() for n in networks for v in n.trainable_variables]
            expected = np.linalg.norm(np.concatenate(weights).astype(np.float64))
            assert found[f"norm_of_{player}s"][chain, 2] == pytest.approx(expected, rel=1e-6)
        assert found[f"norm_of_{player}s"].shape == (2, 3)


def test_one_draw_can_be_followed(model: BayesianGAN, posterior: Posterior, tmp_path: Path) -> None:
    one = Posterior.create(tmp_path / "posterior", model)
    one.collect(model)
    every = posterior.followed()
    for name, found in one.followed().items():
        assert found.shape == (2, 1)
        np.testing.assert_array_equal(found[:, 0], every[name][:, 2])


def test_log_odds_are_of_a_chain_s_average(
    model: BayesianGAN, posterior: Posterior, images: np.ndarray
) -> None:
    y = np.array([0, 2, 1, 1, 0])
    found = posterior.followed(images[:5], y)["log_odds"]
    assert found.shape == (2, 3, 5)
    for chain in range(2):
        each = [model.predict_sample(images[:5], 2 * chain + i) for i in range(2)]
        p = np.mean(each, 0)[np.arange(5), y].astype(np.float64)
        np.testing.assert_allclose(found[chain, 2], np.log(p / (1 - p)), rtol=1e-3, atol=1e-3)
    real = posterior.followed(images[:5])["log_odds"]
    last = list(posterior.member_outputs(images[:5]))[2]
    p_real = 1.0 - last.p_fake.reshape(2, 2, 5).mean(1)
    np.testing.assert_allclose(1 / (1 + np.exp(-real[:, 2])), p_real, rtol=1e-4)


def test_arviz_has_chains_and_draws(posterior: Posterior, images: np.ndarray) -> None:
    data = posterior.to_inference_data(images[:5])
    assert data.posterior["log_odds"].dims[:2] == ("chain", "draw")
    assert data.posterior["log_odds"].shape == (2, 3, 5)
    np.testing.assert_array_equal(
        data.posterior["norm_of_generators"], posterior.followed()["norm_of_generators"]
    )


def test_nothing_can_be_followed_where_nothing_is_collected(
    make_model: Make, tmp_path: Path
) -> None:
    empty = Posterior.create(tmp_path / "posterior", make_model())
    with pytest.raises(InputError, match="no sample"):
        empty.followed()
