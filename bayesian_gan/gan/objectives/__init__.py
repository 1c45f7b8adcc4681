"""Objectives, an object and a file each: `Objective` says what one is."""

from bayesian_gan.gan.objectives.authors import Authors
from bayesian_gan.gan.objectives.base import Objective, Pairs
from bayesian_gan.gan.objectives.paper import Paper
from bayesian_gan.gan.objectives.wasserstein import Wasserstein

__all__ = ["Authors", "Objective", "Pairs", "Paper", "Wasserstein"]
