"""A Bayesian GAN that is small enough for its chains to mix, on scikit-learn's wines.

    python examples/mixing.py --out runs/mixing

178 wines of three growers, 13 measurements each: 120 to train on, 15 of them labelled, 58 to test on.
Four chains of one generator and one discriminator, two-layer networks with four hidden units, the paper's
energies (w_s = N_s / N, no other term), prior N(0, 0.49 I). SGHMC at T = 1 with friction 0.5 and full
batches after 500 iterations of Adam. What every chain says of 16 test wines is followed, as log-odds of the
right grower: R-hat, effective sample sizes and temperatures are printed, and plots written to the folder.
"""

import argparse
import time
from pathlib import Path

import keras
import numpy as np
from sklearn.datasets import load_wine

from bayesian_gan import BayesianGAN
from bayesian_gan.gan.objectives import Paper
from bayesian_gan.gan.priors import Normal
from bayesian_gan.monitoring import SamplerHealth
from bayesian_gan.monitoring.convergence import mixing
from bayesian_gan.monitoring.health_log import read_functionals
from bayesian_gan.networks import mlp_discriminator, mlp_generator
from bayesian_gan.report.charts import save_panels
from bayesian_gan.report.mixing import panels
from bayesian_gan.report.tables import read_table
from bayesian_gan.samplers import SGHMC, WarmStart

CHAINS, LABELS, TEST, HIDDEN = 4, 15, 58, 4
WARM_UP, EVERY, FOLLOWED = 500, 50, 16
Data = tuple[np.ndarray, np.ndarray]


def wines() -> tuple[Data, Data]:
    """Standardised measurements and growers, to train on (-1: not labelled) and to test on."""
    x, y = load_wine(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    x, y = ((x - x.mean(0)) / x.std(0)).astype(np.float32)[order], y[order]
    labelled = np.concatenate([np.flatnonzero(y[TEST:] == k)[: LABELS // 3] for k in range(3)])
    labels = np.full(len(y) - TEST, -1)
    labels[labelled] = y[TEST:][labelled]
    return (x[TEST:], labels), (x[:TEST], y[:TEST])


def build(num_data: int, dimension: int) -> BayesianGAN:
    """Four chains, compiled."""
    gan = BayesianGAN(
        mlp_generator(dimension, 2, HIDDEN),
        mlp_discriminator(dimension, 3, HIDDEN),
        num_data=num_data,
        num_gen=1,
        num_disc=1,
        num_mcmc=CHAINS,
        objective=Paper(labelled_weight="posterior"),
        prior=Normal(0.7),
        terms=[],
        seed=0,
    )
    adam = keras.optimizers.Adam(0.005, beta_1=0.5)
    sampler = WarmStart(adam, SGHMC(0.007, num_data, friction=0.5, seed=0), WARM_UP)
    gan.compile(sampler, sampler, steps_per_execution=EVERY)
    return gan


class Average(keras.callbacks.Callback):
    """Averages the predictions of the test wines over the draws of all chains."""

    def __init__(self, x: np.ndarray) -> None:
        super().__init__()
        self.x, self.total, self.draws = x, 0.0, 0

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Adds a draw every thousand iterations."""
        iteration = int(self.model.iteration.numpy())
        if iteration > 2 * WARM_UP and iteration % 1000 == 0:
            self.total = self.total + self.model.predict(self.x, verbose=0)
            self.draws += 1


def main() -> None:
    """Trains, prints and plots."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder of tables and plots")
    parser.add_argument("--iterations", type=int, default=100_000, help="of every chain")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True)
    (x, labels), (x_test, y_test) = wines()
    gan = build(len(x), x.shape[1])
    health = SamplerHealth(arguments.out, x_test, y_test, every=20 * EVERY, functionals_every=EVERY)
    average = Average(x_test)
    begun = time.monotonic()
    gan.fit(
        x,
        labels,
        batch_size=len(x),
        steps_per_epoch=arguments.iterations,
        verbose=0,
        callbacks=[health, average],
    )
    print(f"{arguments.iterations:,} iterations in {time.monotonic() - begun:.0f} s")
    report(arguments.out)
    single = np.mean([gan.predict_sample(x_test, m).argmax(1) == y_test for m in range(CHAINS)])
    right = np.mean((average.total / max(average.draws, 1)).argmax(1) == y_test)
    print(
        f"accuracy on {TEST} wines: {right:.3f}, average of {average.draws * CHAINS} draws; ",
        end="",
    )
    print(f"{single:.3f}, a single one")


def report(folder: Path) -> None:
    """Prints convergence and temperatures, and draws the plots."""
    iterations, columns = read_functionals(folder)
    # What the chains took to come from where Adam left them is not theirs to be judged by.
    kept = iterations > 2 * WARM_UP
    draws = columns[kept].reshape(kept.sum(), CHAINS, FOLLOWED)
    found = mixing(draws)
    print(f"{len(draws):,} draws of {CHAINS} chains, {FOLLOWED} wines followed")
    print(f"R-hat {np.median(found.rhat):.3f} in the median, {found.rhat.max():.3f} at worst")
    for name, sizes in (("bulk", found.ess_bulk), ("tail", found.ess_tail)):
        print(f"{name} ESS {np.median(sizes):.0f} in the median, {sizes.min():.0f} at worst")
    table = read_table(folder / "health.csv").after(2 * WARM_UP)
    for kind in ("kinetic", "configurational"):
        for player in ("generators", "discriminators"):
            values = np.stack(list(table.matching(f"{kind}_temperature/{player}").values()))
            print(f"{kind} temperature of the {player}: {np.nanmean(values):.2f}, asked for 1")
    for name, each in panels(iterations[kept], draws).items():
        save_panels(folder / f"{name}.png", each)


if __name__ == "__main__":
    main()
