"""Redraws Figures 1 and 3 of Chen, Fox & Guestrin 2014, and prints the numbers in them.

    python benchmarks/samplers/chen_figures.py --figures docs/figures

Figure 1: the density of U(theta) = -2 theta^2 + theta^4 as sampled by five methods; gradients carry
noise of variance 4 where "noisy" is said. HMC is `tfp.mcmc`; naive SGHMC is `SGHMC(friction=0)`
with fresh velocities every 50 iterations. Figure 3: error of the estimated covariance of a
correlated normal against the autocorrelation time, SGHMC and SGLD.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import keras
import matplotlib as mpl
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from bayesian_gan.samplers import SGHMC, SGLD, diagnostics

mpl.use("Agg")
import matplotlib.pyplot as plt

N = 1000.0


def potential(theta: tf.Tensor) -> tf.Tensor:
    """U of Figure 1."""
    return -2.0 * theta**2 + theta**4


def slope(theta: tf.Tensor) -> tf.Tensor:
    """DU / dtheta."""
    return -4.0 * theta + 4.0 * theta**3


def trajectory(
    sampler: keras.optimizers.Optimizer,
    start: np.ndarray,
    gradient: Callable[[tf.Tensor], tf.Tensor],
    gradient_std: float,
    steps: int,
    fresh_velocity_every: int = 0,
) -> np.ndarray:
    """Positions of parallel chains, [steps, *start.shape], under a noisy gradient of U."""
    theta = keras.Variable(start, dtype="float32")
    sampler.build([theta])
    spread = (sampler.learning_rate / N) ** 0.5

    @tf.function
    def loop() -> tf.Tensor:
        positions = tf.TensorArray(tf.float32, steps)
        for t in tf.range(steps):
            if fresh_velocity_every and t % fresh_velocity_every == 0:
                velocity = tf.random.stateless_normal(theta.shape, tf.stack([3, t]))
                sampler.velocities[0].assign(spread * velocity)
            noise = gradient_std * tf.random.stateless_normal(theta.shape, tf.stack([4, t]))
            sampler.apply([(gradient(theta.value) + noise) / N], [theta])
            positions = positions.write(t, theta.value)
        return positions.stack()

    return loop().numpy()


def hmc(noisy: bool, metropolis: bool, chains: int, steps: int) -> np.ndarray:
    """Tfp's HMC for Figure 1: 50 leapfrog steps of 0.1."""
    generator = tf.random.Generator.from_seed(11)

    @tf.custom_gradient
    def log_density(theta: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        def backward(upstream: tf.Tensor) -> tf.Tensor:
            noise = 2.0 * generator.normal(tf.shape(theta)) if noisy else 0.0
            return -upstream * (slope(theta) + noise)

        return -potential(theta), backward

    kernel_class = (
        tfp.mcmc.HamiltonianMonteCarlo if metropolis else tfp.mcmc.UncalibratedHamiltonianMonteCarlo
    )
    kernel = kernel_class(log_density, step_size=0.1, num_leapfrog_steps=50)

    @tf.function
    def sample() -> tf.Tensor:
        return tfp.mcmc.sample_chain(
            steps,
            tf.zeros([chains]),
            kernel=kernel,
            num_burnin_steps=50,
            trace_fn=None,
            seed=tf.constant([5, 6]),
        )

    return sample().numpy()


def figure_1(folder: Path) -> None:
    """Draws the densities; prints the total variation distance of each to the true one."""
    eta, chains, steps = 0.01, 800, 4000
    start = np.zeros(chains)
    naive = trajectory(SGHMC(eta * N, N, friction=0.0, seed=1), start, slope, 2.0, steps, 50)
    # alpha = epsilon C = 0.1 * 3; beta = eta V / 2.
    right = SGHMC(eta * N, N, friction=0.3, gradient_noise=eta * 4.0 / 2.0, seed=2)
    samples = {
        "HMC, with MH": hmc(False, True, chains, 400),
        "HMC, no MH": hmc(False, False, chains, 400),
        "noisy HMC, with MH": hmc(True, True, chains, 400),
        "naive SGHMC, noisy, no MH": naive[500:],
        "SGHMC, noisy": trajectory(right, start, slope, 2.0, steps)[500:],
    }
    edges = np.linspace(-2.5, 2.5, 101)
    middle = (edges[1:] + edges[:-1]) / 2
    truth = np.exp(-(-2 * middle**2 + middle**4))
    truth /= truth.sum() * (edges[1] - edges[0])
    _, axes = plt.subplots(figsize=(6.5, 4.2))
    axes.plot(middle, truth, color="black", linewidth=4, alpha=0.3, zorder=1)
    styles = ["-", "--", ":", "-.", "-"]
    print("Figure 1: total variation distance to the true density")
    for (name, values), style in zip(samples.items(), styles, strict=True):
        counts, _ = np.histogram(values, edges)
        density = counts / values.size / (edges[1] - edges[0])
        outside = 1.0 - counts.sum() / values.size
        distance = 0.5 * (np.abs(density - truth).sum() * (edges[1] - edges[0]) + outside)
        print(f"  {name:28} {distance:.3f}", flush=True)
        axes.plot(middle, density, style)
    axes.set(xlabel=r"$\theta$", ylabel="density", ylim=(0, None))
    axes.set_title(
        "Friction keeps gradient noise from heating the chain\n"
        r"(density $\propto e^{-U}$, $U = -2\theta^2 + \theta^4$; noise of variance 4)",
        fontsize=10,
    )
    axes.annotate("naive SGHMC\n(no friction)", (1.4, 0.27), fontsize=9, color="C3")
    axes.annotate(
        "true density (grey), and on it\nSGHMC, HMC with and without MH,\nnoisy HMC with MH",
        (0.0, 0.10),
        ha="center",
        fontsize=9,
    )
    plt.tight_layout()
    plt.savefig(folder / "chen_figure_1.png", dpi=130)
    plt.close()


def figure_3(folder: Path) -> None:
    """Draws error against autocorrelation time; prints both for every step size."""
    covariance = np.array([[1.0, 0.9], [0.9, 1.0]])
    precision = tf.constant(np.linalg.inv(covariance), tf.float32)
    chains, steps, burn_in = 1000, 11000, 1000
    start = np.random.default_rng(0).multivariate_normal(np.zeros(2), covariance, chains)
    runs = {
        "SGLD": [(e, SGLD(e * N, N, seed=1)) for e in (0.01, 0.02, 0.04, 0.06, 0.09)],
        # beta takes off the gradient noise, of variance 1.
        "SGHMC": [
            (e, SGHMC(e * N, N, friction=0.3, gradient_noise=e / 2.0, seed=1))
            for e in (0.005, 0.01, 0.02, 0.04, 0.08)
        ],
    }
    _, axes = plt.subplots(figsize=(5.5, 4.0))
    print(
        "Figure 3: step, autocorrelation time, mean absolute error of the covariance (10 M samples)"
    )
    for (name, settings), marker in zip(runs.items(), "os", strict=True):
        points = []
        for eta, sampler in settings:
            values = trajectory(sampler, start, lambda x: x @ precision, 1.0, steps)[burn_in:]
            size = diagnostics.ess_mean(values[:, :50])
            time = float(np.mean(len(values) * 50 / size))
            flat = values.reshape(-1, 2).astype(np.float64)
            error = float(np.abs(flat.T @ flat / len(flat) - covariance).mean())
            points.append((time, error))
            print(f"  {name:6} eta {eta:<6g} time {time:8.1f} error {error:.4f}", flush=True)
        (line,) = axes.plot(*np.transpose(points), marker=marker)
        steps_of = f"{name}, steps\n{settings[0][0]:g} (right) to {settings[-1][0]:g} (left)"
        axes.annotate(
            steps_of,
            points[2],
            (10, 0) if name == "SGLD" else (-14, -6),
            textcoords="offset points",
            ha="left" if name == "SGLD" else "right",
            va="bottom" if name == "SGLD" else "top",
            fontsize=9,
            color=line.get_color(),
        )
    axes.set(
        xlabel="autocorrelation time (iterations)", ylabel="mean absolute error of the covariance"
    )
    axes.set_title(
        "SGHMC forgets sooner at the same error\n(correlated normal, 10 M draws)", fontsize=10
    )
    axes.set(xscale="log", yscale="log")
    axes.set(xlim=(10, 500), ylim=(0.0017, 0.1))
    axes.set_xticks([20, 50, 100, 200, 400], ["20", "50", "100", "200", "400"])
    axes.set_yticks([0.003, 0.01, 0.03], ["0.003", "0.01", "0.03"])
    axes.minorticks_off()
    plt.tight_layout()
    plt.savefig(folder / "chen_figure_3.png", dpi=130)
    plt.close()


def main() -> None:
    """Draws both figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figures", type=Path, default=Path("docs/figures"))
    folder = parser.parse_args().figures
    folder.mkdir(parents=True, exist_ok=True)
    figure_1(folder)
    figure_3(folder)


if __name__ == "__main__":
    main()
