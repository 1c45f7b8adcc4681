"""One trial: a data set, a label set and a variant of the preset; its run, and what is read of it."""

import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bayesian_gan.options.presets import at_length
from benchmarks.driver_runs import place_name, read, start, train
from benchmarks.honesty.data import Part, file_of
from benchmarks.table.cells import flag_values

TABLES = ("breast_cancer", "wine")
# What a trial changes of the preset. One term at a time, and what may mend it.
VARIANTS: dict[str, tuple[str, ...]] = {
    "preset": (),
    "folds": ("--label_folds=5",),
    "entropy 0": ("--entropy=0",),
    "consistency 1": ("--consistency=1",),
    "consistency 0": ("--consistency=0",),
    "entropy 0, consistency 1": ("--entropy=0", "--consistency=1"),
    "entropy 0, consistency 0": ("--entropy=0", "--consistency=0"),
    "labelled weight 0.1": ("--labelled_weight=0.1",),
    "noise that stays": ("--final_noise=1",),
    "no noise": ("--input_noise=0", "--hidden_noise=0"),
    "no feature matching": ("--feature_matching=0",),
    "one chain": ("--num_mcmc=1",),
    "four chains": ("--num_mcmc=4",),
    "prior 0.3": ("--prior_std=0.3",),
    "T = 0": ("--temperature=0",),
}
LENGTHS = ("train_iter", "warm_up", "collect_every", "consistency_ramp", "average_decay")
SCORES = ("errors", "n", "nll", "ece")


@dataclass(frozen=True)
class Trial:
    """A run and its evaluation.

    Attributes:
        data: of `honesty.data.NAMES`.
        part: which of its examples are tested on.
        N: labels.
        label_seed: which.
        variant: of `VARIANTS`.
        iterations: of the run; other ones than the preset's keep the proportions of its phases.
        extra: flags for every trial.
    """

    data: str
    part: Part
    N: int
    label_seed: int
    variant: str
    iterations: int
    extra: tuple[str, ...]

    @property
    def flags(self) -> tuple[str, ...]:
        """All that decides the run but its data."""
        preset = "table" if self.data in TABLES else "laptop"
        values = flag_values(preset)
        lengths = at_length({name: values[name].value for name in LENGTHS}, self.iterations)
        return (
            f"--preset={preset}",
            *(f"--{name}={value}" for name, value in lengths.items()),
            f"--n_save={self.iterations}",  # One evaluation, of the end.
            f"--N={self.N}",
            f"--label_seed={self.label_seed}",
            *self.extra,
            *VARIANTS[self.variant],
        )

    @property
    def name(self) -> str:
        """Of its place."""
        words = self.variant.replace(" ", "_").replace(",", "")
        return place_name(f"{self.data}_{self.N}_{self.label_seed}_{words}", self.part, *self.flags)

    def minutes(self, lines: list[dict[str, Any]]) -> float | None:
        """How long it takes, judging by the same variant of the same data; None without one."""
        like = [
            line["seconds"] * self.iterations / line["iterations"]
            for line in lines
            if (line["data"], line["variant"]) == (self.data, self.variant)
        ]
        return statistics.mean(like) / 60 if like else None

    def run(self, places: Path, data_path: str | None) -> dict[str, Any]:
        """Trains and evaluates; what is found, a line of the results.

        Raises:
            RunError: one of them failed.
        """
        file = file_of(self.data, self.part, data_path, places / "data").resolve()
        place = places / self.name
        place.mkdir(parents=True, exist_ok=True)
        log = place / "output.log"
        folder = train("run_bgan_semi.py", [f"--data={file}", *self.flags], place, log=log)
        start(["-m", "bayesian_gan", "evaluate", str(folder), "--num_images=0"], log=log)
        return self._line(folder)

    def _line(self, folder: Path) -> dict[str, Any]:
        summary, evaluation = read(folder, "summary.json"), read(folder, "evaluation.json")
        found, baselines = evaluation["classification"], evaluation["baselines"]
        systems = {
            "average": found["average"],
            "calibrated": found.get("calibrated"),
            "single": found["single"]["mean"] | {"n": found["average"]["n"]},
            "supervised": summary["supervised"],
            **{name: baselines[name] for name in ("logistic_regression", "label_spreading")},
        }
        return {
            "name": self.name,
            "data": self.data,
            "part": self.part,
            "N": self.N,
            "label_seed": self.label_seed,
            "variant": self.variant,
            "iterations": summary["iteration"],
            "flags": " ".join(self.flags),
            "scores": {
                name: None if score is None else {key: score[key] for key in SCORES}
                for name, score in systems.items()
            },
            "temperature": (found.get("calibrated") or {}).get("temperature"),
            "rhat_median": (summary["convergence"] or {}).get("rhat_median"),
            "seconds": summary["seconds"],
        }
