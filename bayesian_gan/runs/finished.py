"""A run's folder, opened from the outside: what it is, what it found, and its posterior, without its data set.

`config.json` says in which format the folder is, `data.json` what its images and classes are.
"""

import csv
import io
from dataclasses import fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bayesian_gan.data.features import Features
from bayesian_gan.errors import InputError
from bayesian_gan.options.config import Config
from bayesian_gan.options.option import check_ranges, check_types
from bayesian_gan.options.own_data import is_own
from bayesian_gan.runs.calibrate import read_tempering
from bayesian_gan.runs.folder import DATA_FILE, FEATURES_FILE, RUN_FORMAT, SPLIT_FILE
from bayesian_gan.runs.kept_labels import with_kept_labels
from bayesian_gan.runs.whole import check_data, check_links, check_split, check_summary
from bayesian_gan.storage import open_regular, read_json

if TYPE_CHECKING:
    from bayesian_gan.data.catalogue import ImageData
    from bayesian_gan.evaluation.temperature import Tempering
    from bayesian_gan.posterior import Posterior

ADVICE = "give a folder OUT_DIR/bgan_DATASET_UNIXTIME"


class FinishedRun:
    """The folder of a run that is finished, was stopped, or goes on elsewhere; nothing is written to it.

    Opening it reads small files only and imports no TensorFlow; `posterior` does.

    Args:
        path: OUT_DIR/bgan_DATASET_UNIXTIME.

    Attributes:
        path: the folder.
        config: the resolved flags. A flag that an older version did not have has its default.
        command: the words of the command that began the run.
        versions: of Python and the packages that it began with, by name.

    Raises:
        InputError: no folder, no run in it, or one that a newer version made.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not self.path.is_dir():
            raise InputError(f"{self.path}: no such folder; {ADVICE}")
        check_links(self.path)
        described = self._described()
        self.config = _config(self.path, described)
        self.command: list[str] = described["command"]
        self.versions: dict[str, Any] = described["versions"]

    def _described(self) -> dict[str, Any]:
        file = self.path / "config.json"
        if not file.exists():
            found = "it is empty" if not any(self.path.iterdir()) else "it holds no config.json"
            raise InputError(f"{self.path}: no run here, {found}; {ADVICE}")
        described = read_json(file)
        if not isinstance(described, dict) or not isinstance(described.get("flags"), dict):
            raise InputError(f"{file}: not a run's description, it holds no flags; {ADVICE}")
        described = {"format": 1, "command": [], "versions": {}} | described
        command = described["command"]
        if (
            type(described["format"]) is not int
            or not isinstance(described["versions"], dict)
            or not isinstance(command, list)
            or not all(isinstance(word, str) for word in command)
        ):
            raise InputError(f"{file}: damaged, it does not describe a run; put it back")
        return described

    @cached_property
    def posterior(self) -> "Posterior":
        """What was collected; see `require_samples`.

        Raises:
            InputError: the run has not come to make a posterior, or its description is damaged.
        """
        if not holds_posterior(self.path / "posterior"):
            raise InputError(self._nothing_collected())
        from bayesian_gan.posterior import Posterior

        return Posterior(self.path / "posterior")

    def require_samples(self) -> "Posterior":
        """The posterior, if it holds a draw.

        Raises:
            InputError: nothing is collected yet.
        """
        self.check_collected()
        return self.posterior

    def check_collected(self) -> None:
        """Raises InputError where no file has the name of a draw; imports no TensorFlow."""
        if not any((self.path / "posterior").glob("draw_*.npz")):
            raise InputError(self._nothing_collected())

    def check_saved(self) -> None:
        """Raises InputError where no checkpoint was saved; imports no TensorFlow."""
        if not any((self.path / "checkpoints").glob("checkpoint_*.npz")):
            raise InputError(
                f"{self.path}: has no checkpoint; give a run that has saved one, with its folder checkpoints/"
            )

    def _nothing_collected(self) -> str:
        config = self.config
        if config.swag is not None:
            return (
                f"{self.path}: has no posterior yet, which --swag draws at the end of the run; go on with "
                f"--resume {self.path}"
            )
        if config.first_collection > config.train_iter:
            advice = (
                f"the run ends at {config.train_iter}: give --resume {self.path} with a larger "
                "--train_iter"
            )
        else:
            advice = "wait for it, or give the folder of a run that has come so far"
        return (
            f"{self.path}: 0 samples collected; first at iteration {config.first_collection}; "
            f"{advice}"
        )

    @cached_property
    def image_shape(self) -> tuple[int, ...]:
        """(height, width, channels), or (D,) of vectors."""
        return tuple(self.data["image_shape"]) if self.data else self.posterior.image_shape

    @property
    def picture_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of a run on images.

        Raises:
            InputError: it is one on vectors.
        """
        if len(self.image_shape) != 3:
            raise InputError(f"{self.path}: a run on rows, which are no pictures; give another run")
        height, width, channels = self.image_shape
        return height, width, channels

    @property
    def fit(self) -> str:
        """How pictures get the networks' size, as the run's own got it; see `data.resizing.fitted`.

        Those of other data sets than the user's own had it already.
        """
        return self.config.fit if is_own(self.config.dataset) else "stretch"

    @cached_property
    def features(self) -> Features | None:
        """What the numbers of vectors are, and their scaling; None of a run on images.

        Raises:
            InputError: the file that says it is damaged, or not there.
        """
        if len(self.image_shape) == 3:
            return None
        file = self.path / FEATURES_FILE
        found = Features.from_json(self.read_optional(FEATURES_FILE), str(file))
        if found.width != self.image_shape[0]:
            raise InputError(
                f"{file}: damaged, it has {found.width} numbers, and the networks {self.image_shape[0]}; put "
                "it back"
            )
        return found

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        """K names; of an unsupervised run too, those of its data set.

        A run that an older version made, which did not note them, has the numbers "0" to "K-1".
        """
        if self.data:
            return tuple(self.data["class_names"])
        return tuple(str(k) for k in range(self.posterior.num_classes))

    @property
    def num_test(self) -> int | None:
        """Images of the test set, 0 without one; None in a folder of an older version."""
        return (self.data or {}).get("num_test")

    @property
    def data_name(self) -> str:
        """The data set's name, without a path; in a folder of an older version `--dataset`."""
        return str((self.data or {}).get("name", self.config.dataset))

    @cached_property
    def data(self) -> dict[str, Any] | None:
        """`data.json`, or None in a folder of an older version."""
        file = self.path / DATA_FILE
        if not file.exists():
            return None
        return check_data(file, read_json(file), self.config.semi)

    @cached_property
    def summary(self) -> dict[str, Any] | None:
        """`summary.json`; None before the run has ended or was stopped."""
        summary = self.read_optional("summary.json")
        return summary and check_summary(self.path / "summary.json", summary)

    @cached_property
    def split(self) -> dict[str, Any] | None:
        """`labelled.json`: name, label_seed, indices, labels, content; None without labels."""
        split = self.read_optional(SPLIT_FILE)
        if split is None:
            return None
        return check_split(self.path / SPLIT_FILE, split, len(self.class_names))

    @cached_property
    def tempering(self) -> "Tempering | None":
        """The temperature of a run with folds of labels; None of another, and before its end.

        Raises:
            InputError: its file is damaged.
        """
        return read_tempering(self.path)

    def read_optional(self, name: str) -> dict[str, Any] | None:
        """The contents of a JSON file in the folder; None where it is not there.

        Raises:
            InputError: it is damaged.
        """
        file = self.path / name
        if not file.exists():
            return None
        found = read_json(file)
        if not isinstance(found, dict):
            raise InputError(
                f"{file}: damaged, not what a run writes there; put it back, or remove it"
            )
        return found

    @property
    def log(self) -> list[dict[str, float]]:
        """The rows of `log.csv` by column, as they are now; a cell that is no number is left out."""
        file = self.path / "log.csv"
        if not file.exists():
            return []
        try:
            with open_regular(file) as opened:
                lines = io.TextIOWrapper(opened, encoding="utf-8", newline="")
                return [_numbers(row) for row in csv.DictReader(lines)]
        except (OSError, ValueError, csv.Error) as error:
            raise InputError(f"{file}: cannot be read ({error}); put it back") from error

    def load_data(self, data_path: str | None = None) -> "ImageData":
        """The run's data set, read as the run read it; with `--validation`, its test set is the one held out.

        Args:
            data_path: where the data lie now; by default where the run had them.

        Raises:
            InputError: it is not there, or is not what the run was trained on.
        """
        from bayesian_gan.data.content import data_checksum
        from bayesian_gan.data.run_data import load_run_data

        config = self.config
        data = load_run_data(with_kept_labels(config, self.path), data_path)
        expected = (self.data or {}).get("checksum")
        arrays = (data.images, data.labels, data.test_images, data.test_labels)
        if expected not in (None, data_checksum(*arrays)):
            raise InputError(
                f"--data_path {data_path or config.data_path}: this {config.dataset} is not what "
                f"{self.path} was trained on; give the data path of that run"
            )
        return data


def holds_posterior(folder: Path) -> bool:
    """Whether a folder is that of a posterior, by the name of its description."""
    return (folder / "posterior.json").exists()


def _numbers(row: dict[Any, Any]) -> dict[str, float]:
    found = {}
    for name, cell in row.items():
        try:
            found[name] = float(cell)
        except (TypeError, ValueError):
            continue
    return found


def _config(folder: Path, described: dict[str, Any]) -> Config:
    """The configuration of a description.

    Raises:
        InputError: a newer version made it, or a flag has a value of another kind.
    """
    saved = dict(described["flags"])
    if "precision" in saved:  # Its name until it became a switch.
        saved["mixed_precision"] = saved.pop("precision") == "bfloat16"
    names = {field.name for field in fields(Config)}
    unknown = sorted(saved.keys() - names)
    if described["format"] > RUN_FORMAT or unknown:
        version = described["versions"].get("bayesian-gan", "unknown")
        what = f" (flags {', '.join(unknown)})" if unknown else ""
        raise InputError(
            f"{folder}: made by a newer version of this program, {version}{what}; give this command in "
            "that version"
        )
    try:
        config = Config(**saved)
        check_types(config)
        check_ranges(config)
    except (InputError, TypeError) as error:
        raise InputError(f"{folder / 'config.json'}: damaged ({error}); put it back") from error
    return config
