"""The Bayesian GAN: the Keras model, and one iteration of it."""
