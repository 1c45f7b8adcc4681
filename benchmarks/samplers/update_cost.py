"""Cost of one update of every sampler, on 10 million float32 weights in 100 tensors.

Prints a table: milliseconds (median of 15 updates) and the ratio to the issue's yardsticks: Keras's
SGD with
    momentum
alone, and the sum of that and one `tf.random.stateless_normal` of 10 million numbers.

    taskset -c 1 python benchmarks/samplers/update_cost.py            # one core
    taskset -c 1 python benchmarks/samplers/update_cost.py --xla
"""

import argparse
import time
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from bayesian_gan.samplers import PSGLD, SGHMC, SGLD, SGNHT, ScaleAdaptedSGHMC

TENSORS, SIZE, N = 100, 100_000, 50_000.0


def milliseconds(step: Callable[[], object], xla: bool) -> float:
    """Median time of one call, in a graph, after a first call that compiles it."""
    done = tf.Variable(0)

    @tf.function(jit_compile=xla)
    def run() -> tf.Tensor:
        step()
        return done.assign_add(1)

    times = []
    for _ in range(16):
        begin = time.perf_counter()
        run().numpy()
        times.append(1e3 * (time.perf_counter() - begin))
    return float(np.median(times[1:]))


def optimizer_cost(optimizer: keras.optimizers.Optimizer, xla: bool) -> float:
    """Milliseconds of one `apply`."""
    rng = np.random.default_rng(0)
    weights = [keras.Variable(np.zeros(SIZE), dtype="float32") for _ in range(TENSORS)]
    gradients = [tf.Variable(rng.normal(size=SIZE).astype("float32")) for _ in range(TENSORS)]
    optimizer.build(weights)
    return milliseconds(lambda: optimizer.apply([g.value() for g in gradients], weights), xla)


def normal_cost(xla: bool) -> float:
    """Milliseconds of one draw of all normals, summed so that none is optimised away."""
    key = tf.Variable(0)

    def draw() -> tf.Tensor:
        numbers = tf.random.stateless_normal([TENSORS * SIZE], tf.stack([1, key.assign_add(1)]))
        return sink.assign(numbers)

    sink = tf.Variable(tf.zeros([TENSORS * SIZE]))
    return milliseconds(draw, xla)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--xla", action="store_true", help="compile with XLA")
    xla = parser.parse_args().xla
    sgd = optimizer_cost(keras.optimizers.SGD(0.01, momentum=0.9), xla)
    normals = normal_cost(xla)
    print(f"{'update':34} {'ms':>8} {'/ SGD':>7} {'/ (SGD + normals)':>18}")

    def row(name: str, cost: float) -> None:
        print(f"{name:34} {cost:8.1f} {cost / sgd:7.2f} {cost / (sgd + normals):18.2f}", flush=True)

    row("Keras SGD, momentum 0.9", sgd)
    row("stateless_normal, 10 M", normals)
    for noise in ("normal", "rademacher"):
        samplers = {
            "SGHMC": SGHMC(0.01, N, noise=noise, seed=1),
            'SGHMC, gradient_noise="fisher"': SGHMC(
                0.01, N, gradient_noise="fisher", noise=noise, seed=1
            ),
            "SGLD": SGLD(0.01, N, noise=noise, seed=1),
            "PSGLD": PSGLD(0.01, N, noise=noise, seed=1),
            "SGNHT": SGNHT(0.01, N, noise=noise, seed=1),
            "ScaleAdaptedSGHMC": ScaleAdaptedSGHMC(0.01, N, burn_in=1, noise=noise, seed=1),
        }
        for name, sampler in samplers.items():
            row(f"{name} ({noise})"[:34], optimizer_cost(sampler, xla))


if __name__ == "__main__":
    main()
