"""Options of what a step costs, and of the devices and machines that share it."""

from dataclasses import dataclass
from typing import Literal

from bayesian_gan.options.option import Group, Need, option

UNBIASED = Need(
    lambda config: config.objective != "authors",
    "--objective paper: the authors' logsumexp over all pairs has no unbiased estimate from some of them",
)
ALONE = Need(
    lambda config: config.objective != "authors" or not config.chain_offset,
    "--objective paper: under --objective authors all chains meet, so none can run alone",
)


@dataclass(frozen=True)
class CostOptions(Group):
    """Parts of a step, parts of a run, and where they are computed."""

    title = "cost"

    generators_per_step: int | None = option(None, low=1, needs=(UNBIASED,))
    """k, a divisor of num_gen: each iteration moves one block of k generators of every chain,
    drawn afresh, and the discriminators meet these alone. A random scan at about k / num_gen of
    the cost; expected gradients stay those of the full energies. By default all (not with
    --objective authors).
    """

    pairs_per_step: int | None = option(None, low=1, needs=(UNBIASED,))
    """How many of the generators that move one discriminator meets in one iteration, drawn
    afresh; energies stay unbiased. By default all (not with --objective authors).
    """

    chain_offset: int | None = option(None, low=0, needs=(ALONE,))
    """Number of the first chain: --num_mcmc 1 --chain_offset 3 is, to the last bit, the fourth
    chain of --num_mcmc 4 --chain_offset 0, on a machine of its own; `bayesian-gan merge` puts
    chains together (not with --objective authors). By default 0, of a run that is the whole.
    """

    device: str = option("auto", may_differ=("resume",))
    """auto: the first GPU, or the processor if TensorFlow sees none. cpu: the processor. gpu,
    gpu:NUMBER: one that must be there.
    """

    strategy: Literal["none", "mirrored", "multiworker"] = option("none", may_differ=("resume",))
    """Devices that share each minibatch. mirrored: all GPUs of this machine. multiworker: the
    processes that TF_CONFIG names, started with the same flags; the first alone writes. Each
    takes a part of the --shards. See docs/how-to/scaling.md.
    """

    shards: int = option(1, low=1)
    """S, a divisor of the batch sizes: a minibatch is S shards with batch statistics of their
    own, whose gradients are averaged. It decides the result; how many devices share them does
    not. With --strategy a multiple of the devices (not with --objective authors).
    """

    mixed_precision: bool = option(False, kind="pictures")
    """bfloat16 for activations and products inside of the networks; weights, statistics,
    outputs, energies and the samplers stay float32. Faster on GPUs and on processors that have
    it (AVX-512 BF16, AMX), slower elsewhere.
    """

    jit: bool = option(False)
    """Compile the whole step with XLA: worth trying on a GPU; slower on a CPU."""
