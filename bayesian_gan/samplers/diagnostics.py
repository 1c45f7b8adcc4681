"""Is this chain sampling at the temperature that it was asked for?

The two temperatures are those of Wenzel et al. 2020 ("How good is the Bayes posterior in deep
neural networks really?", appendix I), with the factor of this package's discretisation divided out.
"""

from collections.abc import Sequence
from typing import NamedTuple

import keras
import numpy as np
from scipy.stats import chi2

from bayesian_gan.samplers.convergence import ess_bulk, ess_mean, ess_tail, rhat
from bayesian_gan.samplers.sampler import Sampler
from bayesian_gan.samplers.sghmc import SGHMC
from bayesian_gan.samplers.sgnht import SGNHT

__all__ = ["ess_bulk", "ess_mean", "ess_tail", "rhat"]


class Temperature(NamedTuple):
    """An estimated temperature and where it should lie.

    Attributes:
        value: the estimate.
        low: lower end of the region that holds it with the chosen probability if the chain samples
            at T.
        high: upper end.
    """

    value: float
    low: float
    high: float

    @property
    def agrees(self) -> bool:
        """Whether the estimate lies in its region."""
        return self.low <= self.value <= self.high


def kinetic_temperature(
    velocities: Sequence[np.ndarray],
    learning_rate: float,
    num_data: float,
    *,
    friction: float,
    inverse_mass: float | Sequence[np.ndarray | float] = 1.0,
    temperature: float = 1.0,
    probability: float = 0.99,
) -> Temperature:
    """Temperature of the velocities: mean(v^2 m) / eta * (2 - alpha) / 2.

    SGHMC's velocities have variance 2 T eta / (2 - alpha) / m at small steps (docs/samplers.md);
    the factor is divided out. The step itself inflates them by 1 / (1 - eta k / (2 (2 - alpha))) in
    a direction of curvature k.

    Args:
        velocities: one array for each variable, or several states of them; all elements count as
            independent.
        learning_rate: at that time.
        num_data: N.
        friction: alpha.
        inverse_mass: 1 / m, a number or one (number or array) for each element of `velocities`.
        temperature: T that the chain should have.
        probability: that the region holds the estimate.

    Returns:
        The estimate and its region T chi^2_n / n, n the number of elements.
    """
    inverse = _each(inverse_mass, len(velocities))
    squares = [
        np.square(np.asarray(v, np.float64)) / m for v, m in zip(velocities, inverse, strict=True)
    ]
    count = sum(s.size for s in squares)
    eta = learning_rate / num_data
    value = sum(s.sum() for s in squares) / count / eta * (2.0 - friction) / 2.0
    return Temperature(float(value), *_region(temperature, count, probability))


def sampler_kinetic_temperature(sampler: Sampler, probability: float = 0.99) -> Temperature:
    """`kinetic_temperature` of an SGHMC, scale-adapted SGHMC or SGNHT chain's velocities.

    Raises:
        ValueError: the sampler has no velocities, is not built or its learning rate is 0.
    """
    if not isinstance(sampler, (SGHMC, SGNHT)):
        raise ValueError(f"`sampler` must have velocities, and {sampler.name} has none")
    if not sampler.built:
        raise ValueError("`sampler` must be built: it has not moved yet")
    learning_rate = float(sampler.learning_rate)
    if learning_rate == 0.0:
        raise ValueError("`sampler` has learning rate 0: its velocities have no temperature")
    friction = sampler.friction
    inverse: list[np.ndarray | float] = [1.0] * len(sampler.velocities)
    if isinstance(sampler, SGNHT):
        friction = float(np.clip(sampler.thermostat.numpy(), 0.0, 1.0))
    else:
        inverse = _inverse_masses(sampler)
    return kinetic_temperature(
        [v.numpy() for v in sampler.velocities],
        learning_rate,
        sampler.num_data,
        friction=friction,
        inverse_mass=inverse,
        temperature=float(sampler.current_temperature()),
        probability=probability,
    )


def configurational_temperature(
    positions: Sequence[np.ndarray],
    gradients: Sequence[np.ndarray],
    num_data: float,
    *,
    temperature: float = 1.0,
    probability: float = 0.99,
) -> Temperature:
    """Temperature of the positions: mean(theta dU/dtheta), as E[theta_i dU/dtheta_i] = T.

    Args:
        positions: one array for each variable, or several states of them.
        gradients: of U/N at these positions, over *all* data: the same shapes.
        num_data: N.
        temperature: T that the chain should have.
        probability: that the region holds the estimate.

    Returns:
        The estimate and the region T chi^2_n / n, exact for a Gaussian posterior about 0. Weights
        that the likelihood moves far from 0 scatter more: average over states and compare chains.
    """
    products = [
        np.asarray(p, np.float64) * np.asarray(g, np.float64) * num_data
        for p, g in zip(positions, gradients, strict=True)
    ]
    count = sum(p.size for p in products)
    value = sum(p.sum() for p in products) / count
    return Temperature(float(value), *_region(temperature, count, probability))


def gradient_noise_ratio(
    gradient_variance: Sequence[np.ndarray],
    learning_rate: float,
    num_data: float,
    *,
    friction: float = 1.0,
    inverse_mass: float | Sequence[np.ndarray | float] = 1.0,
    temperature: float = 1.0,
) -> float:
    """Variance that minibatch noise brings into a step, beside that which friction asks for.

    learning_rate^2 V / m / (2 alpha T learning_rate / N): above 1, no sampler can have the
    temperature T at this step and friction; well below 1, the minibatch noise can be ignored.

    Args:
        gradient_variance: variance of the minibatch gradient of U/N, one array for each variable.
        learning_rate: at that time.
        num_data: N.
        friction: alpha; 1 for SGLD.
        inverse_mass: 1 / m, a number or one (number or array) for each variable.
        temperature: T > 0.

    Returns:
        The ratio, its mean over all weights.
    """
    inverse = _each(inverse_mass, len(gradient_variance))
    values = np.concatenate(
        [
            np.ravel(np.asarray(v, np.float64) * m)
            for v, m in zip(gradient_variance, inverse, strict=True)
        ]
    )
    return float(values.mean() * learning_rate * num_data / (2.0 * friction * temperature))


def explain(
    kinetic: Temperature | None = None,
    configurational: Temperature | None = None,
    *,
    temperature: float = 1.0,
    noise_ratio: float | None = None,
    rhat: float | None = None,
    gradient_noise_removed: bool = False,
) -> str:
    """One line: that the chain is sampling at T, or why it is not.

    Args:
        kinetic: from `kinetic_temperature`.
        configurational: from `configurational_temperature`.
        temperature: T that was asked for.
        noise_ratio: from `gradient_noise_ratio`.
        rhat: the largest of `rhat` over the functionals.
        gradient_noise_removed: whether the sampler takes gradient noise off its own.

    Returns:
        "this chain is sampling at T = ..." or "this chain is not sampling at T = ... because ...".
    """
    reasons = []
    limit = 1.0 if gradient_noise_removed else 0.1
    if noise_ratio is not None and noise_ratio > limit:
        remedy = (
            "a smaller learning_rate, more friction or a larger batch"
            if gradient_noise_removed
            else 'gradient_noise="fisher", a smaller learning_rate or a larger batch'
        )
        reasons.append(
            f"minibatch noise is {noise_ratio:.2g} times the noise due at T (use {remedy})"
        )
    if kinetic is not None and not kinetic.agrees:
        reasons.append(_off("its velocities", kinetic))
    if configurational is not None and not configurational.agrees:
        reasons.append(_off("its positions", configurational))
    if rhat is not None and rhat > 1.01:
        reasons.append(f"chains have not mixed: R-hat is {rhat:.3g} (run longer or restart)")
    name = f"T = {temperature:g}"
    if reasons:
        return f"this chain is not sampling at {name} because {'; '.join(reasons)}"
    return f"this chain is sampling at {name}, as far as these diagnostics can tell"


def explain_sampler(
    sampler: Sampler, gradients: Sequence[np.ndarray] | None = None, rhat: float | None = None
) -> str:
    """`explain` for the present state of a chain.

    Args:
        sampler: built, not cold.
        gradients: of U/N over all data at the present weights, one for each variable; without them
            the positions are not judged.
        rhat: the largest of `rhat` over the functionals.

    Returns:
        One line.
    """
    temperature = float(sampler.current_temperature())
    fisher = isinstance(sampler, SGHMC) and sampler.gradient_noise == "fisher"
    learning_rate = float(sampler.learning_rate)
    ratio = None
    if fisher and temperature > 0.0 and learning_rate > 0.0:
        variance = [m.numpy() for m in sampler.gradient_variance()]
        ratio = gradient_noise_ratio(
            variance,
            learning_rate,
            sampler.num_data,
            friction=sampler.friction,
            inverse_mass=_inverse_masses(sampler),
            temperature=temperature,
        )
    kinetic = sampler_kinetic_temperature(sampler) if isinstance(sampler, (SGHMC, SGNHT)) else None
    configurational = None
    if gradients is not None:
        configurational = configurational_temperature(
            [keras.ops.convert_to_numpy(v) for v in sampler._trainable_variables],
            gradients,
            sampler.num_data,
            temperature=temperature,
        )
    return explain(
        kinetic,
        configurational,
        temperature=temperature,
        noise_ratio=ratio,
        rhat=rhat,
        gradient_noise_removed=fisher,
    )


def _each(
    inverse_mass: float | Sequence[np.ndarray | float], count: int
) -> list[np.ndarray | float]:
    """1 / m for each of `count` variables."""
    if isinstance(inverse_mass, (int, float)):
        return [inverse_mass] * count
    return list(inverse_mass)


def _inverse_masses(sampler: SGHMC) -> list[np.ndarray | float]:
    return [np.asarray(sampler.inverse_mass(index)) for index in range(len(sampler.velocities))]


def _region(temperature: float, count: int, probability: float) -> tuple[float, float]:
    """Central region of T chi^2_n / n."""
    tail = (1.0 - probability) / 2.0
    low, high = chi2.ppf([tail, 1.0 - tail], count) * temperature / count
    return float(low), float(high)


def _off(what: str, measured: Temperature) -> str:
    """One reason: which temperature is where it should not be."""
    direction = "hot" if measured.value > measured.high else "cold"
    remedy = (
        "the step is too large or unnoticed noise enters" if direction == "hot" else "run longer"
    )
    return (
        f"{what} are too {direction} at {measured.value:.3g}, outside "
        f"[{measured.low:.3g}, {measured.high:.3g}] ({remedy})"
    )
