"""The folder of one run: made anew, described, and given to nothing else."""

import logging
import os
import pprint
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import bayesian_gan
from bayesian_gan.data.catalogue import run_name
from bayesian_gan.errors import InputError
from bayesian_gan.flags import Config
from bayesian_gan.storage import write_json

PACKAGES = (
    "tensorflow",
    "keras",
    "tensorflow-probability",
    "tensorflow-datasets",
    "numpy",
    "scikit-learn",
)


def check_writable(out_dir: str) -> None:
    """Makes `out_dir` where it does not exist, and checks that files can be written there.

    Raises:
        InputError: they cannot.
    """
    try:
        Path(out_dir).mkdir(parents=True, exist_ok=True)
        probe = Path(out_dir) / f".write_test_{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise InputError(
            f"--out_dir {out_dir}: cannot write there ({error.strerror}); give a folder that can be written"
        ) from error


def create_run_folder(config: Config) -> Path:
    """Makes OUT_DIR/bgan_DATASET_UNIXTIME, or ..._2, ..._3 where another run has that second.

    Writes `hypers.txt` as the authors' program does, and `config.json`: the resolved flags, the command and
    the versions of everything that matters.
    """
    base = Path(config.out_dir) / f"bgan_{run_name(config.dataset)}_{int(time.time())}"
    folder, k = base, 1
    while True:
        try:
            folder.mkdir()
            break
        except FileExistsError:
            k += 1
            folder = base.with_name(f"{base.name}_{k}")
    hypers = pprint.pformat(config.to_json())
    (folder / "hypers.txt").write_text(f"Hyper settings:\n{hypers}\n", encoding="utf-8")
    write_json(
        folder / "config.json",
        {"flags": config.to_json(), "command": sys.argv, "versions": versions()},
    )
    return folder


def versions() -> dict[str, Any]:
    """Versions of Python, of this package and of the packages that training depends on."""
    found: dict[str, Any] = {
        "python": sys.version.split()[0],
        "bayesian-gan": bayesian_gan.__version__,
    }
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found


def run_logger(folder: Path) -> logging.Logger:
    """A logger that prints to the terminal and writes `run.log` in the folder."""
    logger = logging.getLogger(f"bayesian_gan.run.{folder.name}")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    terminal = logging.StreamHandler(sys.stdout)
    terminal.setFormatter(logging.Formatter("%(message)s"))
    file = logging.FileHandler(folder / "run.log", encoding="utf-8")
    file.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    logger.handlers = [terminal, file]
    return logger
