"""How often the verdict on exact draws is an alarm, and how often faults are caught.

    python benchmarks/samplers/verdicts.py [--trials 100] [--draws 1000]

Each trial judges four chains. R-hat is the largest over the weights, unless a line says otherwise.
Exact draws are independent, of closed forms, or of long Hamiltonian Monte Carlo (Neal 2011) with
Metropolis-Hastings where none exists (logistic regression). Faults are draws made wrong on purpose,
or chains of SGHMC that are.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from scipy.special import expit
from sklearn.datasets import load_breast_cancer, load_diabetes

from bayesian_gan.samplers.diagnostics import Verdict, judge, rhat

CHAINS = 4


class Draws(NamedTuple):
    """One trial: positions and gradients of U, both [draws, chains, weights]."""

    positions: np.ndarray
    gradients: np.ndarray


Maker = Callable[[np.random.Generator, int], Draws]


# ------------------------------------------------------------------------------ posteriors


class Gaussian:
    """U = (theta - mean)' precision (theta - mean) / 2."""

    def __init__(self, precision: np.ndarray, mean: np.ndarray) -> None:
        self.precision, self.mean = precision, mean
        self.root = np.linalg.inv(np.linalg.cholesky(precision))

    def gradient(self, theta: np.ndarray) -> np.ndarray:
        """Of U."""
        return (theta - self.mean) @ self.precision

    def draw(self, rng: np.random.Generator, draws: int, scale: np.ndarray | float = 1.0) -> Draws:
        """Exact draws, each weight's distance from its mean times `scale`."""
        normal = rng.standard_normal((draws, CHAINS, len(self.mean)))
        theta = self.mean + scale * (normal @ self.root)
        return Draws(theta, self.gradient(theta))

    def __call__(self, rng: np.random.Generator, draws: int) -> Draws:
        """Exact draws."""
        return self.draw(rng, draws)


def regression(weights: int, seed: int = 0) -> Gaussian:
    """Linear regression on 3 points a weight, noise of variance 1/4, a prior N(0, 1)."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((3 * weights, weights))
    truth = rng.standard_normal(weights)
    y = x @ truth + 0.5 * rng.standard_normal(len(x))
    precision = 4.0 * x.T @ x + np.eye(weights)
    return Gaussian(precision, np.linalg.solve(precision, 4.0 * x.T @ y))


def correlated() -> Gaussian:
    """Ten weights, every two with correlation 0.95, ten standard deviations from 0."""
    covariance = 0.95 + 0.05 * np.eye(10)
    return Gaussian(np.linalg.inv(covariance), np.full(10, 10.0))


def diabetes() -> Maker:
    """Scikit-learn's diabetes: ten weights, an intercept and log s, the noise's scale.

    Weights have the prior N(0, s^2 I) and s^-2 the prior Gamma(1, 1): normal given s, and s^-2 is
    Gamma, so draws are exact. Their marginals are Student-t.
    """
    x, y = load_diabetes(return_X_y=True)
    x = np.column_stack([x / x.std(0), np.ones(len(x))])
    y = (y - y.mean()) / y.std()
    precision = x.T @ x + np.eye(x.shape[1])
    mean = np.linalg.solve(precision, x.T @ y)
    shape = 1.0 + len(y) / 2.0
    rate = 1.0 + (y @ y - mean @ precision @ mean) / 2.0
    root = np.linalg.inv(np.linalg.cholesky(precision))

    def draw(rng: np.random.Generator, draws: int) -> Draws:
        inverse = rng.gamma(shape, 1.0 / rate, (draws, CHAINS, 1))
        normal = rng.standard_normal((draws, CHAINS, len(mean)))
        away = normal @ root / np.sqrt(inverse)
        energy = rate + 0.5 * np.einsum("...i,ij,...j->...", away, precision, away)[..., None]
        # U = (2 shape + weights) log s + energy / s^2, in log s.
        of_scale = 2.0 * shape + len(mean) - 2.0 * energy * inverse
        theta = np.concatenate([mean + away, -0.5 * np.log(inverse)], -1)
        return Draws(theta, np.concatenate([away @ precision * inverse, of_scale], -1))

    return draw


def student(weights: int = 10, freedom: float = 3.0) -> Maker:
    """Independent Student-t weights, ten scales from 0."""

    def draw(rng: np.random.Generator, draws: int) -> Draws:
        t = rng.standard_t(freedom, (draws, CHAINS, weights))
        return Draws(10.0 + t, (freedom + 1.0) * t / (freedom + t**2))

    return draw


class Prepared:
    """Trials that were run all at once, handed out one after the other.

    Args:
        positions: [draws, trials * CHAINS, weights].
        gradient: of U.
    """

    def __init__(self, positions: np.ndarray, gradient: Callable[[np.ndarray], np.ndarray]) -> None:
        self.positions, self.gradient, self.taken = positions, gradient, 0

    def __call__(self, rng: np.random.Generator, draws: int) -> Draws:
        """The next trial; from the first again after the last."""
        start = self.taken * CHAINS % self.positions.shape[1]
        self.taken += 1
        theta = self.positions[:draws, start : start + CHAINS]
        return Draws(theta, self.gradient(theta))


class Logistic:
    """Logistic regression on scikit-learn's breast cancer data, 31 weights with priors N(0, 1)."""

    def __init__(self) -> None:
        x, y = load_breast_cancer(return_X_y=True)
        x = (x - x.mean(0)) / x.std(0)
        self.x = np.column_stack([x, np.ones(len(x))])
        self.sign = 2.0 * y - 1.0

    def energy(self, theta: np.ndarray) -> np.ndarray:
        """U at [..., weights]."""
        margins = (theta @ self.x.T) * self.sign
        return np.logaddexp(0.0, -margins).sum(-1) + 0.5 * (theta**2).sum(-1)

    def gradient(self, theta: np.ndarray) -> np.ndarray:
        """Of U."""
        margins = (theta @ self.x.T) * self.sign
        return theta - (expit(-margins) * self.sign) @ self.x


def hamiltonian(target: Logistic, trials: int, draws: int, leaps: int = 8) -> Prepared:
    """Trials of HMC, its mass the curvature at the mode."""
    rng, chains = np.random.default_rng(0), trials * CHAINS
    mode = np.zeros(target.x.shape[1])
    for _ in range(30):
        spread = target.x * expit(target.x @ mode)[:, None] * expit(-target.x @ mode)[:, None]
        curvature = target.x.T @ spread + np.eye(len(mode))
        mode = mode - np.linalg.solve(curvature, target.gradient(mode[None])[0])
    root = np.linalg.inv(np.linalg.cholesky(curvature))
    theta = mode + rng.standard_normal((chains, len(mode))) @ root
    energy, kept = target.energy(theta), []
    for t in range(draws + 50):
        momentum = rng.standard_normal(theta.shape)
        # A step of random length, so that no orbit closes.
        step = rng.uniform(0.15, 0.25)
        start = energy + 0.5 * (momentum**2).sum(-1)
        new = theta
        momentum = momentum - 0.5 * step * (target.gradient(new) @ root.T)
        for leap in range(leaps):
            new = new + step * (momentum @ root)
            share = 1.0 if leap < leaps - 1 else 0.5
            momentum = momentum - share * step * (target.gradient(new) @ root.T)
        after = target.energy(new)
        accepted = np.log(rng.random(chains)) < start - after - 0.5 * (momentum**2).sum(-1)
        theta = np.where(accepted[:, None], new, theta)
        energy = np.where(accepted, after, energy)
        if t >= 50:
            kept.append(theta)
    return Prepared(np.stack(kept), target.gradient)


# ---------------------------------------------------------------------------------- faults


def heated(target: Gaussian, scale: np.ndarray | float) -> Maker:
    """Draws whose distance from the mean is `scale` times what it should be."""
    return lambda rng, draws: target.draw(rng, draws, scale)


def one_in_a_hundred() -> Maker:
    """One of 100 weights at 19 times its variance."""
    return heated(regression(100), np.where(np.arange(100) == 37, np.sqrt(19.0), 1.0))


class Chain(NamedTuple):
    """SGHMC at full batches, or with gradient noise, from the unit normal.

    Attributes:
        gradient: of U at [..., weights].
        weights: their number.
        step: eta.
        friction: alpha.
        noise: root of the covariance of the gradient noise, None without.
        taken: variance that is taken off the injected noise for each weight.
        thinning: iterations between draws.
    """

    gradient: Callable[[np.ndarray], np.ndarray]
    weights: int
    step: float
    friction: float
    noise: np.ndarray | None = None
    taken: float = 0.0
    thinning: int = 10

    def run(self, trials: int, draws: int) -> Prepared:
        """Every `thinning`-th position, after those of 50 draws."""
        rng = np.random.default_rng(0)
        theta = rng.standard_normal((trials * CHAINS, self.weights))
        v, kept = np.zeros_like(theta), []
        due = 2.0 * self.friction * self.step - self.step**2 * self.taken
        for t in range(1, (draws + 50) * self.thinning + 1):
            force = self.gradient(theta)
            if self.noise is not None:
                force = force + rng.standard_normal(theta.shape) @ self.noise
            v = (1.0 - self.friction) * v - self.step * force
            v += np.sqrt(max(due, 0.0)) * rng.standard_normal(theta.shape)
            theta = theta + v
            if t % self.thinning == 0:
                kept.append(theta)
        return Prepared(np.stack(kept[50:]), self.gradient)


def large_step(rotated: bool) -> Chain:
    """Ten weights at lr c = 2, friction .23: variance 2.3 times; or one hidden direction of ten."""
    precision = np.eye(10)
    if rotated:
        axes = np.linalg.qr(np.random.default_rng(0).standard_normal((10, 10)))[0]
        precision = axes @ np.diag([1.0] + 9 * [0.1]) @ axes.T
    return Chain(lambda theta: theta @ precision, 10, 2.0, 0.23)


def diagonal_correction() -> Chain:
    """Two weights with correlation 0.95; gradient noise like U, taken off weight by weight."""
    precision = np.array([[1.0, 0.95], [0.95, 1.0]])
    root = np.linalg.cholesky(1.2 * precision).T
    return Chain(lambda theta: theta @ precision, 2, 0.1, 0.1, root, 1.2, thinning=50)


def funnel() -> Chain:
    """Neal's funnel: v of variance 9 and nine weights of variance e^v, too narrow for the step."""

    def gradient(theta: np.ndarray) -> np.ndarray:
        v, x = theta[..., :1], theta[..., 1:]
        narrow = np.exp(-v)
        of_v = v / 9.0 + 4.5 - 0.5 * (x**2).sum(-1, keepdims=True) * narrow
        return np.concatenate([of_v, x * narrow], -1)

    return Chain(gradient, 10, 0.01, 0.1)


# ----------------------------------------------------------------------------------- study


def exact(trials: int, draws: int) -> dict[str, Maker]:
    """The posteriors whose draws should give no alarm."""
    return {
        "regression, 10 weights": regression(10),
        "regression, 100 weights": regression(100),
        "logistic regression, breast_cancer": hamiltonian(Logistic(), trials, draws),
        "regression, diabetes": diabetes(),
        "correlated Gaussian": correlated(),
        "Student-t": student(),
    }


def faults(trials: int, draws: int) -> dict[str, Maker]:
    """Draws that should give one."""
    hot = np.sqrt(1.3)
    return {
        "1% of the weights at 19 times the variance": one_in_a_hundred(),
        "lr c = 2, ten weights": large_step(rotated=False).run(trials, draws),
        "lr c = 2 in one hidden direction of ten": large_step(rotated=True).run(trials, draws),
        "heat 1.3, 1 weight": heated(regression(1), hot),
        "heat 1.3, 10 weights": heated(regression(10), hot),
        "heat 1.3, 100 weights": heated(regression(100), hot),
        "gradient noise taken off weight by weight": diagonal_correction().run(trials, draws),
        "funnel": funnel().run(trials, draws),
    }


def verdict(
    make: Maker, rng: np.random.Generator, draws: int, given: float | None = 0.0
) -> Verdict:
    """Of one trial; `given` is R-hat, 0 for that of the weights."""
    positions, gradients = make(rng, draws)
    largest = float(rhat(positions).max()) if given == 0.0 else given
    return judge({"weights": positions}, {"weights": gradients}, 1.0, rhat=largest)


def count(make: Maker, trials: int, draws: int, given: float | None = 0.0) -> Counter[str]:
    """How many trials have which outcome."""
    seeds = (np.random.default_rng([7, trial]) for trial in range(trials))
    return Counter(verdict(make, rng, draws, given).outcome.value for rng in seeds)


def lines(trials: int, draws: int) -> Iterator[tuple[str, Counter[str]]]:
    """The table's lines."""
    for name, make in exact(trials, draws).items():
        yield f"exact: {name}", count(make, trials, draws)
    wrong = faults(trials, draws)
    for name, make in wrong.items():
        yield name, count(make, trials, draws)
    yield "funnel, R-hat not given", count(wrong["funnel"], trials, draws, None)
    yield "exact, R-hat is NaN", count(regression(10), trials, draws, float("nan"))
    yield "exact, R-hat not given", count(regression(10), trials, draws, None)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--draws", type=int, default=1000, help="of each of four chains")
    given = parser.parse_args()
    outcomes = ("sampling", "not sampling", "cannot say")
    print(f"| {given.trials} x 4 chains of {given.draws} | {' | '.join(outcomes)} |")
    print("| --- | --- | --- | --- |")
    for name, counts in lines(given.trials, given.draws):
        print(f"| {name} | {' | '.join(str(counts[o]) for o in outcomes)} |", flush=True)


if __name__ == "__main__":
    main()
