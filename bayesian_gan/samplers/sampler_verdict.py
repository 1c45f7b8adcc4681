"""The verdict on a sampler: what its draws say, and what its velocities and its noise say."""

from collections.abc import Mapping

import keras
import numpy as np

from bayesian_gan.samplers.gradient_noise import gradient_noise_ratio
from bayesian_gan.samplers.sampler import Sampler, current_rate
from bayesian_gan.samplers.sghmc import SGHMC
from bayesian_gan.samplers.sgnht import SGNHT
from bayesian_gan.samplers.temperatures import Temperature, kinetic_temperature
from bayesian_gan.samplers.verdict import (
    TOLERANCE,
    Outcome,
    Reason,
    Verdict,
    check_draws,
    rhat_reasons,
    verdict,
    weigh,
)
from bayesian_gan.samplers.warm_start import WarmStart


def sampler_at_work(optimizer: keras.optimizers.Optimizer) -> Sampler | None:
    """The sampler that moves the weights now; None during a warm-up and for other optimizers."""
    if isinstance(optimizer, WarmStart):
        warm = int(optimizer.iterations.numpy()) <= optimizer.warm_up_iterations
        return None if warm else optimizer.sampler
    return optimizer if isinstance(optimizer, Sampler) else None


def sampler_kinetic_temperature(sampler: Sampler, probability: float = 0.99) -> Temperature:
    """`kinetic_temperature` of an SGHMC, scale-adapted SGHMC or SGNHT chain's velocities.

    Raises:
        ValueError: the sampler has no velocities, is not built or its learning rate is 0.
    """
    if not isinstance(sampler, (SGHMC, SGNHT)):
        raise ValueError(f"`sampler` must have velocities, and {sampler.name} has none")
    if not sampler.built:
        raise ValueError("`sampler` must be built: it has not moved yet")
    learning_rate = current_rate(sampler)
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


def explain_sampler(
    optimizer: keras.optimizers.Optimizer,
    positions: Mapping[str, np.ndarray] | None = None,
    gradients: Mapping[str, np.ndarray] | None = None,
    *,
    rhat: float | None = None,
    ess: float | None = None,
    tolerance: float = TOLERANCE,
) -> Verdict:
    """The verdict on a chain: `judge` of its draws, and of the sampler as it is now.

    Args:
        optimizer: a sampler, or a `WarmStart`, whose sampler is judged once the warm-up is over.
        positions: for each variable [draws, chains, ...], successive draws after the burn-in.
            Without them the verdict is never "sampling".
        gradients: of U/N at these positions, over *all* data: the same names and shapes.
        rhat: the largest of `rhat` over functionals that matter; NaN counts as a failure.
        ess: the smallest of `ess_bulk` and `ess_tail` over them.
        tolerance: what a temperature may be off by, as a share of T.

    Raises:
        TypeError: `optimizer` is no sampler.
        ValueError: `positions` and `gradients` do not fit.
    """
    if not isinstance(optimizer, (Sampler, WarmStart)):
        raise TypeError(f"`optimizer` must be a sampler or a WarmStart, not {optimizer.name}")
    sampler = sampler_at_work(optimizer)
    if sampler is None:
        warm = optimizer.sampler
        temperature = float(warm.current_temperature())
        text = "the warm-up is not over: nothing is sampled yet (train for longer)"
        return verdict([(Outcome.NOT_SAMPLING, text)], temperature)
    temperature = float(sampler.current_temperature())
    if temperature == 0.0:
        text = "no noise is drawn at T = 0: it optimises (give a temperature)"
        return verdict([(Outcome.NOT_SAMPLING, text)], temperature)
    reasons = _sampler_reasons(sampler, temperature)
    if positions is None or gradients is None:
        reasons += _velocity_reasons(sampler, temperature, tolerance)
        text = "its positions were not given (collect draws, and gradients over all data at them)"
        reasons.append((Outcome.CANNOT_SAY, text))
        return verdict(reasons, temperature)
    check_draws(positions, gradients, temperature)
    found, evidence = weigh(positions, gradients, sampler.num_data / temperature, tolerance)
    if found or evidence is None:
        # Noise that cancels over an epoch heats velocities, and does positions no harm.
        reasons += _velocity_reasons(sampler, temperature, tolerance)
    reasons += found + rhat_reasons(rhat, ess, *next(iter(positions.values())).shape[:2])
    if _is_fisher(sampler) and evidence is not None and not evidence.directions:
        text = (
            'gradient_noise="fisher" takes noise off weight by weight, which is wrong where weights '
            "are correlated, and directions were not judged (collect 10 draws for each weight, over all "
            "chains; of more than 1,000 weights none are)"
        )
        reasons.append((Outcome.CANNOT_SAY, text))
    return verdict(reasons, temperature, evidence)


def _sampler_reasons(sampler: Sampler, temperature: float) -> list[Reason]:
    """What the sampler's state and its gradient noise say against "sampling"."""
    if not sampler.built:
        return [(Outcome.CANNOT_SAY, "it has not moved yet (train)")]
    if current_rate(sampler) == 0.0:
        return [(Outcome.NOT_SAMPLING, "its learning rate is 0: it stands still (raise it)")]
    reasons = []
    if _is_fisher(sampler):
        ratio = _noise_ratio(sampler, temperature)
        if ratio > 1.0:
            text = (
                f"minibatch noise is {ratio:.2g} times the noise due at T "
                "(use a smaller learning_rate, more friction or a larger batch)"
            )
            reasons.append((Outcome.NOT_SAMPLING, text))
    return reasons


def _velocity_reasons(sampler: Sampler, temperature: float, tolerance: float) -> list[Reason]:
    """What the sampler's velocities say against "sampling"."""
    moves = sampler.built and current_rate(sampler) > 0.0
    if not moves or not isinstance(sampler, (SGHMC, SGNHT)):
        return []
    kinetic = sampler_kinetic_temperature(sampler)
    ratio = kinetic.value / temperature
    if kinetic.value > kinetic.high * (1.0 + tolerance):
        text = (
            f"its velocities are too hot at {ratio:.3g} times T "
            "(the step is too large, or gradient noise enters that is not taken off)"
        )
        return [(Outcome.NOT_SAMPLING, text)]
    if kinetic.value < kinetic.low * (1.0 - tolerance):
        text = f"its velocities are too cold at {ratio:.3g} times T (run longer)"
        return [(Outcome.NOT_SAMPLING, text)]
    return []


def _is_fisher(sampler: Sampler) -> bool:
    return isinstance(sampler, SGHMC) and sampler.gradient_noise == "fisher"


def _noise_ratio(sampler: SGHMC, temperature: float) -> float:
    """`gradient_noise_ratio` of a sampler that estimates the variance of its gradients."""
    return gradient_noise_ratio(
        [np.asarray(variance) for variance in sampler.gradient_variance()],
        current_rate(sampler),
        sampler.num_data,
        friction=sampler.friction,
        inverse_mass=_inverse_masses(sampler),
        temperature=temperature,
    )


def _inverse_masses(sampler: SGHMC) -> list[np.ndarray | float]:
    return [np.asarray(sampler.inverse_mass(index)) for index in range(len(sampler.velocities))]
