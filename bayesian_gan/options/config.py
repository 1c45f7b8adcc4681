"""The configuration of a run: all groups of options, what flags imply of others, and the check of the whole."""

from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, Self

from absl import flags

from bayesian_gan.errors import InputError
from bayesian_gan.options import contradictions
from bayesian_gan.options.augment import one_spelling, parse_augment
from bayesian_gan.options.device import parse_device
from bayesian_gan.options.groups import AllOptions
from bayesian_gan.options.objective import PRIOR_DF, WEIGHT_CLIP
from bayesian_gan.options.option import (
    check_needs,
    check_ranges,
    check_types,
    options_of,
    to_json,
)
from bayesian_gan.options.own_data import is_own, resolve_data
from bayesian_gan.options.own_preset import choose_preset
from bayesian_gan.options.presets import apply_preset


@dataclass(frozen=True)
class Config(AllOptions):
    """A run's resolved configuration: one attribute for each flag, with the flag's name and meaning."""

    @classmethod
    def from_flags(cls, values: flags.FlagValues) -> Self:
        """The configuration of parsed flags.

        Raises:
            InputError: flags that contradict each other.
        """
        choose_preset(values)
        apply_preset(values)
        names = options_of(cls)
        config = cls(**{name: values[name].value for name in names})
        config = config._resolve({name for name in names if values[name].present})
        config.check()
        return config

    def _resolve(self, given: Collection[str]) -> Self:
        """The configuration with what flags imply of others.

        Args:
            given: names of the flags that stand on the command line.

        Raises:
            InputError: an implied one is given too.
        """
        contradictions.check_length(self, given)
        implied: dict[str, Any] = resolve_data(self, given)
        implied["augment"] = one_spelling(self.augment)
        own = is_own(implied.get("dataset", self.dataset))
        if "N" not in given and (own or self.labels is not None):
            implied["N"] = "all"
        if self.prior == "student_t" and self.prior_df is None:
            implied["prior_df"] = PRIOR_DF
        if self.ml_ensemble is not None:
            if "num_mcmc" in given:
                raise InputError(
                    f"--ml_ensemble {self.ml_ensemble} makes {self.ml_ensemble} DCGANs, each a chain of its "
                    "own: leave out --num_mcmc"
                )
            single = {"num_gen": 1, "num_disc": 1, "objective": "paper"}  # Whatever a preset says.
            implied |= {name: value for name, value in single.items() if name not in given}
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
        """Raises InputError where a value is out of its range or options contradict each other."""
        check_types(self)
        check_ranges(self)
        check_needs(self)
        contradictions.check_wasserstein(self)
        contradictions.check_maximum_likelihood(self)
        contradictions.check_swag(self)
        parse_device(self.device)
        parse_augment(self.augment)
        contradictions.check_strategy(self)
        contradictions.check_shards(self)
        contradictions.check_batches(self)
        contradictions.check_scan(self)
        contradictions.check_folds(self)

    @property
    def maximum_likelihood(self) -> bool:
        """Whether there is neither prior nor noise: a DCGAN (`--ml`) or several (`--ml_ensemble`)."""
        return self.ml or self.ml_ensemble is not None

    @property
    def has_sampler(self) -> bool:
        """Whether a sampler follows the warm-up, with a temperature and a friction of its own.

        Otherwise an optimizer does: Adam to the end, or the SGD with momentum of the authors' program.
        """
        if self.maximum_likelihood or self.objective == "authors":
            return False
        return self.optimizer != "adam"

    @property
    def not_sampling(self) -> str | None:
        """Why this run's draws are not samples of a posterior, a clause in words; None where it samples."""
        if self.ml_ensemble is not None:
            return (
                f"--ml_ensemble {self.ml_ensemble} trains by maximum likelihood, without prior and without "
                "noise, so the draws are an ensemble"
            )
        if self.swag is not None:
            return (
                f"--swag {self.swag} draws them from a Gaussian that is fitted to the path of one network "
                "trained by maximum likelihood"
            )
        if self.ml:
            return (
                "--ml trains by maximum likelihood, without prior and without noise, so the draws are a "
                "trajectory of one network"
            )
        if self.optimizer == "adam":
            return "--optimizer adam keeps optimising, so the draws are a trajectory of Adam"
        if self.objective == "authors":
            return (
                "--objective authors is optimised without noise of any temperature, so the draws are an "
                "ensemble"
            )
        if self.temperature == 0:
            return "at temperature 0 no noise is added, so the draws are an ensemble"
        return None

    @property
    def samples(self) -> bool:
        """Whether the draws are meant to be samples of a posterior; see `not_sampling`."""
        return self.not_sampling is None

    @property
    def has_critic(self) -> bool:
        """Whether discriminators are Wasserstein critics, whose values have no origin and no unit."""
        return self.objective == "wasserstein"

    @property
    def real_score(self) -> str:
        """What the discriminators say of an image's being real: "P(real)", or a critic's score."""
        return "the critic's score" if self.has_critic else "P(real)"

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
    def constant_iterations(self) -> int:
        """Iterations of the warm-up before the learning rate, and with it the noise, begins to fall."""
        return self.warm_up if self.cosine_from is None else round(self.cosine_from * self.warm_up)

    @property
    def first_collection(self) -> int:
        """The iteration of the first posterior draw."""
        return self.warm_up + self.collect_every

    def to_json(self) -> dict[str, Any]:
        """All options by name, as `config.json` holds them."""
        return to_json(self)


def term_options(config: Config) -> list[tuple[str, str]]:
    """The options that weigh a term of the energies, of those whose weight is greater than 0.

    Returns:
        Name of the option and "module:class" of its term, in order of declaration.
    """
    return [
        (name, each.option.term)
        for name, each in options_of(Config).items()
        if each.option.term is not None and (getattr(config, name) or 0.0) > 0
    ]


def _that_may_differ(where: Literal["resume", "branch"]) -> tuple[str, ...]:
    """Names in order of the fields, in which the last group of options comes first.

    The order only keeps that of the names in the refusal of a branch without a changed flag.
    """
    declared = options_of(Config)
    return tuple(f.name for f in fields(Config) if where in declared[f.name].option.may_differ)


# What does not decide how the training goes: a run may resume with other values of these.
MAY_DIFFER = _that_may_differ("resume")
# What is read first when the warm-up is over: a run may branch off there with other values of these.
AFTER_WARM_UP = _that_may_differ("branch")
