"""Data of the user's own, as flags name them: which they are, and where they lie."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

from bayesian_gan.errors import InputError
from bayesian_gan.options.groups import AllOptions

KINDS = ("folder", "npz", "table")
# What --data PATH means, by how the file's name ends; anything else is a folder.
SUFFIXES = {".npz": "npz", ".csv": "table", ".tsv": "table"}


def is_own(dataset: str) -> bool:
    """Whether a value of `--dataset` means data of the user's own."""
    kind, _, rest = dataset.partition(":")
    return bool(rest) and kind in KINDS


def meant(data: str | None, dataset: str) -> str:
    """The value of `--dataset` that `--data` is short for; without it that which is given."""
    if data is None:
        return dataset
    kind = SUFFIXES.get(Path(data).suffix.lower(), "folder")
    return f"{kind}:{data}"


def is_folder(dataset: str) -> bool:
    """Whether a value of `--dataset` means a folder of pictures of the user's own."""
    return is_own(dataset) and dataset.startswith("folder:")


def resolve_data(config: AllOptions, given: Collection[str]) -> dict[str, Any]:
    """What `--data`, `--dataset`, `--data_path`, `--labels` and `--start_from` mean, with absolute paths.

    A run may go on in another folder.

    Args:
        config: of the flags.
        given: names of those that stand on the command line.

    Returns:
        Values of options by name.

    Raises:
        InputError: `--data` and `--dataset` are both given.
    """
    dataset, found = config.dataset, dict[str, Any]()
    if config.data is not None:
        if "dataset" in given:
            raise InputError(
                f"--data {config.data} and --dataset {dataset}: both name the data; leave one of them out"
            )
        dataset = meant(config.data, dataset)
        found["data"] = None  # From here on --dataset says it.
    if config.data_path is not None:
        found["data_path"] = absolute(config.data_path)
    if is_own(dataset):
        kind, _, path = dataset.partition(":")
        found["dataset"] = f"{kind}:{absolute(path)}"
        if config.resume in (None, "auto"):
            # It would say where data have moved to, and these have not.
            found["data_path"] = None
    for name in ("labels", "start_from"):
        if getattr(config, name) is not None:
            found[name] = absolute(getattr(config, name))
    return found


def moved(config: AllOptions, data_path: str) -> AllOptions:
    """The options of a run whose own data lie elsewhere now, and their file of labels with them.

    Args:
        config: of the run.
        data_path: where the folder or file lies that `--dataset` named.
    """
    kind, _, old = config.dataset.partition(":")
    labels = config.labels
    if labels is not None and Path(labels).is_relative_to(old):
        labels = str(Path(absolute(data_path)) / Path(labels).relative_to(old))
    return replace(config, dataset=f"{kind}:{absolute(data_path)}", labels=labels)


def absolute(path: str) -> str:
    """A path that means the same from every folder, with a leading ~ expanded."""
    return str(Path(path).expanduser().absolute())
