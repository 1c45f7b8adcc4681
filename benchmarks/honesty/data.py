"""Data sets on which probabilities are tried, as `.npz` and CSV files that runs take by `--data`.

`tune`: for decisions. Its test examples are training examples of the original, held out: the last
ones of a shuffle by a fixed seed. `judge`: the original test set, for figures alone. `digits` and the
tables have no test set of their own: their two halves are parted by another seed for each.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.model_selection import train_test_split

from bayesian_gan.data.catalogue import load
from bayesian_gan.data.resizing import resized
from bayesian_gan.errors import InputError
from bayesian_gan.options.reading import ReadingOptions
from bayesian_gan.storage import write_atomically

Part = Literal["tune", "judge"]
Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]

HELD_OUT = 10_000
SEEDS: dict[Part, int] = {"tune": 101, "judge": 7}
# Of CIFAR-10's classes: bird, cat, deer, dog, frog, horse.
ANIMALS = (2, 3, 4, 5, 6, 7)


def arrays(name: str, part: Part, data_path: str | None) -> Arrays:
    """Images or rows to train on and to test on, each with all its labels.

    Args:
        name: of `NAMES`.
        part: see above.
        data_path: of MNIST and CIFAR-10.

    Returns:
        x_train, y_train, x_test, y_test; images are uint8 [n, height, width, channels], rows
        float32 [n, D].
    """
    if name not in MAKERS:
        raise InputError(f"--data {name}: give any of {', '.join(MAKERS)}")
    return MAKERS[name](part, data_path)


def file_of(name: str, part: Part, data_path: str | None, folder: Path) -> Path:
    """The data set's file in a folder, made if it is not there."""
    path = folder / f"{name}_{part}.npz"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        x, y, x_test, y_test = arrays(name, part, data_path)
        write_atomically(
            path,
            lambda file: np.savez_compressed(
                file, x_train=x, y_train=y, x_test=x_test, y_test=y_test
            ),
        )
    return path


def _named(dataset: str, part: Part, data_path: str | None) -> Arrays:
    data = load(dataset, data_path, ReadingOptions(download=False))
    if part == "judge":
        return data.images, data.labels, data.test_images, data.test_labels
    order = np.random.default_rng(SEEDS[part]).permutation(len(data.images))
    kept, held = order[:-HELD_OUT], order[-HELD_OUT:]
    return data.images[kept], data.labels[kept], data.images[held], data.labels[held]


def _mnist(part: Part, data_path: str | None) -> Arrays:
    return _named("mnist", part, data_path)


def _cifar(part: Part, data_path: str | None) -> Arrays:
    return _named("cifar", part, data_path)


def _grey(part: Part, data_path: str | None) -> Arrays:
    x, y, x_test, y_test = _cifar(part, data_path)
    return resized(x, (28, 28, 1)), y, resized(x_test, (28, 28, 1)), y_test


def _animals(part: Part, data_path: str | None) -> Arrays:
    x, y, x_test, y_test = _cifar(part, data_path)
    return x, np.isin(y, ANIMALS).astype(int), x_test, np.isin(y_test, ANIMALS).astype(int)


def _digits(part: Part, data_path: str | None) -> Arrays:
    del data_path
    x, y = load_digits(return_X_y=True)
    images = np.round(x * 255.0 / 16.0).astype(np.uint8).reshape(-1, 8, 8, 1)
    return _halves(images, y, part)


def _table(load_set: Callable[..., tuple[np.ndarray, np.ndarray]]) -> Callable[..., Arrays]:
    def rows(part: Part, data_path: str | None) -> Arrays:
        del data_path
        x, y = load_set(return_X_y=True)
        found = _halves(x.astype(np.float32), y, part)
        mean, std = found[0].mean(axis=0), found[0].std(axis=0)
        return (found[0] - mean) / std, found[1], (found[2] - mean) / std, found[3]

    return rows


def _halves(x: np.ndarray, y: np.ndarray, part: Part) -> Arrays:
    share = 500 if len(x) > 1000 else 0.5
    train, test, y_train, y_test = train_test_split(
        x, y, test_size=share, stratify=y, random_state=SEEDS[part]
    )
    return train, y_train, test, y_test


MAKERS: dict[str, Callable[[Part, str | None], Arrays]] = {
    "digits": _digits,
    "mnist": _mnist,
    "cifar": _cifar,
    "grey": _grey,
    "animals": _animals,
    "breast_cancer": _table(load_breast_cancer),
    "wine": _table(load_wine),
}
NAMES = tuple(MAKERS)
