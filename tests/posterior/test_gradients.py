"""Gradients through the average of all samples, against closed forms and finite differences."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import log_softmax, logsumexp, softmax
from small import CLASSES, SHAPE, small_gan

from bayesian_gan.errors import InputError
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.networks import dcgan_discriminator, dcgan_generator
from bayesian_gan.posterior import Posterior
from bayesian_gan.posterior import gradients as module

PIXELS = int(np.prod(SHAPE))


def collected(model: BayesianGAN, draws: int, scale: float, seed: int = 0) -> Posterior:
    """A posterior in memory of random weights."""
    posterior, rng = Posterior.create(None, model), np.random.default_rng(seed)
    for k in range(draws):
        for network in model.discriminators:
            for weight in network.weights:
                drawn = rng.normal(0.0, scale, weight.shape)
                weight.assign(drawn if weight.trainable else np.exp(drawn))
        model.iteration.assign(k)
        posterior.collect(model)
    return posterior


def given(n: int, shape: tuple[int, ...] = SHAPE) -> tuple[np.ndarray, np.ndarray]:
    """Float images in [-1, 1], and labels."""
    images = np.random.default_rng(1).uniform(-1, 1, (n, *shape)).astype(np.float32)
    return images, np.arange(n) % CLASSES


def by_formula(posterior: Posterior, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of the linear networks of `small`, in float64: -log mean_s p_s, and its gradient."""
    flat, rows = x.reshape(len(x), -1).astype(np.float64), np.arange(len(x))
    samples = [(i, m) for i in posterior.iterations for m in range(posterior.num_discriminators)]
    log_p, slopes = [], []
    for w, b in posterior.weights("discriminator", samples):
        logits = flat @ w.astype(np.float64) + b
        log_p.append(log_softmax(logits, axis=1)[rows, y])
        slopes.append((np.eye(CLASSES)[y] - softmax(logits, axis=1)) @ w.T.astype(np.float64))
    share = softmax(np.array(log_p), axis=0)  # p_s / sum p_s.
    gradient = -np.einsum("sn,snd->nd", share, np.array(slopes))
    return np.log(len(log_p)) - logsumexp(log_p, axis=0), gradient.reshape(x.shape)


@pytest.mark.parametrize(("num_disc", "draws", "scale"), [(2, 3, 0.3), (1, 1, 30.0)])
def test_the_average_of_linear_networks_has_the_gradient_of_its_formula(
    num_disc: int, draws: int, scale: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 16)
    posterior = collected(small_gan(num_disc=num_disc), draws, scale)
    x, y = given(50)
    if scale > 1:  # Classes that all samples deem unlikely: each p_s of exp(-100) underflows.
        every = [by_formula(posterior, x, np.full(50, k))[0] for k in range(CLASSES)]
        y = np.argmax(every, axis=0)
    expected, exact = by_formula(posterior, x, y)
    assert scale < 1 or expected.max() > 100
    nll, gradient = posterior.held_samples().average(x, y)
    # Logits are float32, of the size of the scale times 4.
    np.testing.assert_allclose(nll, expected, rtol=1e-5, atol=1e-6 * scale)
    np.testing.assert_allclose(gradient, exact, rtol=2e-3, atol=2e-6 * scale)


def test_the_average_of_one_sample_is_that_sample() -> None:
    posterior = collected(small_gan(num_mcmc=1), 1, 1.0)
    held, (x, y) = posterior.held_samples(), given(20)
    for a, b in zip(held.average(x, y), held.last(x, y), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_last_is_the_last_of_all_samples() -> None:
    posterior = collected(small_gan(), 2, 1.0)
    held, (x, y) = posterior.held_samples(), given(20)
    p = held.outputs(x).probabilities
    assert len(p) == 4
    nll, _ = held.last(x, y)
    np.testing.assert_allclose(nll, -np.log(p[-1, np.arange(20), y]), rtol=1e-5, atol=1e-6)
    average, _ = held.average(x, y)
    np.testing.assert_allclose(average, -np.log(p.mean(0)[np.arange(20), y]), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("which", ["average", "last"])
def test_gradients_of_convolutions_are_finite_differences(
    which: str, make_model: Callable[..., BayesianGAN]
) -> None:
    posterior = collected(make_model(num_disc=2), 2, 0.3)
    x, y = given(24, (8, 8, 1))
    nll: Any = getattr(posterior.held_samples(), which)
    gradient = nll(x, y)[1]
    for seed in range(3):
        direction = np.random.default_rng(seed).normal(size=x.shape)
        # Half along the gradient, so that the derivative is not near 0.
        norms = np.sqrt(np.square(gradient).sum(axis=(1, 2, 3), keepdims=True))
        direction = (
            gradient / norms
            + direction / np.sqrt(np.square(direction).sum((1, 2, 3)))[:, None, None, None]
        )
        step = (2e-3 * direction).astype(np.float32)
        slope = (nll(x + step, y)[0] - nll(x - step, y)[0]) / 4e-3
        expected = (gradient * direction).sum(axis=(1, 2, 3))
        wrong = np.abs(slope / expected - 1)
        # A few images lie where a leaky ReLU bends on the way. The others: NLLs of 1 are rounded
        # to 1e-7, so their slopes to 1e-4.
        assert np.quantile(wrong, 0.8) < 2e-3
        assert wrong.max() < 0.5


def test_images_of_another_range_have_gradients_of_that_range() -> None:
    x, y = given(10)
    usual = collected(small_gan(), 2, 1.0)
    other = collected(small_gan(input_range=(0, 255)), 2, 1.0)
    a, b = usual.held_samples().average(x, y), other.held_samples().average((x + 1) * 127.5, y)
    np.testing.assert_allclose(a[0], b[0], rtol=1e-4)
    np.testing.assert_allclose(a[1] / 127.5, b[1], rtol=1e-3, atol=1e-7)


def test_one_function_serves_any_number_of_images_and_samples() -> None:
    posterior = collected(small_gan(), 2, 1.0)
    held = posterior.held_samples()
    held.average(*given(3))
    function = posterior._averaged
    held.last(*given(7))
    assert posterior._averaged is function


def test_what_has_no_gradient_is_refused(
    make_model: Callable[..., BayesianGAN], tmp_path: Path
) -> None:
    held, (x, y) = collected(small_gan(), 1, 1.0).held_samples(), given(4)
    with pytest.raises(InputError, match="uint8 has no gradient"):
        held.average(np.full((4, *SHAPE), 9, np.uint8), y)
    with pytest.raises(InputError, match="must have shape"):
        held.average(x[:, :2], y)
    with pytest.raises(InputError, match="without labels"):
        Posterior.create(None, small_gan(classes=1)).held_samples()
    with pytest.raises(InputError, match="no sample is collected yet"):
        Posterior.create(tmp_path / "posterior", make_model()).held_samples()


def test_networks_of_bfloat16_have_gradients_of_float32() -> None:
    found = {}
    for precision in ("float32", "mixed_bfloat16"):
        model = BayesianGAN(
            dcgan_generator((8, 8, 1), 5, width=4, num_layers=2),
            dcgan_discriminator((8, 8, 1), CLASSES, 4, 2, precision),
            num_data=48,
        )
        x, y = given(24, (8, 8, 1))
        found[precision] = collected(model, 2, 0.3).held_samples().average(x, y)[1].reshape(24, -1)
    exact, rounded = found.values()
    assert rounded.dtype == np.float32
    norms = np.linalg.norm(exact, axis=1) * np.linalg.norm(rounded, axis=1)
    # Activations of 8 bits: the directions agree to a few per cent.
    assert np.median((exact * rounded).sum(axis=1) / norms) > 0.99
