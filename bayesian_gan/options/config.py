"""The configuration of a run, and which values of its flags go together.

Nothing here imports TensorFlow, so a wrong flag is refused at once.
"""

import math
from collections.abc import Collection
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

from absl import flags

from bayesian_gan.errors import InputError
from bayesian_gan.options.device import parse_device
from bayesian_gan.options.presets import NEED_LABELS, preset_values
from bayesian_gan.options.reading import Options

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

# What is read first when the warm-up is over: a run may branch off there with other values of these.
AFTER_WARM_UP = (
    "temperature",
    "friction",
    "noise",
    "collect_every",
    "max_samples",
    "train_iter",
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
    class_frequencies: float
    average_decay: float
    input_noise: float
    hidden_noise: float
    final_noise: float
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
        for name in NEED_LABELS:
            if getattr(self, name) > 0 and self.objective == "authors":
                raise InputError(
                    f"--{name} needs --objective paper: the authors' losses have no such term"
                )
            if getattr(self, name) > 0 and not self.semi:
                raise InputError(f"--{name} needs labels (--semi): without there are no classes")
        if self.final_noise < 1 and self.cosine_from is None:
            raise InputError(
                "--final_noise needs --cosine_from, where in the warm-up the noise begins to fall"
            )
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
    def samples(self) -> bool:
        """Whether a sampler follows the warm-up, with a temperature and a friction of its own.

        Otherwise an optimizer does: Adam to the end, or the SGD with momentum of the authors' program.
        """
        if self.maximum_likelihood or self.objective == "authors":
            return False
        return self.optimizer != "adam"

    @property
    def side_by_side(self) -> int | None:
        """Discriminators of a step that do not wait for each other; see `bayesian_gan.runs.threads`.

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
