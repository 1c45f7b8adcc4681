"""scikit-learn's face of the Bayesian GAN: `fit`, `predict`, `predict_proba`."""

from bayesian_gan.estimators.classifier import BayesianGANClassifier

__all__ = ["BayesianGANClassifier"]
