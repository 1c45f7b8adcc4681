"""The 10 x 10 mixture of normals (Zhang et al. 2020, figure 2): cyclical and plain SGHMC.

    python benchmarks/samplers/mixture.py --figures docs/figures

The means lie 2 apart on a grid, every component is N(mean, 0.03 I). Four chains of 200,000
iterations each, both samplers start in one corner. A mode counts as found if a collected sample
lies within three standard deviations of it.
"""

import argparse
from pathlib import Path

import keras
import matplotlib as mpl
import numpy as np
import tensorflow as tf

from bayesian_gan.samplers import SGHMC, CyclicalStep

mpl.use("Agg")
import matplotlib.pyplot as plt

VARIANCE, CHAINS, STEPS, CYCLE = 0.03, 4, 200_000, 400
GRID = np.arange(-9.0, 10.0, 2.0)
MEANS = np.stack(np.meshgrid(GRID, GRID), -1).reshape(-1, 2)


def gradient(theta: tf.Tensor) -> tf.Tensor:
    """DU / dtheta of -log sum_i exp(-|theta - mean_i|^2 / (2 * 0.03)), for chains [chains, 2].

    The mixture factorises into its two coordinates.
    """
    difference = theta[..., None] - tf.constant(GRID, tf.float32)
    weight = tf.nn.softmax(-tf.square(difference) / (2.0 * VARIANCE))
    return tf.reduce_sum(weight * difference, -1) / VARIANCE


def sample(sampler: SGHMC) -> np.ndarray:
    """All positions, [iterations, chains, 2]."""
    theta = keras.Variable(np.full((CHAINS, 2), GRID[0]), dtype="float32")
    sampler.build([theta])

    @tf.function
    def loop() -> tf.Tensor:
        positions = tf.TensorArray(tf.float32, STEPS)
        for t in tf.range(STEPS):
            sampler.apply([gradient(theta.value)], [theta])
            positions = positions.write(t, theta.value)
        return positions.stack()

    return loop().numpy()


def modes_found(samples: np.ndarray) -> tuple[int, np.ndarray]:
    """Modes with a sample within 3 standard deviations, and the share of samples near each."""
    flat = samples.reshape(-1, 2)
    nearest = np.clip(np.round((flat - GRID[0]) / 2.0), 0, 9).astype(int)
    near = np.linalg.norm(flat - GRID[nearest], axis=1) < 3.0 * VARIANCE**0.5
    counts = np.bincount((nearest @ np.array([1, 10]))[near], minlength=100)
    return int((counts > 0).sum()), counts / len(flat)


def main() -> None:
    """Runs both, prints the modes found, draws the samples."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figures", type=Path, default=Path("docs/figures"))
    folder = parser.parse_args().figures
    folder.mkdir(parents=True, exist_ok=True)
    # At a step eta the stiffness is eta / 0.03, and stable below 2 (2 - alpha) = 3.8. A cycle
    # begins at 3.5, where the chain leaves a mode within a few iterations, and ends at 0. Plain
    # SGHMC has the step that a cycle's sampling phase has on average.
    step = CyclicalStep(3.5 * VARIANCE, CYCLE, exploration=0.8)
    phase = np.array([bool(step.is_sampling(t)) for t in range(CYCLE)])
    mean_step = float(np.mean([float(step(t)) for t in range(CYCLE) if phase[t]]))
    cyclical = sample(SGHMC(step, 1, friction=0.1, seed=1))[np.tile(phase, STEPS // CYCLE)]
    plain = sample(SGHMC(mean_step, 1, friction=0.1, seed=1))
    figure, axes = plt.subplots(1, 2, figsize=(8.5, 4.8), sharex=True, sharey=True)
    figure.suptitle(
        "A mixture of 100 normals: four chains, all started bottom left; circles: no draw"
    )
    for ax, (name, samples) in zip(
        axes, {"plain SGHMC": plain, "cyclical SGHMC": cyclical}.items(), strict=True
    ):
        each = [modes_found(samples[:, chain])[0] for chain in range(CHAINS)]
        found, share = modes_found(samples)
        print(
            f"{name:15} modes found by each chain {each}, together {found} of 100; "
            f"share of samples near a mode {share.sum():.3f}, largest share of one mode {share.max():.3f}"
        )
        shown = samples[:: max(1, len(samples) // 5000)].reshape(-1, 2)
        ax.scatter(*MEANS.T, s=60, facecolors="none", edgecolors="0.7", linewidths=0.8)
        ax.scatter(*shown.T, s=1.0)
        ax.set(
            title=f"{name}: {found} of 100 modes", aspect="equal", xlim=(-11, 11), ylim=(-11, 11)
        )
        ax.set(xlabel=r"$\theta_1$")
    axes[0].set(ylabel=r"$\theta_2$")
    plt.tight_layout()
    plt.savefig(folder / "mixture.png", dpi=130)


if __name__ == "__main__":
    main()
