"""Options of `run_bgan_synth.py`, and the configuration they make. Nothing here imports TensorFlow."""

from dataclasses import dataclass, replace
from typing import Any

from absl import flags

from bayesian_gan.errors import InputError
from bayesian_gan.options.cost import CostOptions
from bayesian_gan.options.networks import NetworkOptions
from bayesian_gan.options.objective import (
    OF_STUDENT_T,
    PRIOR_DF,
    ObjectiveOptions,
    PriorName,
)
from bayesian_gan.options.option import (
    Group,
    adapted,
    check_needs,
    check_ranges,
    option,
    options_of,
    to_json,
)
from bayesian_gan.options.output import OutputOptions
from bayesian_gan.options.sampler import SamplerOptions
from bayesian_gan.options.start import StartOptions
from bayesian_gan.options.terms import TermOptions
from bayesian_gan.synthetic.data import DataName

# The systems that can be trained on one data set, and what they are called in pictures.
SYSTEMS = {
    "bayesgan": "BayesGAN",
    "ml": "ML GAN",
    "ml_equal_cost": "ML GAN, equal cost",
    "wasserstein": "Wasserstein GAN",
}
# More generators than this move by a random scan unless told otherwise.
MOST_AT_ONCE = 10


@dataclass(frozen=True)
class SynthStartOptions(Group):
    """What is trained, on which data, for how long, and where the results go."""

    title = StartOptions.title

    out_dir: str = adapted(StartOptions, "out_dir")
    """Results go to OUT_DIR/synth_DATA_UNIXTIME/."""

    data: DataName = option("clusters")
    """Data set: clusters (ten on planes, as in the authors' program) or slides (one plane, as
    on their slides); every column is standardised.
    """

    systems: tuple[str, ...] = option(("bayesgan", "ml", "wasserstein"))
    """What is trained, side by side in pictures and tables: bayesgan; ml, a maximum-likelihood
    GAN (one generator, one discriminator) for as many iterations; ml_equal_cost, the same for
    num_mcmc * generators_per_step times as many; wasserstein, ml with a critic in the place of
    the discriminator.
    """

    x_dim: int = option(100, low=2)
    """Dimension of the data."""

    data_seed: int = option(0, low=0)
    """Seed of the data set."""

    # At least two rows a generator for a share of anything, and no more than what is drawn of the union.
    num_gen: int = adapted(StartOptions, "num_gen", high=1000)

    num_mcmc: int = adapted(StartOptions, "num_mcmc", high=100)
    """M, SGHMC chains, each with a discriminator."""

    train_iter: int = adapted(StartOptions, "train_iter", default=2000)
    """Length of the run, its warm-up included; 1000 in the authors' program."""

    n_save: int = adapted(OutputOptions, "n_save")
    """Iterations between two measurements; divides train_iter."""

    random_seed: int = adapted(StartOptions, "random_seed")


@dataclass(frozen=True)
class SynthNetworkOptions(Group):
    """The structure of the networks, which have two layers."""

    title = NetworkOptions.title

    z_dim: int = adapted(NetworkOptions, "z_dim", default=2)

    hidden: int = option(1000, low=1)
    """Width of the hidden layer of every network."""


@dataclass(frozen=True)
class SynthObjectiveOptions(Group):
    """The objective and its terms."""

    title = ObjectiveOptions.title

    prior: PriorName = adapted(ObjectiveOptions, "prior")
    """Prior of the Bayesian GAN's weights, independent and of mean 0 (docs/explanation/priors.md). normal:
    N(0, s^2 I). laplace, student_t: of heavier tails. he_normal: N(0, 2 / fan-in) for kernels,
    N(0, s^2) for biases.
    """

    prior_std: float = adapted(ObjectiveOptions, "prior_std")

    prior_df: float | None = adapted(ObjectiveOptions, "prior_df", needs=(OF_STUDENT_T,))

    feature_matching: float = adapted(TermOptions, "feature_matching", default=0.0)
    """Weight of the distance of features in the generators' energies."""

    wasserstein: bool = adapted(ObjectiveOptions, "wasserstein")
    """The Wasserstein objective in the Bayesian GAN too: a critic in the place of the
    discriminator.
    """

    gradient_penalty: float = adapted(TermOptions, "gradient_penalty", default=10.0)
    """Weight of the penalty on the norm of critics' gradients (Gulrajani et al. 2017)."""


@dataclass(frozen=True)
class SynthSamplerOptions(Group):
    """Minibatches, learning rates and the sampler."""

    title = SamplerOptions.title

    batch_size: int = adapted(SamplerOptions, "batch_size", at_parse=True)
    """Real points in a minibatch, and points of each generator."""

    lr: float = adapted(SamplerOptions, "lr", default=0.001)
    """Learning rate of Adam (beta1 0.5): in the warm-up of the Bayesian GAN, and all the way of
    the ML GAN.
    """

    warm_up: int = adapted(SamplerOptions, "warm_up", default=1000)
    """Iterations of Adam before SGHMC."""

    sampler_lr: float = adapted(SamplerOptions, "sampler_lr", default=0.001)
    """Learning rate of SGHMC, for the mean energy per example."""

    friction: float = adapted(SamplerOptions, "friction", default=0.5)

    temperature: float = adapted(SamplerOptions, "temperature")


@dataclass(frozen=True)
class SynthCostOptions(Group):
    """Parts of a step."""

    title = CostOptions.title

    generators_per_step: int | None = adapted(
        CostOptions,
        "generators_per_step",
        text="k, a divisor of num_gen: each iteration moves k generators of a chain, drawn afresh. By "
        f"default the largest divisor up to {MOST_AT_ONCE}.",
    )


@dataclass(frozen=True)
class SynthOutputOptions(Group):
    """What is saved beside the measurements."""

    title = OutputOptions.title

    save_weights: bool = adapted(OutputOptions, "save_weights")
    """Save the weights of every network at the end, weights_SYSTEM.npz."""


@dataclass(frozen=True)
class SynthConfig(
    SynthStartOptions,
    SynthNetworkOptions,
    SynthObjectiveOptions,
    SynthSamplerOptions,
    SynthCostOptions,
    SynthOutputOptions,
):
    """The resolved configuration of a run: one attribute for each flag, with its name and meaning."""

    @classmethod
    def from_flags(cls, values: flags.FlagValues) -> "SynthConfig":
        """The configuration of parsed flags.

        Raises:
            InputError: a value out of its range, or flags that contradict each other.
        """
        given = {name: values[name].value for name in options_of(cls)}
        config = cls(**(given | {"systems": tuple(given["systems"])}))
        config.check()
        if config.prior == "student_t" and config.prior_df is None:
            config = replace(config, prior_df=PRIOR_DF)
        if config.generators_per_step is None:
            most = min(config.num_gen, MOST_AT_ONCE)
            block = max(k for k in range(1, most + 1) if config.num_gen % k == 0)
            config = replace(config, generators_per_step=block)
        return config

    def check(self) -> None:
        """Raises InputError where a value is out of its range or flags contradict each other."""
        if self.wasserstein and self.feature_matching > 0:
            raise InputError(
                "--wasserstein and --feature_matching exclude each other: generators follow the critic alone"
            )
        check_ranges(self)
        check_needs(self)
        unknown = [name for name in self.systems if name not in SYSTEMS]
        if unknown or not self.systems or len(set(self.systems)) < len(self.systems):
            raise InputError(
                f"--systems must name some of {', '.join(SYSTEMS)}, each once, not "
                f"{','.join(self.systems) or 'none'}"
            )
        if self.train_iter % self.n_save:
            raise InputError(
                f"--n_save must divide --train_iter, which is {self.train_iter}; {self.n_save} does not"
            )
        block = self.generators_per_step or 1
        if self.num_gen % block:
            raise InputError(
                f"--generators_per_step must divide --num_gen, which is {self.num_gen}; {block} does not"
            )

    def to_json(self) -> dict[str, Any]:
        """All options by name."""
        return to_json(self)
