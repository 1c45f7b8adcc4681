"""Priors of the weights of one network, as energies: -log p(theta) / N."""

from bayesian_gan.gan.priors.base import Prior
from bayesian_gan.gan.priors.families import Laplace, Normal, StudentT
from bayesian_gan.gan.priors.function import FunctionPrior, as_prior
from bayesian_gan.gan.priors.he_normal import HeNormal
from bayesian_gan.gan.priors.named import named_prior

__all__ = [
    "FunctionPrior",
    "HeNormal",
    "Laplace",
    "Normal",
    "Prior",
    "StudentT",
    "as_prior",
    "named_prior",
]
