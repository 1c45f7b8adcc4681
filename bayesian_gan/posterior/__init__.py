"""The posterior: draws of all networks in a folder, and what is made from them."""

from bayesian_gan.posterior.posterior import Posterior

__all__ = ["Posterior"]
