"""Terms of the players' energies, an object and a file each: `Term` says what one is."""

from bayesian_gan.gan.terms.base import Carries, Discriminators, State, Term
from bayesian_gan.gan.terms.class_frequencies import ClassFrequencies
from bayesian_gan.gan.terms.consistency import Consistency
from bayesian_gan.gan.terms.entropy import Entropy
from bayesian_gan.gan.terms.feature_matching import FeatureMatching
from bayesian_gan.gan.terms.gradient_penalty import GradientPenalty
from bayesian_gan.gan.terms.neighbours import Neighbours
from bayesian_gan.gan.terms.teacher import TaughtTerm

__all__ = [
    "Carries",
    "ClassFrequencies",
    "Consistency",
    "Discriminators",
    "Entropy",
    "FeatureMatching",
    "GradientPenalty",
    "Neighbours",
    "State",
    "TaughtTerm",
    "Term",
]
