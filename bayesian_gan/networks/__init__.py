"""Networks: the authors' DCGAN, two-layer MLPs, the supervised CNN, and replication."""

from bayesian_gan.networks.classifier import supervised_classifier
from bayesian_gan.networks.dcgan import dcgan_discriminator, dcgan_generator
from bayesian_gan.networks.mlp import mlp_discriminator, mlp_generator
from bayesian_gan.networks.normalization import GhostBatchNormalization
from bayesian_gan.networks.replication import replicate

__all__ = [
    "GhostBatchNormalization",
    "dcgan_discriminator",
    "dcgan_generator",
    "mlp_discriminator",
    "mlp_generator",
    "replicate",
    "supervised_classifier",
]
