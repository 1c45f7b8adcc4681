"""SG-MCMC samplers for any Keras 3 model: Keras optimizers that draw from a posterior.

This package imports nothing else of the project. Start with `docs/explanation/samplers.md`.
"""

from bayesian_gan.samplers import backend as backend  # First: it refuses other backends.
from bayesian_gan.samplers.collect import CollectPosterior
from bayesian_gan.samplers.psgld import PSGLD
from bayesian_gan.samplers.scale_adapted import ScaleAdaptedSGHMC
from bayesian_gan.samplers.schedules import (
    CyclicalStep,
    CyclicalTemperature,
    PolynomialStep,
    SaturatingDecay,
    Successive,
    TemperatureRamp,
)
from bayesian_gan.samplers.sghmc import SGHMC
from bayesian_gan.samplers.sgld import SGLD
from bayesian_gan.samplers.sgnht import SGNHT
from bayesian_gan.samplers.warm_start import WarmStart

__all__ = [
    "PSGLD",
    "SGHMC",
    "SGLD",
    "SGNHT",
    "CollectPosterior",
    "CyclicalStep",
    "CyclicalTemperature",
    "PolynomialStep",
    "SaturatingDecay",
    "ScaleAdaptedSGHMC",
    "Successive",
    "TemperatureRamp",
    "WarmStart",
]
