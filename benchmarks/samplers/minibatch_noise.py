"""What the noise of minibatches does to the width of a posterior, drawn independently and by epochs.

    python benchmarks/samplers/minibatch_noise.py

Gaussian regression, N = 1024, minibatches of 32, ten weights: standard deviations of 32 chains over the
exact ones. The noise ratio is what independent minibatches bring beside the noise due at T = 1,
eta V / (2 alpha T). By epochs means without replacement, as Keras's `fit` does with arrays. The last
table is of correlated inputs, along the softest and the stiffest direction of the posterior.
"""

import argparse
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from bayesian_gan.samplers import SGHMC, SGNHT
from bayesian_gan.samplers.sampler import Sampler

N, B, DIMENSION, CHAINS, FRICTION = 1024, 32, 10, 32, 0.1
EPOCH = N // B
RATIOS = (0.17, 0.34, 0.68)
Make = Callable[[float], Sampler]

SAMPLERS: dict[str, Make] = {
    "SGHMC": lambda lr: SGHMC(lr, N, friction=FRICTION, seed=0),
    'SGHMC, "fisher"': lambda lr: SGHMC(lr, N, friction=FRICTION, gradient_noise="fisher", seed=0),
    "SGNHT": lambda lr: SGNHT(lr, N, friction=FRICTION, seed=0),
}


class Regression:
    """y = x theta + N(0, 1), prior N(0, I), and its exact posterior.

    Args:
        correlation: of neighbouring inputs.
    """

    def __init__(self, correlation: float = 0.0) -> None:
        rng = np.random.default_rng(0)
        lags = np.abs(np.subtract.outer(np.arange(DIMENSION), np.arange(DIMENSION)))
        x = rng.normal(size=(N, DIMENSION)) @ np.linalg.cholesky(correlation**lags).T
        y = x @ rng.normal(size=DIMENSION) + rng.normal(size=N)
        precision = x.T @ x + np.eye(DIMENSION)
        self.mean = np.linalg.solve(precision, x.T @ y)
        self.curvature, self.directions = np.linalg.eigh(precision)
        self.variance = float(((y - x @ self.mean)[:, None] * x).var(0).mean()) / B
        self.x, self.y = tf.constant(x, tf.float32), tf.constant(y, tf.float32)

    def gradient(self, theta: tf.Tensor, chosen: tf.Tensor) -> tf.Tensor:
        """Of U/N on the minibatches of all chains; theta [chains, d], chosen [chains, B]."""
        x = tf.gather(self.x, chosen)
        residual = tf.einsum("cbd,cd->cb", x, theta) - tf.gather(self.y, chosen)
        return tf.einsum("cbd,cb->cd", x, residual) / B + theta / N


def widths(make: Make, ratio: float, by_epochs: bool, problem: Regression) -> np.ndarray:
    """Standard deviations along the principal directions over the exact ones, the softest first."""
    sampler = make(2.0 * FRICTION * ratio / (N * problem.variance))
    start = np.random.default_rng(1).normal(size=(CHAINS, DIMENSION)) / np.sqrt(N)
    theta = keras.Variable((problem.mean + start).astype("float32"))
    sampler.build([theta])

    @tf.function
    def loop(first: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
        total = tf.zeros(DIMENSION, tf.float64)
        order = tf.zeros((CHAINS, N), tf.int32)
        for t in tf.range(first, first + count):
            if by_epochs:
                if t % EPOCH == 0:
                    shuffled = tf.random.stateless_uniform((CHAINS, N), tf.stack([2, t]))
                    order = tf.argsort(shuffled, axis=1)
                first_of_batch = t % EPOCH * B
                chosen = tf.reshape(order[:, first_of_batch : first_of_batch + B], (CHAINS, B))
            else:
                chosen = tf.random.stateless_uniform((CHAINS, B), tf.stack([2, t]), 0, N, tf.int32)
            sampler.apply([problem.gradient(theta.value, chosen)], [theta])
            error = (tf.cast(theta.value, tf.float64) - problem.mean) @ problem.directions
            total += tf.reduce_mean(tf.square(error), 0)
        return total / tf.cast(count, tf.float64)

    loop(tf.constant(0), tf.constant(220 * EPOCH))
    return np.sqrt(
        loop(tf.constant(220 * EPOCH), tf.constant(250 * EPOCH)).numpy() * problem.curvature
    )


def main() -> None:
    """Prints both tables."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    problem = Regression()
    print("| minibatches | noise ratio | " + " | ".join(SAMPLERS) + " |")
    print("| --- | --- |" + " --- |" * len(SAMPLERS))
    for by_epochs, name in ((False, "independent"), (True, "by epochs")):
        for ratio in RATIOS:
            found = [widths(make, ratio, by_epochs, problem).mean() for make in SAMPLERS.values()]
            print(
                f"| {name} | {ratio} | " + " | ".join(f"{w:.3f}" for w in found) + " |", flush=True
            )
    correlated = Regression(0.9)
    print("\n| correlated inputs, minibatches | soft | stiff |\n| --- | --- | --- |")
    for by_epochs, name in ((False, "independent"), (True, "by epochs")):
        for kind, make in SAMPLERS.items():
            soft, *_, stiff = widths(make, 0.34, by_epochs, correlated)
            print(f"| {kind}, {name} | {soft:.2f} | {stiff:.2f} |", flush=True)


if __name__ == "__main__":
    main()
