"""The cells of the paper's Table 1: the command that makes each, and what is read of its run.

Two baselines that the paper has not stand beside its systems and need no run; and SWAG, at the cost
of one DCGAN.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from absl import flags

from bayesian_gan.errors import InputError
from bayesian_gan.evaluation.baselines import BASELINES
from bayesian_gan.options import flags as run_flags
from bayesian_gan.options.config import apply_preset

IN_PAPER = ("supervised", "dcgan", "w_dcgan", "dcgan_10", "bayesgan")
SYSTEMS = (*BASELINES, "supervised", "dcgan", "w_dcgan", "swag", "dcgan_10", "bayesgan")

ENSEMBLE = 10
RANK = 10

# Flags that make a system, after those of the preset.
SYSTEM_FLAGS: dict[str, tuple[str, ...]] = {
    "dcgan": ("--ml",),
    "w_dcgan": ("--ml", "--wasserstein", "--gradient_penalty=10"),
    "swag": ("--ml", f"--swag={RANK}"),
    "dcgan_10": (f"--ml_ensemble={ENSEMBLE}", "--num_gen=1", "--num_disc=1"),
    "bayesgan": (),
}

# Which score of a run's summary is the system's: of its final state, never the best on test images.
SCORES = {
    "supervised": "supervised",
    "dcgan": "single",
    "w_dcgan": "single",
    "swag": "posterior",
    "dcgan_10": "ensemble",
    "bayesgan": "posterior",
}

# How the other score of a line is named, by the score that is the system's: beside an average its
# single network, beside a single network the average of its draws along the last iterations, which
# costs no training.
OTHER_SCORES = {
    "supervised": None,
    "single": "trajectory_",
    "ensemble": "single_",
    "posterior": "single_",
}

# Saatci & Wilson 2017, Table 1: (mean, 2 std) over ten label sets; MNIST in errors of 10,000, the
# others in %; of the systems in `IN_PAPER`.
PAPER: dict[tuple[str, int], tuple[tuple[float, float] | None, ...]] = {
    ("mnist", 20): (None, (1823, 412), (1687, 387), (1087, 564), (1432, 487)),
    ("mnist", 50): (None, (453, 110), (490, 170), (189, 103), (332, 172)),
    ("mnist", 100): ((2134, 525), (128, 11), (156, 17), (97, 8.2), (79, 5.8)),
    ("mnist", 200): ((1389, 438), (95, 3.2), (91, 5.2), (78, 2.8), (74, 1.4)),
    ("cifar", 1000): ((63.4, 2.6), (58.2, 2.8), (57.1, 2.4), (31.1, 2.5), (32.7, 5.2)),
    ("cifar", 2000): ((56.1, 2.1), (47.5, 4.1), (49.8, 3.1), (29.2, 1.2), (26.2, 4.8)),
    ("cifar", 4000): ((51.4, 2.9), (40.1, 3.3), (38.1, 2.9), (27.4, 3.2), (23.4, 3.7)),
    ("cifar", 8000): ((47.2, 2.2), (29.3, 2.8), (27.4, 2.5), (25.5, 2.4), (21.1, 2.5)),
    ("svhn", 500): ((53.5, 2.5), (31.2, 1.8), (29.4, 1.8), (27.1, 2.2), (22.5, 3.2)),
    ("svhn", 1000): ((37.3, 3.1), (25.5, 3.3), (25.1, 2.6), (18.3, 1.7), (12.9, 2.5)),
    ("svhn", 2000): ((26.3, 2.1), (22.4, 1.8), (23.3, 1.2), (16.7, 1.8), (11.3, 2.4)),
    ("svhn", 4000): ((20.8, 1.8), (20.4, 1.2), (19.4, 0.9), (14.0, 1.4), (8.7, 1.8)),
    ("celeb", 1000): ((53.8, 4.2), (52.3, 4.2), (51.2, 5.4), (47.3, 3.5), (33.4, 4.7)),
    ("celeb", 2000): ((36.7, 3.2), (37.8, 3.4), (39.6, 3.5), (31.2, 1.8), (31.8, 4.3)),
    ("celeb", 4000): ((34.3, 3.8), (31.5, 3.2), (30.1, 2.8), (29.3, 1.5), (29.4, 3.4)),
    ("celeb", 8000): ((31.1, 4.2), (29.5, 2.8), (27.6, 4.2), (26.4, 1.1), (25.3, 2.4)),
}


@dataclass(frozen=True)
class Cell:
    """One number of the table.

    Attributes:
        dataset: name as `--dataset` takes it.
        N: labelled examples.
        system: one of `SYSTEMS`.
        label_seed: which label set.
        preset: whose terms all systems have; None of a baseline, which has none.
        temperature: of a `bayesgan`; None takes the preset's.
        equal_cost: of a `dcgan_10`: iterations so few that all of it costs what the preset's
            `bayesgan` costs.
    """

    dataset: str
    N: int
    system: str
    label_seed: int
    preset: str | None
    temperature: float | None = None
    equal_cost: bool = False

    @property
    def name(self) -> str:
        """A name for the cell, and for the folder of its run.

        A supervised cell has that of its label set's bayesgan, in whose run the CNN trains.
        """
        system = "bayesgan" if self.system == "supervised" else self.system
        warmth = "" if self.temperature is None else f"_T{self.temperature:g}"
        cost = "_equal" if self.equal_cost else ""
        preset = "" if self.preset is None else f"_{self.preset}"
        return f"{self.dataset}_{self.N}_{system}{warmth}{cost}_{self.label_seed}{preset}"

    @property
    def own_temperature(self) -> float | None:
        """The temperature in a finished cell's line: the preset's if none is asked for.

        It is None for a system without a posterior.
        """
        if self.system != "bayesgan":
            return None
        if self.temperature is not None:
            return self.temperature
        return float(flag_values(self._preset)["temperature"].value)

    @property
    def _preset(self) -> str:
        assert self.preset is not None
        return self.preset

    def flags(self, extra: tuple[str, ...] = ()) -> list[str]:
        """Flags that decide what the cell's run does."""
        system = "bayesgan" if self.system == "supervised" else self.system
        warmth = () if self.temperature is None else (f"--temperature={self.temperature:g}",)
        return [
            f"--preset={self.preset}",
            f"--dataset={self.dataset}",
            f"--N={self.N}",
            f"--label_seed={self.label_seed}",
            *SYSTEM_FLAGS[system],
            *warmth,
            *extra,
            *(() if system == "bayesgan" else _one_generator(extra)),
            *(self._fewer_iterations(extra) if self.equal_cost else ()),
        ]

    def _fewer_iterations(self, extra: tuple[str, ...]) -> list[str]:
        """Iterations of a DCGAN-10 that costs what the preset's `bayesgan` costs with these flags.

        Each chain's step costs k generators that move and as many batches of theirs through the
        discriminator, and about 3/4 of that once for the real images (docs/research/step_cost.md).
        """
        values = flag_values(self._preset, extra)
        k = values["generators_per_step"].value or values["num_gen"].value
        share = values["num_mcmc"].value * (k + 0.75) / (ENSEMBLE * 1.75)
        lengths = {flag: values[flag].value for flag in ("warm_up", "train_iter")}
        return [f"--{flag}={round(share * length)}" for flag, length in lengths.items()]


@cache
def flag_values(preset: str, extra: tuple[str, ...] = ()) -> flags.FlagValues:
    """The flags of a run of the preset, and of others that are handed on to it.

    Raises:
        InputError: an argument that is no flag of a run.
        absl.flags.Error: likewise, or a value that does not fit.
    """
    values = flags.FlagValues()
    run_flags.define(values, semi=True)
    _, *rest = values(["a benchmark", f"--preset={preset}", *extra])
    if rest:
        raise InputError(f"{rest[0]}: is no flag; give --help")
    apply_preset(values)
    return values


def _one_generator(extra: tuple[str, ...]) -> list[str]:
    """What a system with one generator to a chain has in the place of a block of them."""
    scanned = any(flag.lstrip("-").startswith("generators_per_step") for flag in extra)
    return ["--generators_per_step=1"] if scanned else []


def configuration(resolved: dict[str, Any]) -> str:
    """A name of a run's flags, those of one label set apart from no other: 16 hexadecimal digits.

    Args:
        resolved: its flags, of its `config.json`.
    """
    passing = ("out_dir", "data_path", "cache_dir", "resume", "label_seed", "n_save", "download")
    decided = {k: v for k, v in resolved.items() if k not in passing}
    return hashlib.sha256(json.dumps(decided, sort_keys=True).encode()).hexdigest()[:16]


def result(
    cell: Cell,
    extra: tuple[str, ...],
    summary: dict[str, Any],
    described: dict[str, Any],
    num_images: int,
    evaluation: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The line of a finished cell.

    Args:
        cell: which.
        extra: flags beside those of the cell.
        summary: the run's `summary.json`.
        described: its `config.json`.
        num_images: unlabelled images, for the minutes of one pass over them.
        evaluation: the run's `evaluation.json`, with images from elsewhere; None without.
    """
    resolved, score = described["flags"], summary[SCORES[cell.system]]
    single, drawn = summary["single"], summary["posterior"]
    other = OTHER_SCORES[SCORES[cell.system]]
    averaged = other == "single_"
    trajectory = other == "trajectory_" and drawn is not None
    epochs = summary["iteration"] * resolved["batch_size"] / num_images
    return {
        "dataset": cell.dataset,
        "N": cell.N,
        "system": cell.system,
        "label_seed": cell.label_seed,
        "preset": cell.preset,
        "temperature": resolved["temperature"] if cell.system == "bayesgan" else None,
        "equal_cost": cell.equal_cost,
        "extra": " ".join(extra),
        "errors": score["errors"],
        "n": score["n"],
        "nll": score["nll"],
        "ece": score.get("ece"),  # Runs that version 1.1.0 finished have none.
        "single_errors": single["errors"] if averaged else None,
        "single_nll": single["nll"] if averaged else None,
        "trajectory_errors": drawn["errors"] if trajectory else None,
        "trajectory_nll": drawn["nll"] if trajectory else None,
        "num_samples": drawn["num_samples"] if cell.system == "bayesgan" else None,
        # Of a run's draws, among which the supervised CNN is not.
        "ood": None if cell.system == "supervised" else _told_apart(evaluation),
        "iterations": summary["iteration"],
        "seconds": summary["seconds"],
        "minutes_per_epoch": summary["seconds"] / 60.0 / epochs,
        "configuration": configuration(resolved),
        "version": described["versions"]["bayesian-gan"],
    }


def _told_apart(evaluation: dict[str, Any] | None) -> dict[str, Any] | None:
    """How well images from elsewhere are told from test images: their data set, and AUROC by score."""
    if evaluation is None:
        return None
    found = evaluation["out_of_distribution"]
    auroc = {name: score["auroc"] for name, score in found["scores"].items()}
    return {"data_set": found["data_set"], "auroc": auroc}
