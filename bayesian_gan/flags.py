"""Command-line flags of the entry points, and the configuration they make.

Every flag of the authors' program keeps its name, default and meaning. Nothing here imports TensorFlow, so a
wrong flag is refused at once.
"""

import math
from collections.abc import Collection
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

from absl import flags

from bayesian_gan.data.options import CELEB_TRAIN, DOWNLOAD_SECONDS, Options
from bayesian_gan.devices import parse_device
from bayesian_gan.errors import InputError
from bayesian_gan.presets import PRESETS, preset_values

AUTHORS_WARM_UP = 5000
WEIGHT_CLIP = 0.01

# What does not decide how the training goes: a run may resume with other values of these.
MAY_DIFFER = (
    "out_dir",
    "data_path",
    "cache_dir",
    "download",
    "download_seconds",
    "train_iter",
    "n_save",
    "save_samples",
    "save_weights",
    "resume",
    "checkpoint_every",
    "checkpoint_minutes",
    "on_nan",
    "device",
    "strategy",
)


@dataclass(frozen=True)
class Config:
    """A run's resolved configuration: one attribute for each flag, with the flag's name and meaning."""

    out_dir: str | None
    n_save: int
    z_dim: int
    gf_dim: int
    df_dim: int
    data_path: str | None
    dataset: str
    batch_size: int
    prior_std: float
    num_layers: int
    num_gen: int
    num_disc: int
    num_mcmc: int
    chain_offset: int | None
    N: int
    train_iter: int
    wasserstein: bool
    ml: bool
    save_samples: bool
    save_weights: bool
    random_seed: int
    lr: float
    lr_decay: float
    optimizer: str
    ml_ensemble: int | None
    semi: bool
    objective: Literal["paper", "authors", "wasserstein"]
    weight_clip: float | None
    gradient_penalty: float | None
    feature_matching: float
    pairing_reduction: Literal["mean", "sum"]
    labelled_weight: float
    matching: Literal["huber", "mean"]
    entropy: float
    consistency: float
    consistency_ramp: int
    average_decay: float
    input_noise: float
    hidden_noise: float
    init: Literal["normal", "he"]
    pooling: Literal["stride", "average"]
    generator_layers: int | None
    labelled_batch_size: int | None
    cosine_from: float | None
    preset: str | None
    validation: int
    generators_per_step: int | None
    pairs_per_step: int | None
    device: str
    strategy: Literal["none", "mirrored", "multiworker"]
    shards: int
    mixed_precision: bool
    jit: bool
    friction: float
    temperature: float
    noise: Literal["normal", "rademacher"]
    sampler_lr: float | None
    warm_up: int
    collect_every: int
    max_samples: int | None
    label_seed: int
    image_size: int | None
    resize: bool
    celeb_train: int
    cache_dir: str | None
    download: bool
    download_seconds: float
    resume: str | None
    checkpoint_every: int
    checkpoint_minutes: float
    on_nan: Literal["stop", "restart_member"]

    @classmethod
    def from_flags(cls, values: flags.FlagValues) -> "Config":
        """The configuration of parsed flags.

        Raises:
            InputError: flags that contradict each other.
        """
        apply_preset(values)
        config = cls(**{field.name: values[field.name].value for field in fields(cls)})
        given = {name for name in config.to_json() if values[name].present}
        config = config._resolve(given)
        config.check()
        return config

    def _resolve(self, given: Collection[str]) -> "Config":
        """The configuration with what flags imply of others.

        Args:
            given: names of the flags that stand on the command line.

        Raises:
            InputError: an implied one is given too.
        """
        implied: dict[str, Any] = {}
        if self.ml_ensemble is not None:
            if "num_mcmc" in given:
                raise InputError(
                    f"--ml_ensemble {self.ml_ensemble} makes {self.ml_ensemble} DCGANs, each a chain of its "
                    "own: leave out --num_mcmc"
                )
            single = {"num_gen": 1, "num_disc": 1, "objective": "paper"}  # Whatever a preset says.
            implied = {name: value for name, value in single.items() if name not in given}
            implied["num_mcmc"] = self.ml_ensemble
        if self.wasserstein:
            if "objective" in given:
                raise InputError("--wasserstein is an objective of its own: leave out --objective")
            implied["objective"] = "wasserstein"
            if "feature_matching" not in given:
                implied["feature_matching"] = 0.0
            if self.weight_clip is None and self.gradient_penalty is None:
                implied["weight_clip"] = WEIGHT_CLIP
        return replace(self, **implied)

    def check(self) -> None:
        """Raises InputError where flags contradict each other."""
        if self.out_dir is None and self.resume in (None, "auto"):
            raise InputError("--out_dir: give a folder for results")
        if not self.checkpoint_minutes > 0:
            raise InputError(
                f"--checkpoint_minutes must be greater than 0, not {self.checkpoint_minutes}"
            )
        self._check_wasserstein()
        self._check_ensemble()
        if self.ml and (self.num_gen, self.num_disc, self.num_mcmc) != (1, 1, 1):
            raise InputError(
                "--ml is a single DCGAN: it needs --num_gen 1 --num_disc 1 --num_mcmc 1, not "
                f"{self.num_gen}, {self.num_disc} and {self.num_mcmc}"
            )
        for name, value in self.to_json().items():
            if isinstance(value, float) and not math.isfinite(value):
                raise InputError(f"--{name} must be a finite number, not {value}")
        if self.batch_size < 2:
            raise InputError(
                f"--batch_size must be at least 2 for batch normalisation, not {self.batch_size}"
            )
        for name in ("prior_std", "lr"):
            if not getattr(self, name) > 0:
                raise InputError(f"--{name} must be greater than 0, not {getattr(self, name)}")
        if self.sampler_lr is not None and not self.sampler_lr > 0:
            raise InputError(f"--sampler_lr must be greater than 0, not {self.sampler_lr}")
        self.data_options()
        parse_device(self.device)
        self._check_shards()
        self._check_scan()
        self._check_terms()
        if self.chain_offset and self.objective == "authors":
            raise InputError(
                "--chain_offset needs --objective paper: under --objective authors all chains meet, so none "
                "can run alone"
            )

    def _check_shards(self) -> None:
        """Raises InputError where a minibatch cannot be divided, or not between devices."""
        if self.strategy != "none":
            for name, value, why in (
                ("jit", self.jit, "XLA compiles a step of one device"),
                (
                    "generators_per_step",
                    self.generators_per_step,
                    "the block is chosen in the step",
                ),
            ):
                if value:
                    raise InputError(f"--strategy does not go with --{name}: {why}; leave one out")
        if self.strategy == "multiworker" and self.on_nan != "stop":
            raise InputError(
                "--strategy multiworker does not go with --on_nan restart_member: leave one of the two out"
            )
        if self.shards == 1 and self.strategy == "none":
            return
        if self.objective == "authors":
            raise InputError(
                "--shards and --strategy need --objective paper: the authors' logsumexp of minibatch means is "
                "no mean over shards; choose one device, or the paper's objective"
            )
        labelled = self.labelled_batch_size or min(self.batch_size, self.N)
        for name, size, least in (
            ("batch_size", self.batch_size, 2),
            ("labelled_batch_size", labelled if self.semi else self.shards, 1),
        ):
            if size % self.shards or size < least * self.shards:
                raise InputError(
                    f"--{name} {size} does not make {self.shards} equal shards of {least} or more: give a "
                    f"multiple of {self.shards}"
                )

    def _check_wasserstein(self) -> None:
        """Raises InputError where flags contradict a Wasserstein critic, or need one."""
        for name in ("weight_clip", "gradient_penalty"):
            value = getattr(self, name)
            if value is None:
                continue
            if not self.wasserstein:
                raise InputError(f"--{name} needs --wasserstein: add it, or leave --{name} out")
            if not value > 0:
                raise InputError(f"--{name} must be greater than 0, not {value}")
        if not self.wasserstein:
            return
        if self.weight_clip is not None and self.gradient_penalty is not None:
            raise InputError(
                "--weight_clip and --gradient_penalty both bound the critic's slope: leave one of them out"
            )
        if self.feature_matching > 0:
            raise InputError(
                "--wasserstein does not go with --feature_matching: the generators follow the critic alone; "
                f"leave out --feature_matching {self.feature_matching:g}"
            )

    def _check_ensemble(self) -> None:
        """Raises InputError where other flags contradict an ensemble of single DCGANs."""
        if self.ml_ensemble is None:
            return
        for name, needed in (
            ("num_gen", 1),
            ("num_disc", 1),
            ("num_mcmc", self.ml_ensemble),
            ("ml", False),
        ):
            if getattr(self, name) != needed:
                raise InputError(
                    f"--ml_ensemble {self.ml_ensemble} is {self.ml_ensemble} DCGANs of one generator and one "
                    f"discriminator each: leave out --{name} {getattr(self, name)}"
                )
        if self.objective == "authors":
            raise InputError(
                "--ml_ensemble needs --objective paper: under --objective authors all networks meet, "
                "so the DCGANs would not be independent; leave one of the two out"
            )

    def data_options(self) -> Options:
        """How the data set is to be read.

        Raises:
            InputError: a value out of its range.
        """
        return Options(**{field.name: getattr(self, field.name) for field in fields(Options)})

    def _check_terms(self) -> None:
        """Raises InputError where a term of the energies does not fit the other flags."""
        for name in ("entropy", "consistency"):
            if getattr(self, name) > 0 and self.objective == "authors":
                raise InputError(
                    f"--{name} needs --objective paper: the authors' losses have no such term"
                )
            if getattr(self, name) > 0 and not self.semi:
                raise InputError(f"--{name} needs labels (--semi): without there are no classes")
        if not self.average_decay < 1:
            raise InputError(f"--average_decay must lie in [0, 1), not {self.average_decay}")

    def _check_scan(self) -> None:
        """Raises InputError where the parts of one step do not fit the numbers of samples."""
        for name in ("generators_per_step", "pairs_per_step"):
            if getattr(self, name) is not None and self.objective == "authors":
                raise InputError(
                    f"--{name} needs --objective paper: the authors' logsumexp over all pairs has no "
                    "unbiased estimate from some of them"
                )
        moved = self.generators_per_step or self.num_gen
        if moved > self.num_gen or self.num_gen % moved:
            raise InputError(
                f"--generators_per_step must divide --num_gen, which is {self.num_gen}, into equal "
                f"blocks; {moved} does not"
            )
        if (self.pairs_per_step or 1) > moved:
            raise InputError(
                f"--pairs_per_step must be at most {moved}, the generators that move in a step, not "
                f"{self.pairs_per_step}"
            )

    @property
    def maximum_likelihood(self) -> bool:
        """Whether there is neither prior nor noise: a DCGAN (`--ml`) or several (`--ml_ensemble`)."""
        return self.ml or self.ml_ensemble is not None

    @property
    def side_by_side(self) -> int | None:
        """Discriminators of a step that do not wait for each other; see `bayesian_gan.threads`.

        None with `--ml_ensemble` and `--chain_offset`: operations are then never split over threads. Sums that
        are split end in other last digits, and a chain must not depend on how many others there are.
        """
        if self.ml_ensemble is not None or self.chain_offset is not None:
            return None
        return self.num_mcmc * self.num_disc

    @property
    def first_collection(self) -> int:
        """The iteration of the first posterior draw."""
        return self.warm_up + self.collect_every

    def to_json(self) -> dict[str, Any]:
        """All attributes by name."""
        return asdict(self)


def apply_preset(values: flags.FlagValues) -> None:
    """Gives the flags that the command line leaves out the values of `--preset`, if there is one."""
    if values["preset"].value is None:
        return
    preset = preset_values(values["preset"].value, semi=values["semi"].value, ml=values["ml"].value)
    for name, value in preset.items():
        if not values[name].present:
            values[name].value = value


def define(values: flags.FlagValues, semi: bool) -> None:
    """Defines all flags on `values`.

    Args:
        values: absl's `flags.FLAGS` in an entry point.
        semi: default of `--semi`: True for run_bgan_semi.py, False for run_bgan.py.
    """
    _define_data_flags(values)
    _define_network_flags(values)
    _define_sample_flags(values)
    _define_term_flags(values)
    _define_cost_flags(values)
    _define_training_flags(values)
    _define_sampler_flags(values)
    _define_output_flags(values)
    _define_reliability_flags(values)
    flags.DEFINE_enum(
        "preset",
        None,
        list(PRESETS),
        "Defaults of other flags: "
        + "; ".join(f"{name}, {preset.description}" for name, preset in PRESETS.items())
        + ". Every flag that is given overrides. The run prints them in full.",
        flag_values=values,
    )
    flags.DEFINE_bool(
        "semi",
        semi,
        "Learn from N labelled images as well (the classifier); without it, unsupervised.",
        flag_values=values,
    )


def _define_data_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_string(
        "data_path",
        None,
        "Folder of the data sets, in the authors' layout (DATA_PATH/mnist/*.gz) or a TensorFlow Datasets "
        "data_dir. Not needed for --dataset digits, folder:PATH and npz:PATH.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "dataset",
        "mnist",
        "Data set: mnist, fashion_mnist, kmnist, emnist, cifar, cifar100, svhn, celeb, imagenet_K, digits, or "
        "data of your own as folder:PATH, npz:PATH or tfds:NAME. `python -m bayesian_gan.data list` shows all.",
        flag_values=values,
    )
    flags.DEFINE_integer(
        "image_size",
        None,
        "Side of the images in pixels, in [8, 1024]. By default the data set's own: 32 for celeb (50 in the "
        "paper; 32, 50 and 64 are cropped), 64 for imagenet_K. Other data need --resize to have another.",
        flag_values=values,
    )
    flags.DEFINE_bool(
        "resize",
        False,
        "Resize images of another size or channel count than the network's; without it they are refused.",
        flag_values=values,
    )
    flags.DEFINE_integer(
        "celeb_train",
        CELEB_TRAIN,
        "Training images of celeb, >= 1: 75000 in the authors' program, 100000 in the paper.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "cache_dir",
        None,
        "Folder of decoded images, shared by runs. By default ~/.cache/bayesian_gan.",
        flag_values=values,
    )
    flags.DEFINE_bool(
        "download",
        True,
        "Have TensorFlow Datasets download into DATA_PATH what is not there.",
        flag_values=values,
    )
    flags.DEFINE_float(
        "download_seconds",
        DOWNLOAD_SECONDS,
        "Time limit of a download in seconds, > 0.",
        flag_values=values,
    )
    flags.DEFINE_integer(
        "N",
        128,
        "Number of labelled examples, class-balanced, from the number of classes to the size of the training "
        "set. The whole training set serves as unlabelled.",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "validation",
        0,
        "For tuning: the last so many training images, >= 0, leave the training set and stand for the test "
        "set, which is then not looked at.",
        lower_bound=0,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "label_seed",
        0,
        "Seed, >= 0, that chooses the labelled examples, apart from --random_seed.",
        lower_bound=0,
        flag_values=values,
    )


def _define_network_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_integer(
        "z_dim",
        100,
        "Dimension, >= 1, of the noise z ~ U(-1, 1).",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "gf_dim",
        64,
        "Generator width: channels, >= 1, next to the image. (The authors' program ignores it and takes "
        "df_dim: give both the same value to have its generator.)",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "df_dim",
        96,
        "Discriminator width: channels, >= 1, of the first layer; also the supervised CNN's.",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "num_layers",
        4,
        "Convolutions, >= 1, of each network; the paper's networks have 5.",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "generator_layers",
        None,
        "Convolutions, >= 1, of the generators, where they shall have another number than --num_layers.",
        lower_bound=1,
        flag_values=values,
    )


def _define_term_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_enum(
        "matching",
        "huber",
        ["huber", "mean"],
        "What --feature_matching weighs. huber: Huber distance of features, image by image, as in the "
        "authors' program. mean: squared distance of the minibatch means of features.",
        flag_values=values,
    )
    flags.DEFINE_float(
        "entropy",
        0.0,
        "Weight, >= 0, of the mean entropy of unlabelled images' class probabilities in the discriminators' "
        "energies. Not in the paper's posterior.",
        lower_bound=0.0,
        flag_values=values,
    )
    flags.DEFINE_float(
        "consistency",
        0.0,
        "Weight, >= 0, of the squared distance of unlabelled images' class probabilities from those of a "
        "noise-free discriminator of averaged weights. Not in the paper's posterior.",
        lower_bound=0.0,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "consistency_ramp",
        1500,
        "Iterations, >= 0, over which that weight rises linearly from 0.",
        lower_bound=0,
        flag_values=values,
    )
    flags.DEFINE_float(
        "average_decay",
        0.999,
        "Decay, in [0, 1), of the averaged weights, a step.",
        lower_bound=0.0,
        flag_values=values,
    )
    flags.DEFINE_float(
        "input_noise",
        0.0,
        "Standard deviation, >= 0, of noise on the discriminators' images in training, which lie in [-1, 1].",
        lower_bound=0.0,
        flag_values=values,
    )
    flags.DEFINE_float(
        "hidden_noise",
        0.0,
        "Standard deviation, >= 0, of noise on what the discriminators' convolutions give, in training.",
        lower_bound=0.0,
        flag_values=values,
    )
    flags.DEFINE_enum(
        "init",
        "normal",
        ["normal", "he"],
        "Initial weights. normal: N(0, 0.02^2), as in the authors' program. he: He et al.'s, zero biases.",
        flag_values=values,
    )
    flags.DEFINE_enum(
        "pooling",
        "stride",
        ["stride", "average"],
        "How the discriminators and the supervised CNN halve their input. stride: convolutions of stride 2, as "
        "in the authors' program. average: of stride 1, and the mean of each 2 x 2: better from few labels, "
        "about four times the products.",
        flag_values=values,
    )


def _define_sample_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_integer(
        "num_gen", 1, "J_g, generators of a chain, >= 1.", lower_bound=1, flag_values=values
    )
    flags.DEFINE_alias("numz", "num_gen", flag_values=values)
    flags.DEFINE_integer(
        "num_disc", 1, "J_d, discriminators of a chain, >= 1.", lower_bound=1, flag_values=values
    )
    flags.DEFINE_integer("num_mcmc", 1, "M, SGHMC chains, >= 1.", lower_bound=1, flag_values=values)
    flags.DEFINE_integer(
        "chain_offset",
        None,
        "Number, >= 0, of the first chain: --num_mcmc 1 --chain_offset 3 is, to the last bit, the fourth chain "
        "of --num_mcmc 4 --chain_offset 0, on a machine of its own; `python -m bayesian_gan.posterior merge` "
        "puts chains together (not with --objective authors). By default 0, of a run that is the whole.",
        lower_bound=0,
        flag_values=values,
    )
    flags.DEFINE_float(
        "prior_std",
        1.0,
        "Standard deviation s, > 0, of the weight prior N(0, s^2 I). The paper has sqrt(10) = 3.16.",
        lower_bound=0.0,
        flag_values=values,
    )
    flags.DEFINE_bool(
        "ml",
        False,
        "Maximum likelihood, a DCGAN: no prior and no noise. Needs num_gen = num_disc = num_mcmc = 1.",
        flag_values=values,
    )
    flags.DEFINE_integer(
        "ml_ensemble",
        None,
        "K >= 1 DCGANs (see --ml), differently seeded, trained side by side and averaged: the paper's DCGAN-10 "
        "has 10. Member k is the same whatever K is. Excludes --num_mcmc, needs num_gen = num_disc = 1.",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_bool(
        "wasserstein",
        False,
        "Wasserstein objective: a critic in place of the discriminator's D, its slope bounded by --weight_clip "
        "or --gradient_penalty; K class logits beside it with --semi. It is an --objective of its own.",
        flag_values=values,
    )
    flags.DEFINE_float(
        "weight_clip",
        None,
        "c > 0: after every step the critic's weights are clipped to [-c, c]. With --wasserstein alone "
        f"{WEIGHT_CLIP} (Arjovsky et al. 2017).",
        lower_bound=0.0,
        flag_values=values,
    )
    flags.DEFINE_float(
        "gradient_penalty",
        None,
        "lambda > 0, weight of the penalty on the norm of the critic's gradient, in place of clipping, with "
        "layer normalisation in the critic: 10 in Gulrajani et al. 2017. Needs --wasserstein.",
        lower_bound=0.0,
        flag_values=values,
    )
    flags.DEFINE_enum(
        "objective",
        "paper",
        ["paper", "authors"],
        "paper: energies of the paper's posteriors, chains independent, SGHMC after the warm-up. authors: the "
        "released program's losses, all pairs, SGD with momentum 0.5 after the warm-up (it does not sample).",
        flag_values=values,
    )
    flags.DEFINE_float(
        "feature_matching",
        1.0,
        "Weight, >= 0, of the Huber distance of real and fake features in the generators' energies: 1 in the "
        "authors' program, 0 in the paper's text. With --wasserstein 0, and nothing else.",
        lower_bound=0.0,
        flag_values=values,
    )
    flags.DEFINE_enum(
        "pairing_reduction",
        "mean",
        ["mean", "sum"],
        "Over the networks of the other player: mean, or Algorithm 1's sum (not with --objective authors).",
        flag_values=values,
    )
    flags.DEFINE_float(
        "labelled_weight",
        1.0,
        "Weight w_s, >= 0, of the labelled term: 1 in the authors' program; the posterior as the paper writes "
        "it has N / (size of the training set) (not with --objective authors).",
        lower_bound=0.0,
        flag_values=values,
    )


def _define_cost_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_integer(
        "generators_per_step",
        None,
        "k, a divisor of num_gen: each iteration moves one block of k generators of every chain, drawn afresh, "
        "and the discriminators meet these alone. A random scan at about k / num_gen of the cost; expected "
        "gradients stay those of the full energies. By default all (not with --objective authors).",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "pairs_per_step",
        None,
        "q >= 1: how many of the generators that move one discriminator meets in one iteration, drawn afresh; "
        "energies stay unbiased. By default all (not with --objective authors).",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_string(
        "device",
        "auto",
        "auto: the first GPU, or the processor if TensorFlow sees none. cpu: the processor. gpu, gpu:NUMBER: "
        "one that must be there.",
        flag_values=values,
    )
    flags.DEFINE_enum(
        "strategy",
        "none",
        ["none", "mirrored", "multiworker"],
        "Devices that share each minibatch. mirrored: all GPUs of this machine. multiworker: the processes "
        "that TF_CONFIG names, started with the same flags; the first alone writes. Each takes a part of the "
        "--shards. See docs/scaling.md.",
        flag_values=values,
    )
    flags.DEFINE_integer(
        "shards",
        1,
        "S >= 1, a divisor of the batch sizes: a minibatch is S shards with batch statistics of their own, "
        "whose gradients are averaged. It decides the result; how many devices share them does not. With "
        "--strategy a multiple of the devices (not with --objective authors).",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_bool(
        "mixed_precision",
        False,
        "bfloat16 for activations and products inside of the networks; weights, statistics, outputs, energies "
        "and the samplers stay float32. Faster on GPUs and on processors that have it (AVX-512 BF16, AMX), "
        "slower elsewhere.",
        flag_values=values,
    )
    flags.DEFINE_bool(
        "jit",
        False,
        "Compile the whole step with XLA: worth trying on a GPU; slower on a CPU.",
        flag_values=values,
    )


def _define_training_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_integer(
        "batch_size",
        64,
        "Images, >= 2, in a minibatch: unlabelled, labelled (at most N), and of each generator.",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "labelled_batch_size",
        None,
        "Labelled images, >= 1, in a minibatch. By default batch_size, or N if that is less.",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "train_iter", 50000, "Iterations, >= 1.", lower_bound=1, flag_values=values
    )
    flags.DEFINE_integer(
        "random_seed",
        2222,
        "Seed, >= 0, of initial weights, minibatches, z and the samplers' noise.",
        lower_bound=0,
        flag_values=values,
    )
    flags.DEFINE_float(
        "lr",
        0.005,
        "Learning rate, > 0, for the mean energy per example.",
        lower_bound=0.0,
        flag_values=values,
    )
    flags.DEFINE_float(
        "lr_decay",
        3.0,
        "Decay, >= 0: lr * exp(-lr_decay * min(1, iteration * batch_size / training images)).",
        lower_bound=0.0,
        flag_values=values,
    )
    flags.DEFINE_float(
        "cosine_from",
        None,
        "Part, in [0, 1), of the warm-up after which its learning rate falls to 0 as a cosine (instead of "
        "--lr_decay).",
        lower_bound=0.0,
        upper_bound=1.0,
        flag_values=values,
    )
    flags.DEFINE_enum(
        "optimizer",
        "sgd",
        ["sgd", "adam"],
        "What follows the Adam warm-up. sgd: SGHMC under --objective paper (stochastic gradient descent with "
        "momentum 1 - friction, and noise), SGD with momentum 0.5 under --objective authors, --ml or "
        "--ml_ensemble. adam: Adam goes on; nothing is sampled, the posterior is then a trajectory of Adam.",
        flag_values=values,
    )


def _define_sampler_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_float(
        "friction",
        0.1,
        "SGHMC's friction alpha, in [0, 1].",
        lower_bound=0.0,
        upper_bound=1.0,
        flag_values=values,
    )
    flags.DEFINE_float(
        "temperature",
        1.0,
        "SGHMC's temperature, >= 0: 1 samples the posterior, 0 adds no noise.",
        lower_bound=0.0,
        flag_values=values,
    )
    flags.DEFINE_enum(
        "noise",
        "normal",
        ["normal", "rademacher"],
        "SGHMC's noise: normal, or random signs (rademacher), which have the same first three moments and cost "
        "next to nothing.",
        flag_values=values,
    )
    flags.DEFINE_float(
        "sampler_lr",
        None,
        "Constant learning rate, > 0, of SGHMC (eta = sampler_lr / training images). By default --lr with its "
        "decay.",
        lower_bound=0.0,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "warm_up",
        AUTHORS_WARM_UP,
        "Iterations, >= 0, of Adam (beta1 0.5) before sampling starts from zero velocity.",
        lower_bound=0,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "collect_every",
        1000,
        "Iterations, >= 1, between posterior draws after the warm-up.",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "max_samples",
        None,
        "Posterior draws, >= 1, kept on disk (the most recent); each holds the weights of all networks. "
        "By default all.",
        lower_bound=1,
        flag_values=values,
    )


def _define_output_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_string(
        "out_dir",
        None,
        "Folder for results: a run writes OUT_DIR/bgan_DATASET_UNIXTIME/. Not needed with --resume RUN_DIR.",
        flag_values=values,
    )
    flags.DEFINE_integer(
        "n_save",
        100,
        "Iterations, >= 1, between evaluations, rows of the tables, and saved samples and weights.",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_bool(
        "save_samples",
        False,
        "Save 5x5 PNG grids of every generator and of real images at every save.",
        flag_values=values,
    )
    flags.DEFINE_bool(
        "save_weights",
        False,
        "Save weights_ITER.npz with all current weights at every save.",
        flag_values=values,
    )


def _define_reliability_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_string(
        "resume",
        None,
        "Go on with a run, bit for bit as if it had not ended: its folder (its flags need not be given again), "
        "or auto, the newest run in OUT_DIR with these flags, or a new one where there is none. Only these may "
        f"differ from the run's: {', '.join(name for name in MAY_DIFFER if name != 'resume')}.",
        flag_values=values,
    )
    flags.DEFINE_integer(
        "checkpoint_every",
        1000,
        "Iterations, >= 1, between checkpoints; the last two are kept.",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_float(
        "checkpoint_minutes",
        10.0,
        "Minutes, > 0, after which a checkpoint is written in any case.",
        lower_bound=0.0,
        flag_values=values,
    )
    flags.DEFINE_enum(
        "on_nan",
        "stop",
        ["stop", "restart_member"],
        "When an energy, a gradient or a weight is NaN or infinite. stop: end with status 3; the last "
        "checkpoint is finite. restart_member: go back to it, and start that network again from its last "
        "collected sample.",
        flag_values=values,
    )
