"""Is this chain sampling, and have its chains mixed? The names of the modules that say so."""

from bayesian_gan.samplers.convergence import ess_bulk, ess_mean, ess_tail, rhat
from bayesian_gan.samplers.gradient_noise import gradient_noise_ratio
from bayesian_gan.samplers.sampler_verdict import (
    explain_sampler,
    sampler_at_work,
    sampler_kinetic_temperature,
)
from bayesian_gan.samplers.temperatures import (
    Temperature,
    configurational_products,
    kinetic_temperature,
)
from bayesian_gan.samplers.verdict import Evidence, Finding, Outcome, Verdict, judge

__all__ = [
    "Evidence",
    "Finding",
    "Outcome",
    "Temperature",
    "Verdict",
    "configurational_products",
    "ess_bulk",
    "ess_mean",
    "ess_tail",
    "explain_sampler",
    "gradient_noise_ratio",
    "judge",
    "kinetic_temperature",
    "rhat",
    "sampler_at_work",
    "sampler_kinetic_temperature",
]
