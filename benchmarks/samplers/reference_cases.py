"""Twelve posteriors whose means and standard deviations are known otherwise.

Each is a potential energy U with its gradient, written for many chains at once ([chains, d]), and
reference moments: in closed form, by numerical integration, or from HMC of tfp run here.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
from sklearn.datasets import load_breast_cancer

BATCH = 64
Energy = Callable[[tf.Tensor], tf.Tensor]


@dataclass(frozen=True)
class Case:
    """A posterior.

    Attributes:
        name: of the case.
        energy: U of [chains, d] positions, [chains], float32.
        mean: posterior means, [d].
        std: posterior standard deviations, [d].
        precision: [d, d], the curvature of U where the posterior has most of its mass; the step
            follows from it.
        num_data: N.
        minibatches: None for full batches, "independent" or "epochs".
        data: features [N, d] and labels [N] of a logistic regression on minibatches.
        spine: where one step cannot fit all places and samplers are known to fail: makes starts
            along the posterior's spine of normal numbers [chains, d].
    """

    name: str
    energy: Energy
    mean: np.ndarray
    std: np.ndarray
    precision: np.ndarray
    num_data: float = 100.0
    minibatches: str | None = None
    data: tuple[np.ndarray, np.ndarray] | None = None
    spine: Callable[[np.ndarray], np.ndarray] | None = None


def gaussian(name: str, mean: np.ndarray, precision: np.ndarray, num_data: float = 100.0) -> Case:
    """U = (theta - mean)' precision (theta - mean) / 2."""
    centre, matrix = tf.constant(mean, tf.float32), tf.constant(precision, tf.float32)

    def energy(theta: tf.Tensor) -> tf.Tensor:
        away = theta - centre
        return tf.reduce_sum(away * (away @ matrix), -1) / 2.0

    std = np.sqrt(np.diag(np.linalg.inv(precision)))
    return Case(name, energy, mean, std, precision, num_data)


def standard_normal() -> Case:
    """Ten independent weights."""
    return gaussian("standard normal", np.zeros(10), np.eye(10))


def correlated() -> Case:
    """Ten weights, each pair with correlation 0.9: condition number 91."""
    covariance = 0.1 * np.eye(10) + 0.9
    return gaussian("correlated Gaussian", np.ones(10), np.linalg.inv(covariance))


def _regression(name: str, spectrum: np.ndarray, seed: int) -> Case:
    """Linear regression with unit noise and prior N(0, 1); `spectrum` is that of X'X / N."""
    rng = np.random.default_rng(seed)
    n, d = 1000, len(spectrum)
    left = np.linalg.qr(rng.normal(size=(n, d)))[0]
    right = np.linalg.qr(rng.normal(size=(d, d)))[0]
    features = left * np.sqrt(n * spectrum) @ right.T
    targets = features @ rng.normal(size=d) + rng.normal(size=n)
    precision = features.T @ features + np.eye(d)
    return gaussian(name, np.linalg.solve(precision, features.T @ targets), precision, float(n))


def regression() -> Case:
    """Ten weights, 1,000 data, condition number 10."""
    return _regression("regression", np.geomspace(0.3, 3.0, 10), 1)


def ill_conditioned() -> Case:
    """Ten weights whose posterior precisions lie 1,000 apart."""
    return _regression("regression, condition 1000", np.geomspace(1e-2, 10.0, 10), 2)


def student_t() -> Case:
    """Ten independent Student-t weights with five degrees of freedom: variance 5 / 3."""

    def energy(theta: tf.Tensor) -> tf.Tensor:
        return 3.0 * tf.reduce_sum(tf.math.log1p(tf.square(theta) / 5.0), -1)

    return Case("Student-t", energy, np.zeros(10), np.full(10, (5 / 3) ** 0.5), 1.2 * np.eye(10))


@cache
def _patients() -> Case:
    """Logistic regression on scikit-learn's breast cancer data, prior N(0, 1) on 31 weights."""
    x, y = load_breast_cancer(return_X_y=True)
    x = np.hstack([(x - x.mean(0)) / x.std(0), np.ones((len(x), 1))]).astype("float32")
    y = y.astype("float32")
    features, labels = tf.constant(x), tf.constant(y)

    def energy(theta: tf.Tensor) -> tf.Tensor:
        logits = theta @ tf.transpose(features)
        losses = tf.math.softplus(logits) - labels * logits
        return tf.reduce_sum(losses, -1) + tf.reduce_sum(tf.square(theta), -1) / 2.0

    mode, curvature = laplace(energy, x.shape[1])
    mean, std = hmc(energy, mode, curvature)
    return Case("breast_cancer", energy, mean, std, curvature, float(len(y)), data=(x, y))


def breast_cancer() -> Case:
    """Every gradient over all 569 patients."""
    return _patients()


def breast_cancer_independent() -> Case:
    """Minibatches of 64 drawn anew in every iteration."""
    return replace(_patients(), name="breast_cancer, B = 64", minibatches="independent")


def breast_cancer_epochs() -> Case:
    """Minibatches of 64 without replacement, eight an epoch."""
    return replace(_patients(), name="breast_cancer, B = 64 by epochs", minibatches="epochs")


def eight_schools() -> Case:
    """Rubin (1981), non-centred: mu ~ N(0, 5), tau ~ HalfCauchy(5), school = mu + tau eta.

    Positions are mu / 5, log(tau / 5) and the eight eta.
    """
    effects = tf.constant([28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0])
    errors = tf.constant([15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0])

    def energy(theta: tf.Tensor) -> tf.Tensor:
        mu, log_tau, eta = theta[:, :1], theta[:, 1:2], theta[:, 2:]
        misfit = (effects - 5.0 * mu - 5.0 * tf.exp(log_tau) * eta) / errors
        squares = tf.square(mu) + tf.reduce_sum(tf.square(eta) + tf.square(misfit), -1, True)
        prior = tf.math.softplus(2.0 * log_tau) - log_tau
        return (squares / 2.0 + prior)[:, 0]

    mode, curvature = laplace(energy, 10)
    mean, std = hmc(energy, mode, curvature)
    return Case("eight schools", energy, mean, std, curvature, 8.0)


def gdemo() -> Case:
    """Turing's first example: s ~ InverseGamma(2, 3), m ~ N(0, s), data 1.5 and 2 ~ N(m, s).

    Positions are log s and m. The moments are integrals over a grid, which has to find the known
    E m = 7 / 6 and E s = 49 / 24.
    """

    def density(log_s: np.ndarray, m: np.ndarray) -> np.ndarray:
        squares = m**2 + (m - 1.5) ** 2 + (m - 2.0) ** 2
        return np.exp(-3.5 * log_s - (3.0 + squares / 2.0) * np.exp(-log_s))

    def energy(theta: tf.Tensor) -> tf.Tensor:
        log_s, m = tf.unstack(theta, axis=-1)
        squares = tf.square(m) + tf.square(m - 1.5) + tf.square(m - 2.0)
        return 3.5 * log_s + (3.0 + squares / 2.0) * tf.exp(-log_s)

    grid = np.meshgrid(np.linspace(-4, 9, 1301), np.linspace(-40, 42, 4101), indexing="ij")
    weights = density(*grid)
    weights /= weights.sum()
    mean = np.array([np.sum(weights * axis) for axis in grid])
    std = np.sqrt([np.sum(weights * axis**2) for axis in grid] - mean**2)
    found = [mean[1], np.sum(weights * np.exp(grid[0]))]
    np.testing.assert_allclose(found, [7 / 6, 49 / 24], rtol=1e-3)
    _, curvature = laplace(energy, 2)
    return Case("gdemo", energy, mean, std, curvature, 2.0)


def funnel() -> Case:
    """Neal (2003): v ~ N(0, 9) and nine x ~ N(0, e^v)."""

    def energy(theta: tf.Tensor) -> tf.Tensor:
        v, x = theta[:, 0], theta[:, 1:]
        return tf.square(v) / 18.0 + 4.5 * v + tf.reduce_sum(tf.square(x), -1) * tf.exp(-v) / 2.0

    std = np.array([3.0, *[np.exp(2.25)] * 9])
    curvature = np.diag([1.0 / 9.0, *[1.0] * 9])  # at v = 0

    def spine(normals: np.ndarray) -> np.ndarray:
        v = 3.0 * normals[:, :1]
        return np.hstack([v, 0.1 * np.exp(v / 2.0) * normals[:, 1:]])

    return Case("funnel", energy, np.zeros(10), std, curvature, spine=spine)


def banana() -> Case:
    """After Rosenbrock (1960): x ~ N(1, 10), y ~ N(x^2, 0.1)."""

    def energy(theta: tf.Tensor) -> tf.Tensor:
        x, y = tf.unstack(theta, axis=-1)
        return tf.square(x - 1.0) / 20.0 + 5.0 * tf.square(y - tf.square(x))

    curvature = np.array([[40.1, -20.0], [-20.0, 10.0]])  # at (1, 1)
    mean, std = np.array([1.0, 11.0]), np.sqrt([10.0, 240.1])

    def spine(normals: np.ndarray) -> np.ndarray:
        x = 1.0 + 10.0**0.5 * normals[:, :1]
        return np.hstack([x, x**2])

    return Case("banana", energy, mean, std, curvature, spine=spine)


MAKERS: dict[str, Callable[[], Case]] = {
    make.__name__: make
    for make in (
        standard_normal,
        correlated,
        regression,
        ill_conditioned,
        student_t,
        breast_cancer,
        breast_cancer_independent,
        breast_cancer_epochs,
        eight_schools,
        gdemo,
        funnel,
        banana,
    )
}


def gradient(energy: Energy, theta: tf.Tensor) -> tf.Tensor:
    """dU/dtheta of every chain, [chains, d]."""
    with tf.GradientTape() as tape:
        tape.watch(theta)
        total = tf.reduce_sum(energy(theta))
    return tape.gradient(total, theta)


def laplace(energy: Energy, d: int) -> tuple[np.ndarray, np.ndarray]:
    """Mode [d] and curvature there [d, d], by damped Newton steps from zero in float32."""

    @tf.function
    def both(theta: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(theta)
            slope = gradient(energy, theta)
        return slope[0], tape.batch_jacobian(slope, theta)[0]

    theta = np.zeros(d)
    for _ in range(100):
        slope, curvature = (
            x.numpy().astype(float) for x in both(tf.constant(theta[None], tf.float32))
        )
        values, vectors = np.linalg.eigh(curvature)
        step = vectors @ ((vectors.T @ slope) / np.maximum(np.abs(values), 1e-3))
        theta -= step * min(1.0, 1.0 / np.max(np.abs(step)))
    # Where U is not convex at the mode, the directions that are not get the curvature's size.
    return theta, vectors * np.maximum(np.abs(values), 1e-3) @ vectors.T


def hmc(energy: Energy, mode: np.ndarray, curvature: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means and standard deviations, [d] each, of tfp's HMC in the coordinates of the curvature.

    64 chains of 2,000 draws each, 1,000 of them thrown away. Three steps make about a quarter of a
    period; half of one would turn every deviation into its negative, and never change its size.
    """
    values, vectors = np.linalg.eigh(curvature)
    whiten = tf.constant(vectors / np.sqrt(values), tf.float32)
    centre = tf.constant(mode, tf.float32)

    def log_density(w: tf.Tensor) -> tf.Tensor:
        return -energy(centre + w @ tf.transpose(whiten))

    kernel = tfp.mcmc.DualAveragingStepSizeAdaptation(
        tfp.mcmc.HamiltonianMonteCarlo(log_density, step_size=0.5, num_leapfrog_steps=3),
        num_adaptation_steps=800,
        target_accept_prob=0.85,
    )

    @tf.function
    def sample() -> tf.Tensor:
        start = tf.zeros([64, len(mode)])
        return tfp.mcmc.sample_chain(
            1000, start, kernel=kernel, num_burnin_steps=1000, trace_fn=None, seed=[1, 2]
        )

    draws = mode + sample().numpy().astype(float) @ whiten.numpy().T
    return draws.mean((0, 1)), draws.std((0, 1))
