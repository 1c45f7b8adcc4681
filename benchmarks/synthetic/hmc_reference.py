"""SGHMC of a Bayesian GAN against HMC with the Metropolis-Hastings correction (`tfp.mcmc`).

    python benchmarks/synthetic/hmc_reference.py
    python benchmarks/synthetic/hmc_reference.py --temperature 1.1    # must be seen

A Bayesian GAN small enough for both: 40 points on a ring in the plane, two-layer networks with four
hidden units, one-dimensional z ~ U(-1, 1), prior N(0, I), K = 1, no feature matching. One player is
sampled while the other stays as it is, so that its conditional posterior is a density that HMC can
target: a discriminator given two fixed generators, and a generator given two fixed discriminators.
SGHMC is `BayesianGAN.fit` with minibatches of 20 points and fresh z, one chain of the model for
each chain, started from the prior. HMC has the potential of all points and of 200 equally spaced z,
written down here again without the package.

Predictions are compared, since weights of a network are not identified: P(real | x) on a 5 x 5
grid, or the generated points of nine z; of each its mean and its second moment over the posterior.
Predictions hardly feel a temperature. It is measured by

    (theta - c) A dU/dtheta / tr A,

whose mean is T for any density exp(-U / T), vector c and matrix A (integrate by parts). U is that of
all data, so what minibatches and the step add shows, too. c and A are the mean and the inverse
covariance of HMC's draws: directions in which the posterior is narrow count most, and chains
cross these fastest.

Printed: split R-hat and the smallest effective sample size of both, the largest difference in
posterior standard deviations, and in Monte-Carlo standard errors of both together; and the
temperatures with their standard errors.
"""

import argparse
from typing import Literal, NamedTuple

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.networks.mlp import LEAKY_SLOPE, mlp_discriminator, mlp_generator
from bayesian_gan.samplers import SGHMC
from bayesian_gan.samplers.convergence import ess_mean, rhat

Player = Literal["discriminator", "generator"]

NUM_DATA, BATCH, HIDDEN, Z_DIM, OTHERS = 40, 20, 4, 1, 2
# eta = learning_rate / N. Small enough that the minibatch noise brings about 2% of the noise due,
# and the step inflates no variance by more than that: nothing is taken off or corrected.
ETA, FRICTION, THINNING = 5e-4, 0.2, 20
NUM_Z = 200
# Of the fixed networks: biases of 0 and small weights would leave nothing to learn from them.
FIXED_STD = 1.5
# Standard errors within which all differences lie.
ERRORS = 4.0


class Agreement(NamedTuple):
    """How far two sets of draws of the same functionals are apart.

    Attributes:
        rhat: the largest split R-hat of each.
        ess: the smallest effective sample size of each.
        difference: the largest difference of posterior means, in posterior standard deviations.
        errors: the largest difference over its Monte-Carlo standard error.
        temperature: of each.
        uncertainty: standard error of each temperature.
    """

    rhat: tuple[float, float]
    ess: tuple[float, float]
    difference: float
    errors: float
    temperature: tuple[float, float]
    uncertainty: tuple[float, float]

    @property
    def agrees(self) -> bool:
        """Whether the second set's draws pass for those of the posterior, as the first's do."""
        heats = zip(self.temperature, self.uncertainty, strict=True)
        return max(self.errors, *(abs(T - 1.0) / error for T, error in heats)) < ERRORS


def ring() -> np.ndarray:
    """The real points, float32 [40, 2]."""
    angle = np.linspace(0.0, 2.0 * np.pi, NUM_DATA, endpoint=False)
    return np.stack([np.cos(angle), np.sin(angle)], 1).astype(np.float32)


def shapes(player: Player) -> list[tuple[int, ...]]:
    """Shapes of the weights of a network, in Keras's order."""
    inside, outside = (Z_DIM, 2) if player == "generator" else (2, 1)
    return [(inside, HIDDEN), (HIDDEN,), (HIDDEN, outside), (outside,)]


def network(x: tf.Tensor, weights: list[tf.Tensor]) -> tf.Tensor:
    """The two-layer network of many chains: x [n, in], weights [chains, ...] to [chains, n, out]."""
    kernel, bias, last_kernel, last_bias = weights
    hidden = tf.einsum("ni,cih->cnh", x, kernel) + bias[:, None]
    hidden = tf.maximum(hidden, LEAKY_SLOPE * hidden)
    return tf.einsum("cnh,cho->cno", hidden, last_kernel) + last_bias[:, None]


def unflatten(flat: tf.Tensor, player: Player) -> list[tf.Tensor]:
    """[chains, weights] to the weights of each layer."""
    sizes = [int(np.prod(shape)) for shape in shapes(player)]
    parts = tf.split(flat, sizes, axis=-1)
    return [tf.reshape(p, (-1, *s)) for p, s in zip(parts, shapes(player), strict=True)]


def fixed_networks(player: Player, seed: int = 3) -> np.ndarray:
    """Weights of the two networks that stay as they are: N(0, 1.5^2), float32 [2, weights]."""
    count = sum(int(np.prod(shape)) for shape in shapes(player))
    drawn = np.random.default_rng(seed).normal(size=(OTHERS, count))
    return (FIXED_STD * drawn).astype(np.float32)


def other(player: Player) -> Player:
    """The player that stays as it is."""
    return "generator" if player == "discriminator" else "discriminator"


def potential(flat: tf.Tensor, player: Player) -> tf.Tensor:
    """U of the whole data for many chains, [chains, weights] to [chains].

    The discriminator's is N [ mean -log D(x) + mean_{g, z} -log(1 - D(G_g(z))) ] + |theta|^2 / 2,
    the generator's N mean_{d, z} -log D_d(G(z)) + |theta|^2 / 2; the z are the midpoints of 200
    intervals.
    """
    z = tf.constant((np.arange(NUM_Z)[:, None] + 0.5) / NUM_Z * 2.0 - 1.0, tf.float32)
    fixed = unflatten(tf.constant(fixed_networks(other(player))), other(player))
    weights = unflatten(flat, player)
    if player == "discriminator":
        fakes = tf.reshape(network(z, fixed), (-1, 2))
        real, fake = network(tf.constant(ring()), weights), network(fakes, weights)
        energy = tf.reduce_mean(tf.nn.softplus(-real), (1, 2))
        energy += tf.reduce_mean(tf.nn.softplus(fake), (1, 2))
    else:
        points = network(z, weights)
        judged = network(tf.reshape(points, (-1, 2)), fixed)
        judged = tf.reshape(judged, (OTHERS, -1, NUM_Z))
        energy = tf.reduce_mean(tf.nn.softplus(-judged), (0, 2))
    return NUM_DATA * energy + tf.reduce_sum(tf.square(flat), -1) / 2.0


def hmc(player: Player, chains: int, draws: int, burn_in: int) -> np.ndarray:
    """Draws of tfp's HMC, started from the prior, [draws, chains, weights]."""
    count = fixed_networks(player).shape[1]
    kernel = tfp.mcmc.DualAveragingStepSizeAdaptation(
        tfp.mcmc.HamiltonianMonteCarlo(
            lambda flat: -potential(flat, player), step_size=0.05, num_leapfrog_steps=20
        ),
        num_adaptation_steps=int(0.8 * burn_in),
        target_accept_prob=0.85,
    )
    start = np.random.default_rng(1).normal(size=(chains, count)).astype(np.float32)

    @tf.function
    def sample() -> tf.Tensor:
        return tfp.mcmc.sample_chain(
            draws,
            start,
            kernel=kernel,
            num_burnin_steps=burn_in,
            trace_fn=None,
            seed=tf.constant([4, 5]),
        )

    return sample().numpy()


def build(player: Player, chains: int, seed: int = 0) -> BayesianGAN:
    """A Bayesian GAN of many chains: one player samples from the prior on, the other is fixed."""
    discriminates = player == "discriminator"
    gan = BayesianGAN(
        mlp_generator(2, Z_DIM, HIDDEN),
        mlp_discriminator(2, 1, HIDDEN),
        num_data=NUM_DATA,
        num_gen=OTHERS if discriminates else 1,
        num_disc=1 if discriminates else OTHERS,
        num_mcmc=chains,
        terms=[],
        seed=seed,
    )
    moving, resting = gan.discriminators, gan.generators
    if not discriminates:
        moving, resting = resting, moving
    numbers = np.random.default_rng(2)
    for model in moving:
        model.set_weights([numbers.normal(size=shape) for shape in shapes(player)])
    fixed = unflatten(tf.constant(fixed_networks(other(player))), other(player))
    for i, model in enumerate(resting):
        model.set_weights([w[i % OTHERS].numpy() for w in fixed])
    return gan


def sghmc(
    player: Player, chains: int, draws: int, burn_in: int, temperature: float = 1.0
) -> np.ndarray:
    """Draws of SGHMC in `BayesianGAN.fit`, [draws, chains, weights]; one is taken in 20 iterations.

    Args:
        player: that samples.
        chains: number of chains.
        draws: of each chain, after the burn-in.
        burn_in: left out, in draws.
        temperature: T.
    """
    gan = build(player, chains)
    sampler = SGHMC(ETA * NUM_DATA, NUM_DATA, friction=FRICTION, temperature=temperature, seed=6)
    rest = keras.optimizers.SGD(0.0)
    optimizers = (rest, sampler) if player == "discriminator" else (sampler, rest)
    gan.compile(*optimizers, steps_per_execution=THINNING)
    models = gan.discriminators if player == "discriminator" else gan.generators
    kept: list[np.ndarray] = []

    def keep(batch: int, logs: object) -> None:
        kept.append(
            np.stack([np.concatenate([w.ravel() for w in m.get_weights()]) for m in models])
        )

    gan.fit(
        ring(),
        batch_size=BATCH,
        steps_per_epoch=THINNING * (draws + burn_in),
        callbacks=[keras.callbacks.LambdaCallback(on_train_batch_end=keep)],
        verbose=0,
    )
    return np.stack(kept[burn_in:])


def functionals(draws: np.ndarray, player: Player) -> np.ndarray:
    """Predictions and their squares, float64 [draws, chains, functionals]."""
    if player == "discriminator":
        axis = np.linspace(-2.0, 2.0, 5)
        inputs = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
    else:
        inputs = np.linspace(-1.0, 1.0, 9)[:, None]
    flat = tf.constant(draws.reshape(-1, draws.shape[-1]), tf.float32)
    outputs = network(tf.constant(inputs, tf.float32), unflatten(flat, player))
    if player == "discriminator":
        outputs = tf.sigmoid(outputs)
    values = outputs.numpy().astype(np.float64).reshape(*draws.shape[:2], -1)
    return np.concatenate([values, values**2], -1)


def heat(draws: np.ndarray, around: np.ndarray, player: Player) -> np.ndarray:
    """(theta - c) A dU/dtheta / tr A of each draw, whose mean is the temperature.

    Args:
        draws: [draws, chains, weights].
        around: likewise; c is their mean, A the inverse of their covariance.
        player: whose weights they are.

    Returns:
        Float64 [draws, chains].
    """
    flat = around.reshape(-1, around.shape[-1]).astype(np.float64)
    A = np.linalg.inv(np.cov(flat.T))
    theta = tf.constant(draws.reshape(-1, draws.shape[-1]), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(theta)
        total = tf.reduce_sum(potential(theta, player))
    slopes = tape.gradient(total, theta).numpy().astype(np.float64)
    products = np.einsum("ni,ij,nj->n", theta.numpy() - flat.mean(0), A, slopes)
    return (products / np.trace(A)).reshape(draws.shape[:2])


def compare(reference: np.ndarray, found: np.ndarray, player: Player) -> Agreement:
    """Draws of weights, [draws, chains, weights], against a reference's."""
    each = (reference, found)
    sets = [functionals(draws, player) for draws in each]
    heats = [heat(draws, reference, player) for draws in each]
    independent = [ess_mean(h) for h in heats]
    of_heat = [float(h.std() / n**0.5) for h, n in zip(heats, independent, strict=True)]
    ess = [ess_mean(values) for values in sets]
    R = [float(rhat(values).max()) for values in sets]
    variances = [values.var((0, 1)) / n for values, n in zip(sets, ess, strict=True)]
    difference = np.abs(sets[1].mean((0, 1)) - sets[0].mean((0, 1)))
    errors = difference / np.sqrt(variances[0] + variances[1])
    return Agreement(
        (R[0], R[1]),
        (float(ess[0].min()), float(ess[1].min())),
        float((difference / sets[0].std((0, 1))).max()),
        float(errors.max()),
        (float(heats[0].mean()), float(heats[1].mean())),
        (of_heat[0], of_heat[1]),
    )


def main() -> None:
    """Runs both samplers for both players and prints the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chains", type=int, default=8)
    parser.add_argument("--draws", type=int, default=3000, help="of each chain, by both")
    parser.add_argument("--temperature", type=float, default=1.0, help="of SGHMC")
    given = parser.parse_args()
    players: tuple[Player, ...] = ("discriminator", "generator")
    for player in players:
        reference = hmc(player, given.chains, given.draws, 1000)
        found = sghmc(player, given.chains, given.draws, given.draws // 4, given.temperature)
        result = compare(reference, found, player)
        print(
            f"{player}: R-hat {result.rhat[0]:.3f} (HMC) {result.rhat[1]:.3f} (SGHMC), ESS "
            f"{result.ess[0]:.0f} and {result.ess[1]:.0f}, largest difference {result.difference:.3f} std, "
            f"{result.errors:.1f} standard errors; temperature "
            + " and ".join(
                f"{t:.3f} +- {e:.3f}"
                for t, e in zip(result.temperature, result.uncertainty, strict=True)
            )
            + f": {'agrees' if result.agrees else 'does not agree'}",
            flush=True,
        )


if __name__ == "__main__":
    main()
