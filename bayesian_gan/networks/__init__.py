"""Networks: the authors' DCGAN, two-layer MLPs, the supervised CNN, and replication."""

from bayesian_gan.backend import check_backend

check_backend()  # Before Keras is imported.

from bayesian_gan.networks.classifier import supervised_classifier  # noqa: E402
from bayesian_gan.networks.dcgan import dcgan_discriminator, dcgan_generator  # noqa: E402
from bayesian_gan.networks.mlp import mlp_discriminator, mlp_generator  # noqa: E402
from bayesian_gan.networks.normalization import GhostBatchNormalization  # noqa: E402
from bayesian_gan.networks.replication import replicate  # noqa: E402

__all__ = [
    "GhostBatchNormalization",
    "dcgan_discriminator",
    "dcgan_generator",
    "mlp_discriminator",
    "mlp_generator",
    "replicate",
    "supervised_classifier",
]
