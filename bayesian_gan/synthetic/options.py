"""Flags of `run_bgan_synth.py`, and the configuration they make. Nothing here imports TensorFlow."""

import math
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from absl import flags

from bayesian_gan.errors import InputError
from bayesian_gan.synthetic.data import DATA_NAMES, DataName

# The systems that can be trained on one data set, and what they are called in pictures.
SYSTEMS = {
    "bayesgan": "BayesGAN",
    "ml": "ML GAN",
    "ml_equal_cost": "ML GAN, equal cost",
    "wasserstein": "Wasserstein GAN",
}
DEFAULT_SYSTEMS = ("bayesgan", "ml", "wasserstein")
# At least two rows a generator for a share of anything, and no more than what is drawn of the union.
MAX_GENERATORS = 1000
# More generators than this move by a random scan unless told otherwise.
MOST_AT_ONCE = 10

LEARNING_RATE, WARM_UP = 1e-3, 1000
SAMPLER_LR, FRICTION = 1e-3, 0.5


@dataclass(frozen=True)
class SynthConfig:
    """The resolved configuration of a run: one attribute for each flag, with its name and meaning."""

    out_dir: str | None
    data: DataName
    systems: tuple[str, ...]
    x_dim: int
    z_dim: int
    num_gen: int
    num_mcmc: int
    generators_per_step: int | None
    hidden: int
    train_iter: int
    n_save: int
    batch_size: int
    prior_std: float
    lr: float
    warm_up: int
    sampler_lr: float
    friction: float
    temperature: float
    feature_matching: float
    random_seed: int
    data_seed: int
    save_weights: bool
    wasserstein: bool
    gradient_penalty: float

    @classmethod
    def from_flags(cls, values: flags.FlagValues) -> "SynthConfig":
        """The configuration of parsed flags.

        Raises:
            InputError: a value out of its range, or flags that contradict each other.
        """
        given = {field.name: values[field.name].value for field in fields(cls)}
        config = cls(**(given | {"systems": tuple(given["systems"])}))
        config.check()
        if config.generators_per_step is None:
            most = min(config.num_gen, MOST_AT_ONCE)
            block = max(k for k in range(1, most + 1) if config.num_gen % k == 0)
            config = replace(config, generators_per_step=block)
        return config

    def check(self) -> None:
        """Raises InputError where a value is out of its range or flags contradict each other."""
        if self.out_dir is None:
            raise InputError("--out_dir: give a folder for results")
        if self.wasserstein and self.feature_matching > 0:
            raise InputError(
                "--wasserstein and --feature_matching exclude each other: generators follow the critic alone"
            )
        for name, value in self.to_json().items():
            if isinstance(value, float) and not math.isfinite(value):
                raise InputError(f"--{name} must be a finite number, not {value}")
        for name in ("prior_std", "lr", "sampler_lr", "gradient_penalty"):
            if not getattr(self, name) > 0:
                raise InputError(f"--{name} must be greater than 0, not {getattr(self, name)}")
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
        """All attributes by name."""
        return asdict(self)


def define(values: flags.FlagValues) -> None:
    """Defines all flags on `values`, absl's `flags.FLAGS` in the entry point."""
    _define_data_flags(values)
    _define_sample_flags(values)
    _define_training_flags(values)


def _define_data_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_string(
        "out_dir", None, "Results go to OUT_DIR/synth_DATA_UNIXTIME/.", flag_values=values
    )
    flags.DEFINE_enum(
        "data",
        "clusters",
        list(DATA_NAMES),
        "Data set: clusters (ten on planes, as in the authors' program) or slides (one plane, as on their "
        "slides); every column is standardised.",
        flag_values=values,
    )
    flags.DEFINE_integer(
        "x_dim", 100, "Dimension of the data, >= 2.", lower_bound=2, flag_values=values
    )
    flags.DEFINE_integer(
        "data_seed", 0, "Seed, >= 0, of the data set.", lower_bound=0, flag_values=values
    )
    flags.DEFINE_list(
        "systems",
        list(DEFAULT_SYSTEMS),
        "What is trained, side by side in pictures and tables: "
        "bayesgan; ml, a maximum-likelihood GAN (one generator, one discriminator) for as many iterations; "
        "ml_equal_cost, the same for num_mcmc * generators_per_step times as many; wasserstein, ml with a "
        "critic in the place of the discriminator.",
        flag_values=values,
    )


def _define_sample_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_integer(
        "z_dim",
        2,
        "Dimension, >= 1, of the noise z ~ U(-1, 1).",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "num_gen",
        1,
        f"J_g, generators of a chain, in 1..{MAX_GENERATORS}.",
        lower_bound=1,
        upper_bound=MAX_GENERATORS,
        flag_values=values,
    )
    flags.DEFINE_alias("numz", "num_gen", flag_values=values)
    flags.DEFINE_integer(
        "num_mcmc",
        1,
        "M, SGHMC chains, in 1..100, each with a discriminator.",
        lower_bound=1,
        upper_bound=100,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "generators_per_step",
        None,
        "k, a divisor of num_gen: each iteration moves k generators of a chain, drawn afresh. By default the "
        f"largest divisor up to {MOST_AT_ONCE}.",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "hidden",
        1000,
        "Width, >= 1, of the hidden layer of every network.",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_float(
        "prior_std",
        1.0,
        "Standard deviation s, > 0, of the weight prior N(0, s^2 I).",
        lower_bound=0.0,
        flag_values=values,
    )
    flags.DEFINE_float(
        "feature_matching",
        0.0,
        "Weight, >= 0, of the distance of features in the generators' energies.",
        lower_bound=0.0,
        flag_values=values,
    )


def _define_training_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_integer(
        "train_iter",
        2000,
        "Iterations, >= 1 (1000 in the authors' program).",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "n_save",
        100,
        "Iterations, >= 1, between two measurements; divides train_iter.",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "batch_size",
        64,
        "Real points, >= 2, in a minibatch, and points of each generator.",
        lower_bound=2,
        flag_values=values,
    )
    flags.DEFINE_float(
        "lr",
        LEARNING_RATE,
        "Learning rate, > 0, of Adam (beta1 0.5): in the warm-up of the Bayesian GAN, and all the way of the "
        "ML GAN.",
        lower_bound=0.0,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "warm_up",
        WARM_UP,
        "Iterations, >= 0, of Adam before SGHMC.",
        lower_bound=0,
        flag_values=values,
    )
    flags.DEFINE_float(
        "sampler_lr",
        SAMPLER_LR,
        "Learning rate, > 0, of SGHMC, for the mean energy per example.",
        lower_bound=0.0,
        flag_values=values,
    )
    flags.DEFINE_float(
        "friction",
        FRICTION,
        "Friction, in [0, 1], of SGHMC.",
        lower_bound=0.0,
        upper_bound=1.0,
        flag_values=values,
    )
    flags.DEFINE_float(
        "temperature",
        1.0,
        "Temperature, >= 0, of the posterior; 1 is the posterior itself.",
        lower_bound=0.0,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "random_seed",
        2222,
        "Seed, >= 0, of initial weights, minibatches, z and the samplers' noise.",
        lower_bound=0,
        flag_values=values,
    )
    flags.DEFINE_bool(
        "save_weights",
        False,
        "Save the weights of every network at the end, weights_SYSTEM.npz.",
        flag_values=values,
    )
    flags.DEFINE_bool(
        "wasserstein",
        False,
        "The Wasserstein objective in the Bayesian GAN too: a critic in the place of the discriminator.",
        flag_values=values,
    )
    flags.DEFINE_float(
        "gradient_penalty",
        10.0,
        "Weight, > 0, of the penalty on the norm of critics' gradients (Gulrajani et al. 2017).",
        lower_bound=0.0,
        flag_values=values,
    )
