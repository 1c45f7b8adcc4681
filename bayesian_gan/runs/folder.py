"""The folder of one run: made anew, described, and given to nothing else."""

import contextlib
import itertools
import logging
import os
import pprint
import sys
import time
from pathlib import Path
from typing import Any

from bayesian_gan.data.catalogue import ImageData, run_name
from bayesian_gan.data.content import data_checksum
from bayesian_gan.options.config import Config
from bayesian_gan.storage import read_json, write_atomically, write_json, written
from bayesian_gan.versions import versions

# Of the folder; raised where a reader of this version would misread a newer one.
RUN_FORMAT = 1
DATA_FILE = "data.json"
# What the numbers of vectors are; not there of images.
FEATURES_FILE = "table.json"
SPLIT_FILE = "labelled.json"
# Draws of a path, which `--swag` fits a Gaussian to.
SNAPSHOTS = "snapshots"
CLEAR_LINE = "\r\x1b[K"


def check_writable(out_dir: str) -> None:
    """Makes `out_dir` where it does not exist, and checks that files can be written there.

    Raises:
        InputError: they cannot.
    """
    with written(f"--out_dir {out_dir}", "give a folder that can be"):
        Path(out_dir).mkdir(parents=True, exist_ok=True)
        probe = Path(out_dir) / f".write_test_{os.getpid()}"
        probe.touch()
        probe.unlink()


def create_run_folder(config: Config) -> Path:
    """Makes OUT_DIR/bgan_DATASET_UNIXTIME; see `make_folder`."""
    return make_folder(Path(config.out_dir or "."), f"bgan_{run_name(config.dataset)}")


def make_folder(out_dir: Path, name: str) -> Path:
    """Makes OUT_DIR/NAME_UNIXTIME, or ..._2, ..._3 where another run has that second."""
    while True:
        folder = free_name(out_dir, name)
        with contextlib.suppress(FileExistsError):  # Another process was faster.
            folder.mkdir()
            return folder


def free_name(out_dir: Path, name: str) -> Path:
    """The name that `make_folder` would give; nothing is made."""
    base = out_dir / f"{name}_{int(time.time())}"
    others = (base.with_name(f"{base.name}_{k}") for k in itertools.count(2))
    return next(path for path in itertools.chain([base], others) if not os.path.lexists(path))


def describe_run(folder: Path, config: Config, started_from: dict[str, Any] | None = None) -> None:
    """Writes `hypers.txt` as the authors' program does, and `config.json`.

    The latter holds the folder's format, the resolved flags, the command and the versions of everything that
    matters, and a list `resumed` with the command and the versions of each process that went on with the run;
    and `started_from`, the run and the iteration whose weights it began with, where there is one. Of a run
    whose length was chosen anew, see `describe_length`, it holds `before`.
    """
    _write_hypers(folder, config)
    path = folder / "config.json"
    process = {"command": sys.argv, "versions": versions()}
    described: dict[str, Any] = {
        "format": RUN_FORMAT,
        "flags": config.to_json(),
        **process,
        "resumed": [],
    } | ({} if started_from is None else {"started_from": started_from})
    if path.exists():
        described |= read_json(path)
        described["flags"] = config.to_json()
        described["resumed"] = [*described["resumed"], process]
    write_json(path, described)


def describe_length(folder: Path, config: Config, before: str) -> None:
    """Writes other flags into `config.json` and `hypers.txt`, of a run whose length was chosen anew.

    Args:
        folder: of the run.
        config: with the new numbers.
        before: checksum of the configuration till then, which checkpoints of before have.
    """
    path = folder / "config.json"
    write_json(path, read_json(path) | {"flags": config.to_json(), "before": before})
    _write_hypers(folder, config)


def _write_hypers(folder: Path, config: Config) -> None:
    hypers = f"Hyper settings:\n{pprint.pformat(config.to_json())}\n"
    write_atomically(folder / "hypers.txt", lambda file: file.write(hypers.encode()))


def describe_data(folder: Path, data: ImageData) -> None:
    """Writes `data.json`: all that using the posterior needs to know of the data, without having them.

    Its keys are `name`, `provenance`, `image_shape`, `class_names`, `num_train`, `num_test`, and a
    `checksum`, which tells whether a data set is the one that the run was trained on. Of vectors
    `table.json` holds the columns and their scaling, see `Features.to_json`.
    """
    if data.features is not None:
        write_json(folder / FEATURES_FILE, data.features.to_json())
    write_json(
        folder / DATA_FILE,
        {
            "name": data.name,
            "provenance": data.provenance,
            "image_shape": list(data.image_shape),
            "class_names": list(data.class_names),
            "num_train": len(data.images),
            "num_test": len(data.test_images),
            "checksum": data_checksum(data.images, data.labels, data.test_images, data.test_labels),
        },
    )


def run_logger(folder: Path) -> logging.Logger:
    """A logger that prints to the terminal and appends to `run.log` in the folder."""
    logger = logging.getLogger(f"bayesian_gan.run.{folder.name}")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    terminal = _Forgiving(sys.stdout)
    # On a terminal the progress bar may stand in the line that is written to.
    clear = CLEAR_LINE if sys.stdout.isatty() else ""
    terminal.setFormatter(logging.Formatter(f"{clear}%(message)s"))
    file = _ForgivingFile(folder / "run.log", encoding="utf-8", delay=True)
    file.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    close_logger(logger)
    logger.handlers = [terminal, file]
    return logger


def close_logger(logger: logging.Logger) -> None:
    """Closes the logger's file."""
    for handler in logger.handlers:
        handler.close()
    logger.handlers = []


class _Forgiving(logging.StreamHandler):
    """A line that cannot be written is lost; the run is not."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Says nothing: a full disk is reported by what matters more than a log."""


class _ForgivingFile(logging.FileHandler):
    """Likewise, in a file. `FileHandler` opens it outside of what `handleError` covers."""

    def emit(self, record: logging.LogRecord) -> None:
        """Writes a line if it can."""
        try:
            super().emit(record)
        except OSError:
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """Says nothing, as above."""
