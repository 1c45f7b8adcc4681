"""How good predictions are."""

from bayesian_gan.evaluation.classification import Classification, classification

__all__ = ["Classification", "classification"]
