"""Bayesian logistic regression on breast cancer data: 64 SGHMC chains against HMC of tfp.

    python benchmarks/samplers/logistic_regression.py

569 patients, 30 standardised features and an intercept, prior N(0, I). SGHMC sees minibatches of 64
and takes off their noise (`gradient_noise="fisher"`); HMC (8 chains) sees all data and must reach a
split R-hat under 1.01. Printed: the largest difference of posterior means, in posterior standard
deviations; the largest relative difference of standard deviations; the mean Kullback-Leibler
divergence of the two predictive distributions over all patients.
"""

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
from sklearn.datasets import load_breast_cancer

from bayesian_gan.samplers import SGHMC, diagnostics

CHAINS, BATCH, ETA = 64, 64, 1e-4
BURN_IN, STEPS, THINNING = 20_000, 180_000, 100


def load() -> tuple[np.ndarray, np.ndarray]:
    """Features [569, 31] with a constant last one, labels [569], both float32."""
    features, labels = load_breast_cancer(return_X_y=True)
    features = (features - features.mean(0)) / features.std(0)
    return (
        np.hstack([features, np.ones((len(features), 1))]).astype("float32"),
        labels.astype("float32"),
    )


def hmc(features: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Draws of tfp's HMC, [draws, chains, weights]."""

    def log_density(theta: tf.Tensor) -> tf.Tensor:
        logits = tf.einsum("ni,ci->cn", tf.constant(features), theta)
        fit = tf.reduce_sum(labels * tf.math.log_sigmoid(logits), -1)
        fit += tf.reduce_sum((1.0 - labels) * tf.math.log_sigmoid(-logits), -1)
        return fit - tf.reduce_sum(tf.square(theta), -1) / 2.0

    kernel = tfp.mcmc.DualAveragingStepSizeAdaptation(
        tfp.mcmc.HamiltonianMonteCarlo(log_density, step_size=0.05, num_leapfrog_steps=40),
        num_adaptation_steps=800,
        target_accept_prob=0.8,
    )

    @tf.function
    def sample() -> tf.Tensor:
        return tfp.mcmc.sample_chain(
            8000,
            tf.zeros([8, features.shape[1]]),
            kernel=kernel,
            num_burnin_steps=1000,
            trace_fn=None,
            seed=tf.constant([1, 2]),
        )

    return sample().numpy()


def sghmc(features: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Draws of SGHMC, [draws, chains, weights]: one variable, each chain with its own minibatches."""
    n = float(len(features))
    # Friction 0.3 leaves room to take the minibatch noise off.
    sampler = SGHMC(ETA * n, n, friction=0.3, gradient_noise="fisher", seed=1)
    theta = keras.Variable(np.zeros((CHAINS, features.shape[1])), dtype="float32")
    sampler.build([theta])
    x, y = tf.constant(features), tf.constant(labels)

    @tf.function
    def loop(first: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
        kept = tf.TensorArray(tf.float32, count // THINNING)
        for t in tf.range(first, first + count):
            pick = tf.random.stateless_uniform(
                [CHAINS, BATCH], tf.stack([3, t]), 0, len(labels), tf.int32
            )
            xb, yb = tf.gather(x, pick), tf.gather(y, pick)
            logits = tf.linalg.matvec(xb, theta.value)
            residual = tf.sigmoid(logits) - yb
            gradient = tf.linalg.matvec(xb, residual, transpose_a=True) / BATCH + theta.value / n
            sampler.apply([gradient], [theta])
            if (t - first) % THINNING == THINNING - 1:
                kept = kept.write((t - first) // THINNING, theta.value)
        return kept.stack()

    loop(tf.constant(0), tf.constant(BURN_IN))
    return loop(tf.constant(BURN_IN), tf.constant(STEPS)).numpy()


def predictive(draws: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Mean probability of label 1 for every patient, float64."""
    flat = draws.reshape(-1, draws.shape[-1]).astype(np.float64)
    flat = flat[:: max(1, len(flat) // 20_000)]
    return np.mean(1.0 / (1.0 + np.exp(-flat @ features.T)), axis=0)


def compare(reference: np.ndarray, draws: np.ndarray, features: np.ndarray) -> dict[str, float]:
    """The three numbers of the docstring above."""
    mean, std = reference.mean((0, 1)), reference.std((0, 1))
    p, q = predictive(reference, features), predictive(draws, features)
    divergence = p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))
    return {
        "mean": float(np.max(np.abs(draws.mean((0, 1)) - mean) / std)),
        "std": float(np.max(np.abs(draws.std((0, 1)) / std - 1.0))),
        "KL": float(divergence.mean()),
    }


def main() -> None:
    """Runs both and prints the comparison."""
    features, labels = load()
    reference = hmc(features, labels)
    print(
        f"HMC: R-hat {diagnostics.rhat(reference).max():.4f}, smallest effective sample size "
        f"{diagnostics.ess_bulk(reference).min():.0f}",
        flush=True,
    )
    draws = sghmc(features, labels)
    print(
        f"SGHMC: R-hat {diagnostics.rhat(draws).max():.4f}, smallest effective sample size "
        f"{diagnostics.ess_bulk(draws).min():.0f}"
    )
    found = compare(reference, draws, features)
    print(f"largest difference of means {found['mean']:.3f} posterior std (limit 0.1)")
    print(f"largest relative difference of stds {found['std']:.3f} (limit 0.05)")
    print(f"mean predictive KL divergence {found['KL']:.2e} nats (limit 1e-3)")


if __name__ == "__main__":
    main()
