"""A Bayesian GAN that is small enough for its chains to mix, on scikit-learn's wines.

    python examples/mixing.py --out runs/mixing
    python examples/mixing.py --kept benchmarks/results/mixing.json --out runs/drawn_again

178 wines of three growers, 13 measurements each: 120 to train on, 15 of them labelled, 58 to test on.
Four chains of one generator and one discriminator, two-layer networks with four hidden units, the paper's
energies (w_s = N_s / N, no other term), prior N(0, 0.49 I). SGHMC at T = 1 with friction 0.5 and full
batches after 500 iterations of Adam. What every chain says of 16 test wines is followed, as log-odds of the
right grower: R-hat, effective sample sizes and temperatures are printed, kept in mixing.json, and drawn in
mixing.png. The second command prints and draws what an earlier run kept, and trains nothing.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import bayesian_gan  # noqa: F401 - before Keras: it chooses the backend and sets up TensorFlow.

# isort: split
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
from bayesian_gan.report.mixing import grown, ranks, sizes, trace
from bayesian_gan.report.tables import read_table
from bayesian_gan.samplers import SGHMC, WarmStart

CHAINS, LABELS, TEST, HIDDEN = 4, 15, 58, 4
WARM_UP, EVERY, FOLLOWED, LEAST = 500, 50, 16, 2000
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
        self.x, self.total, self.draws = x, np.zeros(1), 0

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Adds a draw every thousand iterations."""
        iteration = int(self.model.iteration.numpy())
        if iteration > 2 * WARM_UP and iteration % 1000 == 0:
            self.total = self.total + self.model.predict(self.x, verbose=0)
            self.draws += 1


def main() -> None:
    """Trains or reads, prints and draws."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="new folder, of tables and a plot")
    parser.add_argument("--iterations", type=int, default=100_000, help="of every chain")
    parser.add_argument("--kept", type=Path, help="mixing.json of an earlier run: draw it again")
    arguments = parser.parse_args()
    if arguments.iterations < LEAST:
        parser.error(f"--iterations {arguments.iterations} has no draws: give {LEAST} or more")
    if arguments.kept is not None and not arguments.kept.is_file():
        parser.error(f"--kept {arguments.kept}: there is no such file")
    arguments.out.mkdir(parents=True)
    if arguments.kept is None:
        found = trained(arguments.out, arguments.iterations)
        (arguments.out / "mixing.json").write_text(json.dumps(found) + "\n")
    else:
        found = json.loads(arguments.kept.read_text())
    say(found)
    draw(arguments.out / "mixing.png", found)


def trained(folder: Path, iterations: int) -> dict[str, Any]:
    """Trains, and returns what is printed and drawn; tables of it go into the folder."""
    (x, labels), (x_test, y_test) = wines()
    gan = build(len(x), x.shape[1])
    health = SamplerHealth(folder, x_test, y_test, every=20 * EVERY, functionals_every=EVERY)
    average = Average(x_test)
    begun = time.monotonic()
    gan.fit(
        x,
        labels,
        batch_size=len(x),
        steps_per_epoch=iterations,
        verbose=0,
        callbacks=[health, average],
    )
    seconds = time.monotonic() - begun
    single = np.mean([gan.predict_sample(x_test, m).argmax(1) == y_test for m in range(CHAINS)])
    right = np.mean((average.total / average.draws).argmax(1) == y_test)
    return {
        "iterations": iterations,
        "seconds": round(seconds),
        "accuracy": {
            "draws": average.draws * CHAINS,
            "average": float(right),
            "single": float(single),
        },
        **measured(folder),
    }


def measured(folder: Path) -> dict[str, Any]:
    """Convergence, temperatures, and what is drawn, from the tables of a run."""
    iterations, columns = read_functionals(folder)
    # What the chains took to come from where Adam left them is not theirs to be judged by.
    kept = iterations > 2 * WARM_UP
    iterations = iterations[kept]
    draws = columns[kept].reshape(-1, CHAINS, FOLLOWED)
    found = mixing(draws)
    # The second half: a running mean is no centre yet where a chain is young.
    table = read_table(folder / "health.csv").after(int(iterations[-1]) // 2)
    worst = int(found.rhat.argmax())
    return {
        "draws": len(draws),
        "rhat": found.rhat.tolist(),
        "ess_bulk": found.ess_bulk.tolist(),
        "ess_tail": found.ess_tail.tolist(),
        "temperature": {
            f"{kind} temperature of the {player}": float(
                np.nanmean(list(table.matching(f"{kind}_temperature/{player}").values()))
            )
            for kind in ("kinetic", "configurational")
            for player in ("generators", "discriminators")
        },
        "sizes": {
            name: [x.tolist(), y.tolist()] for name, (x, y) in grown(iterations, draws).items()
        },
        "trace": {
            "iteration": iterations.tolist(),
            "log_odds": draws[..., worst].T.astype(float).round(3).tolist(),
        },
    }


def say(found: dict[str, Any]) -> None:
    """Prints what `trained` returned."""
    print(f"{found['iterations']:,} iterations in {found['seconds']} s")
    print(f"{found['draws']:,} draws of {CHAINS} chains, {FOLLOWED} wines followed")
    rhat, accuracy = found["rhat"], found["accuracy"]
    print(f"R-hat {np.median(rhat):.3f} in the median, {max(rhat):.3f} at worst")
    for name in ("bulk", "tail"):
        size = found[f"ess_{name}"]
        print(f"{name} ESS {np.median(size):.0f} in the median, {min(size):.0f} at worst")
    for what, value in found["temperature"].items():
        print(f"{what}: {value:.2f}, asked for 1")
    print(
        f"accuracy on {TEST} wines: {accuracy['average']:.3f}, average of {accuracy['draws']} draws; "
        f"{accuracy['single']:.3f}, a single one"
    )


def draw(path: Path, found: dict[str, Any]) -> None:
    """Draws the wine that mixes worst, and how effective sample sizes grow."""
    each = np.array(found["trace"]["log_odds"]).T
    series = {name: (np.array(x), np.array(y)) for name, (x, y) in found["sizes"].items()}
    save_panels(
        path,
        [
            (
                f"The wine with the largest R-hat, {max(found['rhat']):.3f}",
                trace(np.array(found["trace"]["iteration"]), each),
            ),
            ("Ranks of its draws", ranks(each)),
            (f"Effective sample sizes of all {FOLLOWED} wines", sizes(series)),
        ],
        most=2,
    )


if __name__ == "__main__":
    main()
