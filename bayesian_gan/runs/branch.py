"""A run that begins where the warm-up of another one ended: one warm-up, sampled in several ways.

Until its warm-up ends, a run depends on nothing that only the sampler reads. So a branch is, bit for bit, the
run that was begun with its flags from iteration 0, at the cost of the sampling alone.
"""

import re
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from bayesian_gan import __version__
from bayesian_gan.data.catalogue import run_name
from bayesian_gan.errors import InputError
from bayesian_gan.options.config import AFTER_WARM_UP, Config
from bayesian_gan.reliability.checkpoint import Checkpoint, Checkpoints
from bayesian_gan.runs.finished import FinishedRun
from bayesian_gan.runs.folder import DATA_FILE, FEATURES_FILE, SPLIT_FILE, describe_run, free_name
from bayesian_gan.runs.resume import configuration_checksum
from bayesian_gan.storage import new_folder

_OF_AN_ITERATION = re.compile(r".+_(\d+)\.(json|png|npz)")


def branch(source: Path, out_dir: Path, changes: Mapping[str, Any]) -> Path:
    """Makes the folder of a run that goes on from the end of another's warm-up; `--resume` trains it.

    Args:
        source: folder of a run that has come to the end of its warm-up.
        out_dir: where the new folder goes; made if it does not exist.
        changes: flags of the new run that differ, of `AFTER_WARM_UP`, by name.

    Returns:
        The new folder, written whole or not at all.

    Raises:
        InputError: no such run, one that has no sampler or no checkpoint of that iteration, a flag that would
            have changed the warm-up or a value out of range, or `out_dir` cannot be written.
    """
    run = FinishedRun(source)
    config = _config(run, out_dir, changes)
    checkpoint = _checkpoint(run)
    path = free_name(out_dir, f"bgan_{run_name(config.dataset)}")
    with new_folder(path) as folder:
        describe_run(folder, config)
        _copy_files(source, folder, checkpoint)
        files = _copy_growing(source, folder, checkpoint, config)
        manifest = checkpoint.manifest | {
            "configuration": configuration_checksum(config),
            "files": files,
        }
        Checkpoints(folder / "checkpoints").save(checkpoint.arrays, manifest)
    return path


def _config(run: FinishedRun, out_dir: Path, changes: Mapping[str, Any]) -> Config:
    unknown = sorted(set(changes) - set(AFTER_WARM_UP))
    if unknown:
        raise InputError(
            f"--{unknown[0]} decides the warm-up too; a branch may change {', '.join(AFTER_WARM_UP)}"
        )
    if not run.config.has_sampler:
        raise InputError(f"{run.path}: has no sampler whose flags could differ, only optimizers")
    config = replace(run.config, **changes, out_dir=str(out_dir), resume=None)
    config.check()
    if config.train_iter <= config.warm_up:
        raise InputError(
            f"--train_iter {config.train_iter}: the warm-up ends at {config.warm_up}; give more"
        )
    return config


def _checkpoint(run: FinishedRun) -> Checkpoint:
    checkpoints = Checkpoints(run.path / "checkpoints")
    if run.config.warm_up not in checkpoints.iterations:
        there = ", ".join(map(str, checkpoints.iterations)) or "none"
        raise InputError(
            f"{run.path}: has no checkpoint of iteration {run.config.warm_up}, the end of its warm-up "
            f"(there are: {there}); give a run that has come so far, made by version 1.1.0 or later"
        )
    checkpoint = checkpoints.load(run.config.warm_up)
    made_by = str(checkpoint.manifest.get("version"))
    if made_by.partition(".")[0] != __version__.partition(".")[0]:
        raise InputError(
            f"{run.path}: its checkpoint is of version {made_by} of this program, which {__version__} does not "
            "read; branch off in that version, or start a new run"
        )
    return checkpoint


def _copy_files(source: Path, folder: Path, checkpoint: Checkpoint) -> None:
    """What describes the data, and what was written about single iterations before the checkpoint's."""
    for path in sorted(source.iterdir()):
        match = _OF_AN_ITERATION.fullmatch(path.name)
        of_before = match is not None and int(match[1]) < checkpoint.iteration
        if path.is_file() and (of_before or path.name in (DATA_FILE, FEATURES_FILE, SPLIT_FILE)):
            shutil.copyfile(path, folder / path.name)


def _copy_growing(
    source: Path, folder: Path, checkpoint: Checkpoint, config: Config
) -> dict[str, int]:
    """Tables and events up to the checkpoint; returns their sizes by name, as a manifest has them."""
    sizes: dict[str, int] = {}
    for name, size in checkpoint.manifest["files"].items():
        path = source / name
        if not path.resolve().is_relative_to(source.resolve()) or not isinstance(size, int):
            raise InputError(f"{checkpoint.path}: its manifest names {name!r}, no file of this run")
        if size == 0:  # Written for the first time later, or never.
            sizes[name] = 0
            continue
        data = path.read_bytes()[:size] if path.exists() else b""
        if len(data) < size:
            raise InputError(f"{path}: has lost {size - len(data)} of the {size} bytes it had")
        if path.parent.name == "tensorboard":
            target = _copy_events(path, data, folder, config)
        else:
            target = folder / name
            target.write_bytes(data)
        sizes[str(target.relative_to(folder))] = target.stat().st_size
    return sizes


def _copy_events(path: Path, data: bytes, folder: Path, config: Config) -> Path:
    # Imported here: TensorFlow takes seconds to load, and a wrong folder need not wait for it.
    from bayesian_gan.monitoring import events

    try:
        return events.copy_events(data, folder / "tensorboard", config.to_json())
    except ValueError as error:
        raise InputError(f"{path}: damaged ({error})") from error
