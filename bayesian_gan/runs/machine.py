"""Whether the machine suffices for a run: memory and disk, before anything is written."""

import math
from pathlib import Path

import keras

from bayesian_gan.data.catalogue import ImageData
from bayesian_gan.data.source import is_mapped
from bayesian_gan.data.splits import LabelSplit
from bayesian_gan.options.config import Config
from bayesian_gan.reliability.environment import Needs, NetworkSize, check_resources, needs
from bayesian_gan.runs.build import build_networks


def check_machine(
    config: Config, data: ImageData, split: LabelSplit | None, folder: Path | None
) -> str | None:
    """Compares the run's needs with the machine; see `check_resources`."""
    found = run_needs(config, data, split)
    if folder is None:
        return check_resources(found, Path(config.out_dir or "."))
    there = sum(path.stat().st_size for path in folder.rglob("*.npz"))
    return check_resources(found, folder, there)


def run_needs(config: Config, data: ImageData, split: LabelSplit | None) -> Needs:
    """What a run needs of memory and disk.

    Raises:
        InputError: networks of this configuration cannot be built for these images.
    """
    generator, discriminator = (network_size(network) for network in build_networks(config, data))
    return needs(
        config,
        generator,
        discriminator,
        sum(a.nbytes for a in (data.images, data.test_images) if not is_mapped(a)),
        0 if split is None else len(split.labels),
    )


def network_size(network: keras.Model) -> NetworkSize:
    """Numbers of one network: its weights, and what all its layers make from one example."""
    outputs = sum(
        math.prod(tensor.shape[1:])
        for layer in network.layers
        for tensor in keras.tree.flatten(layer.output)
    )
    return NetworkSize(network.count_params(), outputs)
