"""Whether what lies in a run's folder is what a run writes there: the folder may be a stranger's."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bayesian_gan.errors import InputError, reason
from bayesian_gan.runs.folder import SNAPSHOTS

# Of a run's folder, those that a run reads and writes; in others there may be anything, such as
# the links that `predict --sort_into` makes.
FOLDERS = ("posterior", "checkpoints", SNAPSHOTS, "tensorboard")
# Of `summary.json`: the classifiers, and what is said of each.
SCORES = ("supervised", "single", "ensemble", "posterior", "calibrated")
NUMBERS = ("errors", "n", "error_rate", "nll")


def check_links(folder: Path) -> None:
    """Refuses links that lead out of a run's folder, or nowhere: what lies there is none of the run's.

    A run appends to its files, and reports show its pictures.

    Raises:
        InputError: one of these links, or the folder may not be read.
    """
    inside = folder.resolve()
    own = [folder / name for name in FOLDERS if (folder / name).is_dir()]
    for path in (path for each in (folder, *own) for path in _links(each)):
        try:
            there = path.resolve(strict=True)
        except (OSError, RuntimeError) as error:  # To nothing, or round in a circle.
            raise InputError(f"{path}: is a link ({reason(error)}); remove it") from error
        if not there.is_relative_to(inside):
            raise InputError(
                f"{path}: is a link to {there}, outside of the run's folder; put there what it leads to, or "
                "remove it"
            )


def _links(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return [Path(entry.path) for entry in entries if entry.is_symlink()]
    except OSError as error:
        raise InputError(
            f"{folder}: cannot be read ({reason(error)}); give the folder of a run"
        ) from error


def check_data(file: Path, data: Any, semi: bool) -> dict[str, Any]:
    """The contents of `data.json`.

    Args:
        file: as messages call it.
        data: that was read.
        semi: whether the run learned from labels; data without labels have no names of classes.

    Raises:
        InputError: they are something else.
    """
    shape, names = (
        data.get(key) if isinstance(data, dict) else None for key in ("image_shape", "class_names")
    )
    if (
        not isinstance(shape, list)
        or len(shape) not in (1, 3)
        or not all(_is_count(size) and size for size in shape)
        or not isinstance(names, list)
        or not all(isinstance(name, str) for name in names)
        or (semi and not names)
        or not all(_is_count(data.get(key, 0)) for key in ("num_train", "num_test"))
    ):
        raise InputError(f"{file}: damaged, it does not describe the data; put it back")
    return data


def check_split(file: Path, split: Any, num_classes: int) -> dict[str, Any]:
    """The contents of `labelled.json`.

    Args:
        file: as messages call it.
        split: that was read.
        num_classes: of the run.

    Raises:
        InputError: they are something else.
    """
    found = split if isinstance(split, dict) else {}
    indices, labels = found.get("indices"), found.get("labels")
    if (
        not isinstance(found.get("name"), str)
        or not _is_count(found.get("label_seed"))
        or not isinstance(indices, list)
        or not isinstance(labels, list)
        or len(indices) != len(labels)
        or not all(map(_is_count, indices))
        or not all(_is_count(label) and label < num_classes for label in labels)
    ):
        raise InputError(
            f"{file}: damaged, it does not say which examples are labelled; put it back"
        )
    return found


def check_summary(file: Path, found: dict[str, Any]) -> dict[str, Any]:
    """The contents of `summary.json`, of this version and of older ones.

    Raises:
        InputError: they are something else.
    """
    scores = [found.get(name) or {} for name in SCORES]
    mixing = [found.get("convergence") or {}]
    whole = all(isinstance(score, dict) for score in scores)
    if whole:
        several = [score.get("mixing") or {} for score in scores]
        mixing += [each for names in several if isinstance(names, dict) for each in names.values()]
    if (
        not whole
        or not all(_is_count(found.get(name)) for name in ("iteration", "num_labelled"))
        or not _is_number(found.get("seconds"))
        or not isinstance(found.get("draws", ""), str)
        or not _is_count((found.get("posterior") or {"num_samples": 0}).get("num_samples"))
        or not all(map(_is_score, scores))
        or not all(
            isinstance(each, dict) and all(v is None or _is_number(v) for v in each.values())
            for each in mixing
        )
    ):
        raise InputError(f"{file}: damaged, not what a run writes there; put it back, or remove it")
    return found


def _is_score(score: dict[str, Any]) -> bool:
    """Whether a part of a summary has all numbers of a classifier's score, or none."""
    there = [name in score for name in NUMBERS]
    return not any(there) or (
        all(there) and all(_is_number(score[name]) for name in NUMBERS) and score["n"] > 0
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**63


@contextmanager
def damage_of(what: str) -> Iterator[None]:
    """Says in one line that files of a run hold something else than what is taken from them.

    Args:
        what: the files.
    """
    try:
        yield
    except InputError:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise InputError(
            f"{what}: damaged, not what a run writes there ({type(error).__name__}: {reason(error)}); put it "
            "back, or remove it"
        ) from error
