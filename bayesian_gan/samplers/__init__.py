"""SG-MCMC samplers for any Keras 3 model on TensorFlow: Keras optimizers that draw from a posterior.

This package imports nothing else of the project. Start with `docs/samplers.md`.
"""

from bayesian_gan.samplers.sghmc import SGHMC
from bayesian_gan.samplers.warm_start import WarmStart

__all__ = ["SGHMC", "WarmStart"]
