"""Whether a run can be carried through here: versions, memory, disk. Checked before the long work."""

import platform
import shutil
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from pathlib import Path

import psutil
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from bayesian_gan.errors import InputError
from bayesian_gan.options.config import Config

PACKAGE = "bayesian-gan"
NUMBER_BYTES = 4
# Adam's two moments, SGHMC's velocity and the gradient, beside the weight itself.
COPIES_OF_A_WEIGHT = 5
# What a layer makes is kept for the gradient, which has its size, and the kernels work in a copy.
COPIES_OF_AN_OUTPUT = 3
# Measured; docs/research/reliability.md has the runs. Python, TensorFlow and the other packages,
# and for each network the compiled functions that train, draw from and evaluate it.
PROCESS_BYTES = 1_030_000_000
BYTES_OF_A_NETWORK = 8_000_000
CHECKPOINTS = 4  # The last two, that of the warm-up's end, and one being written.
# Limit and usage of memory in the control group: version 2, version 1.
CONTROL_GROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
    ),
)


def check_versions() -> None:
    """Compares Python and the installed packages with the ranges of this package's metadata.

    A checkout that was never installed has no metadata, and nothing is compared.

    Raises:
        InputError: one is missing or outside its range.
    """
    try:
        needed, python = requires(PACKAGE) or [], metadata(PACKAGE)["Requires-Python"]
    except PackageNotFoundError:
        return
    if python and not SpecifierSet(python).contains(platform.python_version()):
        raise InputError(f"Python {platform.python_version()} is here, and {python} is needed")
    for text in needed:
        requirement = Requirement(text)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            found = version(requirement.name)
        except PackageNotFoundError as error:
            raise InputError(
                f"the package {requirement} is not installed; make setup installs all"
            ) from error
        if not requirement.specifier.contains(found, prereleases=True):
            raise InputError(
                f"{requirement.name} {found} is installed, and {requirement.specifier} is needed; "
                "make setup installs the right one"
            )


@dataclass(frozen=True)
class NetworkSize:
    """Numbers of one network.

    Attributes:
        weights: trainable weights and running averages.
        outputs: numbers that all its layers make from one example.
    """

    weights: int
    outputs: int


@dataclass(frozen=True)
class Needs:
    """Bytes that a run needs.

    Attributes:
        memory: of the whole process, with weights, optimizers and images, which is the least.
        working_memory: with what the layers make in a step.
        disk: posterior, checkpoints and saved weights at the end of the run.
    """

    memory: int
    working_memory: int
    disk: int


def needs(
    config: Config,
    generator: NetworkSize,
    discriminator: NetworkSize,
    image_bytes: int,
    num_labelled: int,
) -> Needs:
    """What a run of this configuration needs, from J_g, J_d, M, the networks' sizes and `max_samples`.

    Args:
        config: of the run.
        generator: size of one generator.
        discriminator: size of one discriminator.
        image_bytes: of the training and test images as they are read; held twice.
        num_labelled: labelled examples, 0 without.
    """
    weights = _weights(config, generator, discriminator)
    networks = config.num_mcmc * (config.num_gen + config.num_disc)
    memory = PROCESS_BYTES + BYTES_OF_A_NETWORK * networks
    memory += NUMBER_BYTES * COPIES_OF_A_WEIGHT * weights + 2 * image_bytes
    outputs = _outputs(config, generator, discriminator, num_labelled)
    draw = NUMBER_BYTES * weights
    draws = max(0, config.train_iter - config.warm_up) // config.collect_every
    if config.max_samples is not None:
        draws = min(draws, config.max_samples + 1)
    # A checkpoint has Adam's moments and the velocity beside each weight.
    disk = draw * draws + CHECKPOINTS * (COPIES_OF_A_WEIGHT - 1) * draw
    if config.save_weights:
        disk += draw * -(-config.train_iter // config.n_save)
    return Needs(memory, memory + NUMBER_BYTES * COPIES_OF_AN_OUTPUT * outputs, disk)


def device_memory(
    config: Config,
    generator: NetworkSize,
    discriminator: NetworkSize,
    image_bytes: int,
    num_labelled: int,
) -> int:
    """Bytes of a GPU that a run needs: the training images, weights and optimizers, what the layers make.

    See `needs` for the arguments; `image_bytes` is of the training images alone. Not counted are what cuDNN
    works in and the driver's own.
    """
    numbers = COPIES_OF_A_WEIGHT * _weights(config, generator, discriminator)
    numbers += COPIES_OF_AN_OUTPUT * _outputs(config, generator, discriminator, num_labelled)
    return image_bytes + NUMBER_BYTES * numbers


def _weights(config: Config, generator: NetworkSize, discriminator: NetworkSize) -> int:
    """Numbers in all networks of all chains."""
    of_chain = config.num_gen * generator.weights + config.num_disc * discriminator.weights
    return config.num_mcmc * of_chain


def _outputs(
    config: Config, generator: NetworkSize, discriminator: NetworkSize, num_labelled: int
) -> int:
    """Numbers that the layers of all networks make in a step; of one shard, since they come in turn."""
    chains, J_g, J_d, B = config.num_mcmc, config.num_gen, config.num_disc, config.batch_size
    moved = config.generators_per_step or J_g
    met = J_g * chains if config.objective == "authors" else config.pairs_per_step or moved
    rows = B + min(B, num_labelled) + met * B
    if config.gradient_penalty is not None:
        rows += 2 * met * B  # Interpolates, and the gradient there, which is differentiated again.
    of_chain = moved * B * generator.outputs + J_d * rows * discriminator.outputs
    return chains * of_chain // config.shards


def check_resources(found: Needs, folder: Path, there: int = 0) -> str | None:
    """Compares what a run needs with what is there.

    Args:
        found: what it needs.
        folder: where the run is to be written.
        there: bytes that it has written already, when it resumes.

    Returns:
        A warning, or None.

    Raises:
        InputError: the disk or the memory does not suffice.
    """
    free = shutil.disk_usage(folder).free
    if found.disk - there > free:
        raise InputError(
            f"{folder}: the run will write about {_gigabytes(found.disk - there)} of posterior samples, "
            f"checkpoints and weights, and {_gigabytes(free)} are free: make room, or give --max_samples, "
            "a larger --collect_every, fewer or narrower networks, or no --save_weights"
        )
    available = available_memory() + resident_memory()
    remedy = "fewer or narrower networks, fewer chains, or a smaller --batch_size"
    if found.memory > available:
        raise InputError(
            f"TensorFlow, the networks, their optimizers and the images need {_gigabytes(found.memory)} of "
            "memory, and "
            f"{_gigabytes(available)} are available: give {remedy}"
        )
    if found.working_memory > available:
        return (
            f"the run may need about {_gigabytes(found.working_memory)} of memory, and "
            f"{_gigabytes(available)} are available: should the run be killed for it, give {remedy}"
        )
    return None


def resident_memory() -> int:
    """Bytes that this process has already."""
    return psutil.Process().memory_info().rss


def available_memory() -> int:
    """Bytes that this process may still take: of the machine, or of its control group if that is less."""
    available = psutil.virtual_memory().available
    for limit, usage in CONTROL_GROUPS:
        try:
            left = int(Path(limit).read_text()) - int(Path(usage).read_text())
        except (OSError, ValueError):  # No such control group, or no limit ("max").
            continue
        available = min(available, max(left, 0))
    return available


def _gigabytes(num_bytes: int) -> str:
    return f"{num_bytes / 2**30:.2f} GiB"
