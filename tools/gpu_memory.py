"""GPU memory of the paper's experiments, computed: the table of docs/how-to/gpu.md.

    PYTHONPATH=. python tools/gpu_memory.py --num_gen 10 --num_mcmc 2

Flags of a run change it, such as --mixed_precision, which the sum does not know, or --generators_per_step 1.
"""

import math
import sys
from typing import NamedTuple

from absl import flags

from bayesian_gan.options import flags as run_flags
from bayesian_gan.options.config import Config
from bayesian_gan.reliability.environment import device_memory
from bayesian_gan.runs.build import example_networks
from bayesian_gan.runs.machine import network_size

CARDS = (8, 16, 24, 80)
# What cuDNN works in, the driver's context and fragments of TensorFlow's allocator: not measured, a share.
USABLE = 0.85


class DataSet(NamedTuple):
    """A data set of the paper: shape and number of its training images, classes, labels in its table."""

    name: str
    shape: tuple[int, int, int]
    images: int
    classes: int
    labels: int


PAPER = (
    DataSet("MNIST", (28, 28, 1), 60_000, 10, 100),
    DataSet("CIFAR-10", (32, 32, 3), 50_000, 10, 4000),
    DataSet("SVHN", (32, 32, 3), 73_257, 10, 1000),
    DataSet("CelebA, 50 x 50", (50, 50, 3), 162_770, 18, 1000),
)


def row(data: DataSet, config: Config) -> str:
    """One line of the table."""
    generator, discriminator = map(network_size, example_networks(config, data.shape, data.classes))
    image_bytes = data.images * math.prod(data.shape)
    found = device_memory(config, generator, discriminator, image_bytes, data.labels) / 2**30
    cards = [f"{card}" for card in CARDS if found <= USABLE * card]
    numbers = f"{generator.weights / 1e6:.1f} | {discriminator.weights / 1e6:.1f}"
    return f"| {data.name} | {numbers} | {found:.1f} | {', '.join(cards) or 'none'} |"


def main() -> None:
    """Prints the table."""
    values = flags.FlagValues()
    run_flags.define(values, semi=True)
    values([sys.argv[0], "--out_dir", ".", *sys.argv[1:]])
    config = Config.from_flags(values)
    print("| data set | weights of G, 10^6 | of D, 10^6 | GiB | cards, GB |")
    print("| --- | --- | --- | --- | --- |")
    for data in PAPER:
        print(row(data, config))


if __name__ == "__main__":
    main()
