"""The Bayesian GAN: the Keras model, and one iteration of it."""

from bayesian_gan.backend import check_backend

check_backend()  # Before Keras is imported.
