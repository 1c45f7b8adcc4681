"""Posteriors whose members disagree, so that an average in the wrong place shows."""

from pathlib import Path

import numpy as np

from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.networks import dcgan_discriminator, dcgan_generator
from bayesian_gan.posterior import Posterior


def _fill(model: BayesianGAN, path: Path) -> Posterior:
    """Three draws of weights drawn far apart; variances stay positive."""
    posterior = Posterior.create(path, model)
    numbers = np.random.default_rng(5)
    for draw in range(3):
        for network in model.generators + model.discriminators:
            weights = [
                np.abs(w) + 0.1 + 0.3 * numbers.random(w.shape)
                if w.ndim == 1
                else 0.4 * numbers.standard_normal(w.shape)
                for w in network.get_weights()
            ]
            network.set_weights(weights)
        model.iteration.assign(100 * (draw + 1))
        posterior.collect(model)
    return posterior


def collected(path: Path, num_classes: int, critic: bool = False) -> Posterior:
    """Two chains of two generators and one discriminator of K logits, with a critic's head or not."""
    model = BayesianGAN(
        dcgan_generator((8, 8, 1), 5, width=4, num_layers=2),
        dcgan_discriminator((8, 8, 1), num_classes, width=4, num_layers=2, critic=critic),
        num_data=96,
        num_gen=2,
        num_mcmc=2,
    )
    return _fill(model, path)
