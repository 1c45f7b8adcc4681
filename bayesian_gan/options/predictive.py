"""Options of `bayesian-gan prior`: those of a run, and what is drawn of its prior."""

from dataclasses import dataclass
from pathlib import Path

from bayesian_gan.errors import InputError
from bayesian_gan.options.config import Config
from bayesian_gan.options.option import Group, option
from bayesian_gan.options.start import StartOptions


@dataclass(frozen=True)
class PredictiveOptions(Group):
    """What is drawn of the prior."""

    title = StartOptions.title

    out: str = option("prior.png")
    """The picture that is written, FILE.png. --random_seed is the seed of what it shows."""

    networks: int = option(8, low=1, high=100, noun="number")
    """Generators, and discriminators, that are drawn from the prior."""


@dataclass(frozen=True)
class PredictiveConfig(PredictiveOptions, Config):
    """The options of a run whose prior is shown; those of its length and its sampler decide nothing."""

    def check(self) -> None:
        """Raises InputError where there is nothing to show, or nowhere to write it."""
        super().check()
        if self.resume is not None:
            raise InputError("--resume is of a run that trains: leave it out, and give its flags")
        if self.maximum_likelihood:
            raise InputError(
                "--ml and --ml_ensemble train by maximum likelihood, without a prior: leave them out"
            )
        if self.objective == "authors":
            raise InputError(
                "--objective authors has a prior term that depends on the size of each tensor, and no density "
                "to draw from: leave it out, or give --objective paper"
            )
        path = Path(self.out)
        if path.suffix != ".png":
            raise InputError(f"--out {self.out}: give a name that ends in .png")
        if not path.parent.is_dir():
            raise InputError(f"--out {self.out}: no such folder {path.parent}; make it first")
