"""Networks of the Bayesian GAN: the authors' DCGAN, the supervised CNN, and their replication."""

from bayesian_gan.networks.classifier import supervised_classifier
from bayesian_gan.networks.dcgan import dcgan_discriminator, dcgan_generator
from bayesian_gan.networks.normalization import GhostBatchNormalization
from bayesian_gan.networks.replication import replicate

__all__ = [
    "GhostBatchNormalization",
    "dcgan_discriminator",
    "dcgan_generator",
    "replicate",
    "supervised_classifier",
]
