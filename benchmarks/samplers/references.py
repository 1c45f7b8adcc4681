"""All five samplers on twelve posteriors with known moments, and what the diagnostics say.

    python benchmarks/samplers/references.py [--cases funnel banana] [--samplers SGHMC] [--step C]

32 chains for each, in one variable [chains, d], from the Gaussian about the mode (funnel and
banana: along their spines). The steps follow one rule for all cases (`learning_rate`). Printed: the
largest error of a mean in posterior standard deviations, the ratio of standard deviations that is
furthest from 1, the verdict, and seconds of processor time. SGNHT's chains share one thermostat.
"""

import argparse
import time
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from reference_cases import BATCH, MAKERS, Case, gradient

from bayesian_gan.samplers import PSGLD, SGHMC, SGLD, SGNHT, ScaleAdaptedSGHMC, diagnostics
from bayesian_gan.samplers.sampler import Sampler

CHAINS, DRAWS = 32, 400
BURN_IN, STEPS = 8_000, 32_000
# The share of the heat due that minibatches bring, by the rule of `learning_rate`, at most.
SHARE = 0.3
FRICTION = 0.1

SAMPLERS: dict[str, Callable[[float, float], Sampler]] = {
    "SGHMC": lambda lr, n: SGHMC(lr, n, friction=FRICTION, seed=1),
    "SGLD": lambda lr, n: SGLD(lr, n, seed=1),
    "PSGLD": lambda lr, n: PSGLD(lr, n, decay=0.999, seed=1),
    "SGNHT": lambda lr, n: SGNHT(lr, n, friction=FRICTION, seed=1),
    "ScaleAdaptedSGHMC": lambda lr, n: ScaleAdaptedSGHMC(
        lr, n, burn_in=2000, friction=FRICTION, seed=1
    ),
}


def learning_rate(case: Case, sampler: str, step: float | None = None) -> float:
    """learning_rate c = 0.1, c being the largest curvature of U/N, or less for minibatches.

    Where the noise of minibatches is V = N / B times the curvature of U, it brings all the heat
    that is due at learning_rate c = 2 alpha B / N; a part of that is taken. Preconditioned samplers
    see the curvature that is left.

    Args:
        case: the posterior.
        sampler: name of the sampler.
        step: learning_rate c, in the place of this rule's.
    """
    curvature = case.precision / case.num_data
    heat = 2.0 * (1.0 if sampler in ("SGLD", "PSGLD") else FRICTION) * BATCH / case.num_data
    if step is None:
        step = 0.1 if case.minibatches is None else min(0.1, SHARE * heat)
    if sampler in ("PSGLD", "ScaleAdaptedSGHMC"):
        # The mean square of a gradient of U is its curvature; minibatches add theirs.
        more = 1.0 if case.minibatches is None else 1.0 + case.num_data / BATCH
        scales = np.sqrt(np.diag(case.precision) * more) / case.num_data
        curvature = curvature / np.sqrt(np.outer(scales, scales))
    return float(step / np.linalg.eigvalsh(curvature)[-1])


def batches(case: Case) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """The gradient of U/N as the samplers get it: a function of positions and iteration."""
    count = tf.constant(case.num_data, tf.float32)
    if case.minibatches is None:
        return lambda theta, t: gradient(case.energy, theta) / count
    assert case.data is not None
    features, labels = (tf.constant(x) for x in case.data)
    n = len(case.data[1])
    epoch = n // BATCH
    orders = tf.Variable(tf.zeros([CHAINS, epoch * BATCH], tf.int32))

    def pick(t: tf.Tensor) -> tf.Tensor:
        if case.minibatches == "independent":
            return tf.random.stateless_uniform([CHAINS, BATCH], [3, t], 0, n, tf.int32)
        if t % epoch == 0:
            keys = tf.random.stateless_uniform([CHAINS, n], [4, t])
            orders.assign(tf.argsort(keys)[:, : epoch * BATCH])
        return orders[:, (t % epoch) * BATCH : (t % epoch + 1) * BATCH]

    def minibatch(theta: tf.Tensor, t: tf.Tensor) -> tf.Tensor:
        index = pick(t)
        x, y = tf.gather(features, index), tf.gather(labels, index)
        residual = tf.sigmoid(tf.linalg.matvec(x, theta)) - y
        return tf.linalg.matvec(x, residual, transpose_a=True) / BATCH + theta / count

    return minibatch


def sample(case: Case, sampler: Sampler, start: np.ndarray) -> np.ndarray:
    """Draws [DRAWS, CHAINS, d] after the burn-in; NaN from where the chains left to infinity."""
    theta = keras.Variable(start, dtype="float32")
    sampler.build([theta])
    force = batches(case)

    @tf.function
    def loop(first: tf.Tensor, count: tf.Tensor, thinning: tf.Tensor) -> tf.Tensor:
        kept = tf.TensorArray(tf.float32, count // thinning)
        for t in tf.range(first, first + count):
            sampler.apply([force(theta.value, t)], [theta])
            if (t - first) % thinning == thinning - 1:
                kept = kept.write((t - first) // thinning, theta.value)
        return kept.stack()

    try:
        loop(tf.constant(0), tf.constant(BURN_IN), tf.constant(BURN_IN))
        kept = loop(tf.constant(BURN_IN), tf.constant(STEPS), tf.constant(STEPS // DRAWS))
    except tf.errors.InvalidArgumentError:
        return np.full([DRAWS, *start.shape], np.nan)
    return kept.numpy()


def verdict(case: Case, draws: np.ndarray) -> str:
    """What the diagnostics say of the draws, from gradients over all data."""
    flat = tf.constant(draws.reshape(-1, draws.shape[-1]))
    slopes = gradient(case.energy, flat).numpy().reshape(draws.shape) / case.num_data
    functionals = np.concatenate([draws, np.square(draws - draws.mean((0, 1)))], -1)
    functionals = np.moveaxis(functionals, 1, 0)
    said = diagnostics.judge(
        {"theta": draws},
        {"theta": slopes},
        case.num_data,
        rhat=float(np.max(diagnostics.rhat(functionals))),
        ess=float(
            min(diagnostics.ess_bulk(functionals).min(), diagnostics.ess_tail(functionals).min())
        ),
    )
    return said.text.replace("this chain is ", "").replace(" at T = 1", "")


def row(case: Case, name: str, step: float | None) -> str:
    """One line of the table."""
    begun = time.process_time()
    normals = np.random.default_rng(5).normal(size=(CHAINS, len(case.mean)))
    start = case.mean + normals @ np.linalg.cholesky(np.linalg.inv(case.precision)).T
    if case.spine is not None:
        start = case.spine(normals)
    sampler = SAMPLERS[name](learning_rate(case, name, step), case.num_data)
    draws = sample(case, sampler, start)
    seconds = time.process_time() - begun
    if not np.isfinite(draws).all():
        return (
            f"| {case.name} | {name} | - | - | stopped: a gradient was not finite | {seconds:.0f} |"
        )
    error = np.max(np.abs(draws.mean((0, 1)) - case.mean) / case.std)
    ratios = draws.std((0, 1)) / case.std
    ratio = ratios[np.argmax(np.abs(np.log(ratios)))]
    said = verdict(case, draws)
    return f"| {case.name} | {name} | {error:.3f} | {ratio:.3f} | {said} | {seconds:.0f} |"


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", nargs="+", choices=MAKERS, default=list(MAKERS))
    parser.add_argument("--samplers", nargs="+", choices=SAMPLERS, default=list(SAMPLERS))
    parser.add_argument("--step", type=float, help="learning_rate c, in the place of the rule's")
    known = parser.parse_args()
    print("| case | sampler | mean error / sd | worst sd ratio | verdict | s |")
    print("| --- | --- | --- | --- | --- | --- |")
    for key in known.cases:
        case = MAKERS[key]()
        for name in known.samplers:
            print(row(case, name, known.step), flush=True)


if __name__ == "__main__":
    main()
