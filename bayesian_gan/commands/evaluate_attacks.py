"""`evaluate RUN_DIR --attack fgsm,pgd --epsilon 0.1,0.2`: what adversarial examples do to a run."""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesian_gan.errors import InputError
from bayesian_gan.runs.finished import FinishedRun
from bayesian_gan.storage import written

if TYPE_CHECKING:
    from bayesian_gan.data.image_data import ImageData
    from bayesian_gan.evaluation.attacks import Attack
    from bayesian_gan.evaluation.robustness import Attacked
    from bayesian_gan.networks.supervised import SupervisedBaseline
    from bayesian_gan.posterior import Posterior

STEPS, IMAGES = 20, 1000
NOTE = (
    "This is no certified defence: few errors under these attacks prove nothing of others, stronger ones "
    "exist, and whoever knows of a detector can attack that too."
)
ROW = "{:8}{:>8}{:>8}{:>8}{:>9}{:>10}{:>12}{:>10}{:>10}{:>10}"


@dataclass(frozen=True)
class Request:
    """What is asked for.

    Attributes:
        attacks: each of one epsilon.
        num_images: test images to attack, at most.
        seed: of their choice, and of the starts.
        steps: of PGD; None where it is not among them.
    """

    attacks: "tuple[Attack, ...]"
    num_images: int
    seed: int
    steps: int | None

    def check(self, opened: FinishedRun, data: "ImageData") -> None:
        """Raises InputError for a run whose test images have no classes to attack."""
        if not opened.config.semi:
            raise InputError(
                f"--attack: {opened.path} is a run without labels, which takes no image for a wrong class; "
                "leave it out"
            )
        if not data.has_test:
            raise InputError(
                f"--attack: {data.name} has no test set to attack; leave it out, or train with "
                "--test_fraction"
            )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Defines the command line's part on attacks."""
    parser.add_argument(
        "--attack",
        metavar="NAMES",
        help="attack test images, by fgsm, pgd or both with a comma between; see docs/explanation/attacks.md",
    )
    parser.add_argument(
        "--epsilon",
        metavar="NUMBERS",
        help="largest changes of a pixel, in (0, 1] where black is 0 and white 1, with commas between",
    )
    parser.add_argument("--attack_steps", type=int, help=f"of pgd, >= 1 (default: {STEPS})")
    parser.add_argument(
        "--attack_images",
        type=int,
        help=f"test images to attack, drawn at random, >= 1; all where there are fewer (default: {IMAGES})",
    )


def request(arguments: argparse.Namespace) -> Request | None:
    """What the arguments ask for; None without `--attack`.

    Raises:
        InputError: a value that is not served, or without its company.
    """
    if arguments.attack is None:
        for name in ("epsilon", "attack_steps", "attack_images"):
            if getattr(arguments, name) is not None:
                raise InputError(
                    f"--{name} is for attacks: give --attack fgsm,pgd, or leave it out"
                )
        return None
    steps, num_images = (
        default if given is None else given
        for given, default in ((arguments.attack_steps, STEPS), (arguments.attack_images, IMAGES))
    )
    for name, value in (("attack_steps", steps), ("attack_images", num_images)):
        if value < 1:
            raise InputError(f"--{name} {value}: give at least 1")
    # Imported here: help does not wait for it.
    from bayesian_gan.evaluation.attacks import FGSM, PGD

    served: dict[str, Callable[[float], Attack]] = {
        FGSM.name: FGSM,
        PGD.name: lambda epsilon: PGD(epsilon, steps, arguments.seed),
    }
    names, epsilons = _names(arguments.attack, list(served)), _epsilons(arguments.epsilon)
    if arguments.attack_steps is not None and PGD.name not in names:
        raise InputError("--attack_steps is for pgd: give --attack pgd, or leave it out")
    attacks = tuple(served[name](epsilon) for name in names for epsilon in epsilons)
    return Request(attacks, num_images, arguments.seed, steps if PGD.name in names else None)


def _names(given: str, served: Sequence[str]) -> list[str]:
    names = [name.strip() for name in given.split(",")]
    for name in names:
        if name not in served:
            raise InputError(f"--attack: {name!r} is not served; give {', '.join(served)} or both")
    _refuse_twice("attack", names)
    return names


def _epsilons(given: str | None) -> list[float]:
    if given is None:
        raise InputError("--attack needs --epsilon: give numbers in (0, 1], such as 0.1,0.2,0.3")
    epsilons = []
    for word in given.split(","):
        try:
            epsilon = float(word)
        except ValueError:
            epsilon = float("nan")
        if not 0.0 < epsilon <= 1.0:
            raise InputError(
                f"--epsilon: {word.strip()!r} is no number in (0, 1]; give such, with commas between"
            )
        epsilons.append(epsilon)
    _refuse_twice("epsilon", epsilons)
    return epsilons


def _refuse_twice(option: str, values: Sequence[object]) -> None:
    for k, value in enumerate(values):
        if value in values[:k]:
            raise InputError(f"--{option}: {value} is there twice; give it once")


def run(
    asked: Request, opened: FinishedRun, posterior: "Posterior", data: "ImageData"
) -> dict[str, Any]:
    """Attacks, prints a row for each attack when it is done, and draws the picture.

    Returns:
        The part of `evaluation.json` on attacks.

    Raises:
        InputError: the picture cannot be written.
    """
    from bayesian_gan.evaluation.robustness import Robustness
    from bayesian_gan.report.attacked import PICTURE, SHOWN, attack_rows, save_attacks, shown

    chosen = _chosen(len(data.test_images), asked)
    images, labels = data.test_images[chosen], data.test_labels[chosen]
    print(
        f"\nattacks on {len(chosen)} of {len(data.test_images)} test images: no pixel moves by more than "
        "epsilon, where black is 0 and white 1"
    )
    supervised, kept = _supervised(opened, data)
    critic = opened.config.wasserstein
    if critic:
        print("P(real) is left out: a Wasserstein critic's score is no probability")
    tried = Robustness(posterior, images, labels, supervised, says_real=not critic)
    report: dict[str, Any] = {
        "n": len(chosen),
        "seed": asked.seed,
        "steps": asked.steps,
        "supervised": kept,
        "note": NOTE,
        "rows": [_row(tried.clean)],
    }
    _print_head(report)
    places = np.unique(np.linspace(0, len(chosen) - 1, SHOWN).round().astype(int))
    pictures = []
    for attack in asked.attacks:
        found = tried.under(attack)
        pictures.append(shown(found, places))
        report["rows"].append(_row(found))
        print(ROW.format(*attack_rows(report)[-1]), flush=True)
    print(NOTE)
    path = opened.path / PICTURE
    with written(path, "make room, or copy the run"):
        save_attacks(path, tried.images[places], labels[places], pictures, data.class_names)
    print(f"{path}: images, attacked through the average, and what was added to them")
    return report


def _chosen(count: int, asked: Request) -> np.ndarray:
    """Places of the test images to attack, ascending."""
    rng = np.random.default_rng(asked.seed)
    return np.sort(rng.choice(count, min(count, asked.num_images), replace=False))


def _supervised(
    opened: FinishedRun, data: "ImageData"
) -> "tuple[SupervisedBaseline | None, str | None]":
    """The run's supervised CNN, and where it comes from; says so where it is not to be had."""
    from bayesian_gan.runs.kept_supervised import kept_supervised

    try:
        found, kept = kept_supervised(opened, data)
    except InputError as error:
        print(f"the supervised CNN is left out: {error}")
        return None, None
    print(f"supervised CNN: {kept}")
    return found, kept


def _row(found: "Attacked") -> dict[str, Any]:
    attack = found.attack
    return {
        "attack": None if attack is None else attack.name,
        "epsilon": None if attack is None else attack.epsilon,
        "scores": {name: score.to_json() for name, score in found.scores.items()},
        "auroc": found.auroc,
    }


def _print_head(report: dict[str, Any]) -> None:
    from bayesian_gan.report.attacked import attack_rows

    if report["steps"] is not None:
        print(
            f"pgd: {report['steps']} steps of 2.5 epsilon / {report['steps']}, from a random start"
        )
    titles = ("errors, itself attacked", "average, against", "AUROC, average attacked")
    print("\n{:>41}{:>22}{:>30}".format(*titles))
    names = ("attack", "epsilon", "CNN", "single", "average", "the CNN", "the single")
    print(ROW.format(*names, "entropy", "mutual", "P(real)"))
    print(ROW.format(*attack_rows(report)[0]))
