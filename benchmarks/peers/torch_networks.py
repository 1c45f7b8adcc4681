"""The DCGANs of `bayesian_gan.networks.dcgan` in PyTorch: the same layers, sizes and normalisation.

It imports PyTorch and nothing of this project, so that it runs in an environment that has PyTorch
alone. Convolutions pad as TensorFlow's "same" does.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

SLOPE, EPSILON, STD = 0.2, 1e-5, 0.02
# A layer of the discriminator, from the image end: kernel, stride, channels, input size, output size.
Spec = tuple[int, int, int, int, int]


def same(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Zeros before and after one axis of TensorFlow's "same" convolution."""
    total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def ghost_normalise(x: Tensor, chunk: int) -> Tensor:
    """Normalises each chunk of rows by its own mean and variance, without scale and offset.

    Chunks stand side by side as channels, so that PyTorch's own kernel does it in one call.
    """
    rows = x.shape[0]
    if rows <= chunk:
        return functional.batch_norm(x, None, None, training=True, eps=EPSILON)
    count = rows // chunk
    channels = x.shape[1]
    apart = x.reshape(count, chunk, *x.shape[1:]).transpose(0, 1)
    flat = apart.reshape(chunk, count * channels, *x.shape[2:])
    y = functional.batch_norm(flat, None, None, training=True, eps=EPSILON)
    return y.reshape(chunk, count, *x.shape[1:]).transpose(0, 1).reshape(x.shape)


def activation_noise(x: Tensor, stddev: float) -> Tensor:
    """With uniform noise of this standard deviation."""
    if not stddev:
        return x
    bound = math.sqrt(3.0) * stddev
    return x + torch.empty_like(x).uniform_(-bound, bound)


class Discriminator(nn.Module):
    """Images [rows, channels, height, width] to logits [rows, K] and features.

    Args:
        plan: its layers.
        channels: of the images.
        classes: K.
        average: whether layers of stride 2 have stride 1 and average pooling after their activation.
        noise: standard deviation of the noise on the images and on every convolution's activations.
    """

    def __init__(
        self, plan: list[Spec], channels: int, classes: int, average: bool, noise: float
    ) -> None:
        super().__init__()
        self.plan, self.average, self.noise = plan, average, noise
        inputs = [channels, *(spec[2] for spec in plan[:-1])]
        self.convolutions = nn.ModuleList(
            nn.Conv2d(n, spec[2], spec[0], 1 if average else spec[1])
            for n, spec in zip(inputs, plan, strict=True)
        )
        last = plan[-1]
        self.dense = nn.Linear(last[2] * last[4] ** 2, last[2])
        self.logits = nn.Linear(last[2], classes)
        self.apply(initialise)

    def forward(self, x: Tensor, chunk: int) -> tuple[Tensor, Tensor]:
        """With ghost batches of `chunk` rows."""
        x = activation_noise(x, self.noise)
        for i, (layer, spec) in enumerate(zip(self.convolutions, self.plan, strict=True)):
            before, after = same(spec[3], spec[0], 1 if self.average else spec[1])
            x = layer(functional.pad(x, (before, after, before, after)))
            if i:
                x = ghost_normalise(x, chunk)
            x = functional.leaky_relu(x, SLOPE)
            if self.average:
                x = functional.avg_pool2d(x, spec[1], ceil_mode=True, count_include_pad=False)
            x = activation_noise(x, self.noise)
        features = functional.leaky_relu(self.dense(x.flatten(1)), SLOPE)
        return self.logits(features), features


class Generator(nn.Module):
    """Noise [rows, z] to images [rows, channels, height, width]."""

    def __init__(self, plan: list[Spec], channels: int, z_dim: int) -> None:
        super().__init__()
        self.plan = plan[::-1]
        first = self.plan[0]
        self.dense = nn.Linear(z_dim, first[2] * first[4] ** 2)
        outputs = [*(spec[2] for spec in self.plan[1:]), channels]
        self.convolutions = nn.ModuleList(
            nn.ConvTranspose2d(spec[2], n, spec[0], spec[1])
            for spec, n in zip(self.plan, outputs, strict=True)
        )
        self.apply(initialise)

    def forward(self, z: Tensor) -> Tensor:
        """Images in [-1, 1]."""
        first = self.plan[0]
        x = self.dense(z).view(-1, first[2], first[4], first[4])
        for layer, spec in zip(self.convolutions, self.plan, strict=True):
            x = functional.relu(ghost_normalise(x, len(x)))
            # The gradient of a "same" convolution: what it padded is cut off.
            before, _ = same(spec[3], spec[0], spec[1])
            x = layer(x)[:, :, before : before + spec[3], before : before + spec[3]]
            missing = spec[3] - x.shape[-1]
            if missing > 0:
                x = functional.pad(x, (0, missing, 0, missing))
        return torch.tanh(x)


def initialise(module: nn.Module) -> None:
    """N(0, 0.02^2), kernels and biases."""
    for parameter in module.parameters(recurse=False):
        nn.init.normal_(parameter, std=STD)
