"""Which run `--resume` means, and whether the flags are still the same."""

import json
import re
import shlex
import sys
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from bayesian_gan.errors import InputError
from bayesian_gan.options.config import MAY_DIFFER, Config
from bayesian_gan.options.option import options_of
from bayesian_gan.options.own_preset import SIZED_OPTIONS, is_sized, may_calibrate
from bayesian_gan.runs.duration import SCALED
from bayesian_gan.storage import json_checksum, read_json

AUTO = "auto"


def resolve(config: Config, given: Collection[str]) -> tuple[Config, Path | None]:
    """The configuration and the folder of the run to go on with.

    With a run's folder, flags that are not given are that run's. With `auto`, which is for job scripts that
    are started again and again, all flags count as given, and where no run has them a new one begins.

    Args:
        config: of the flags.
        given: names of those that stand on the command line.

    With `--minutes`, `auto` finds the run of which so many were asked, with the numbers chosen for it; and of
    pictures of one's own, with the networks chosen for their size.

    Returns:
        The configuration, and the run's folder; None to begin a new run.

    Raises:
        InputError: no such run, or a flag that differs and must not.
    """
    if config.resume is None:
        return config, None
    if config.resume == AUTO:
        for folder in _newest_first(Path(config.out_dir)):
            try:
                saved = _saved_flags(folder)
            except InputError:
                continue  # It never came to begin: its description is not there.
            chosen = _chosen_for_it(config, given)
            names = [name for name in _deciding() if name not in chosen]
            if config.minutes is not None:
                names.append("minutes")
            if not _differing(config, saved, names):
                return _with(config, {name: saved[name] for name in chosen}, folder), folder
        return config, None
    folder = Path(config.resume)
    saved = _saved_flags(folder)
    differing = _differing(config, saved, [name for name in _deciding() if name in given])
    if differing:
        listed = ", ".join(
            f"--{name} {json.dumps(saved[name])} there and {json.dumps(getattr(config, name))} here"
            for name in differing
        )
        raise InputError(
            f"--resume {folder}: the run has another configuration: {listed}; leave these flags out to "
            "go on as it began, or start a new run"
        )
    kept = {name: value for name, value in saved.items() if name not in given}
    resolved = _with(config, {**kept, "resume": str(folder)}, folder)
    resolved.check()
    return resolved, folder


def _with(config: Config, saved: dict[str, Any], folder: Path) -> Config:
    """The configuration with a run's values, which may be of any type."""
    try:
        return replace(config, **saved)
    except TypeError as error:  # An option compares itself with its range.
        raise InputError(
            f"--resume {folder}: damaged, config.json holds values of another kind ({error}); put it back"
        ) from error


def _chosen_for_it(config: Config, given: Collection[str]) -> list[str]:
    """Flags that a run has by its data and this machine: where none is given they are its own."""
    minutes = () if config.minutes is None else SCALED
    layers = SIZED_OPTIONS if is_sized(config) else ()
    folds = ("label_folds",) if may_calibrate(config) else ()
    return [*minutes, *(name for name in (*layers, *folds) if name not in given)]


def configuration_checksum(config: Config) -> str:
    """SHA-256 of the flags that decide the training: all but `MAY_DIFFER`.

    A newer option with its default is left out, so that checkpoints of before have the same.
    """
    values, newer = config.to_json(), _defaults_of_newer()
    decide = [name for name in _deciding() if name not in newer or values[name] != newer[name]]
    return json_checksum({name: values[name] for name in decide})


def resume_command(folder: Path, program: str = "") -> str:
    """What to type to go on with a run, in `program`; by default the one that runs now."""
    program = program or sys.argv[0] or "run_bgan.py"
    if program.endswith(" train"):  # The command, which is no file.
        return f"{program} --resume {shlex.quote(str(folder))}"
    return f"python {shlex.quote(program)} --resume {shlex.quote(str(folder))}"


def _deciding() -> list[str]:
    return [name for name in options_of(Config) if name not in MAY_DIFFER]


def _defaults_of_newer() -> dict[str, Any]:
    """What the options that a run of an older version may lack are in it."""
    declared = options_of(Config).items()
    return {name: each.option.default for name, each in declared if each.option.since}


def _differing(config: Config, saved: dict[str, Any], names: Collection[str]) -> list[str]:
    return [name for name in names if saved[name] != getattr(config, name)]


def _saved_flags(folder: Path) -> dict[str, Any]:
    """The flags of a run's `config.json`.

    Raises:
        InputError: there is no run, or its flags are not this version's.
    """
    path = folder / "config.json"
    try:
        described = read_json(path)
        saved = _defaults_of_newer() | described["flags"]
        names = set(saved)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"--resume {folder}: no run here ({path}: {error}); give a folder "
            "OUT_DIR/bgan_DATASET_UNIXTIME, or auto with --out_dir"
        ) from error
    if "merged" in described:
        raise InputError(
            f"--resume {folder}: was merged from other runs and has no checkpoint; resume those and merge"
        )
    odd = names ^ set(options_of(Config))
    if odd or not isinstance(saved, dict):
        versions = described.get("versions")
        version = versions.get("bayesian-gan") if isinstance(versions, dict) else None
        raise InputError(
            f"--resume {folder}: the run was begun by another version of this program, {version or 'unknown'}, "
            f"whose flags and this version's differ in {', '.join(sorted(odd))}; go on in that version, or "
            "start a new run"
        )
    return saved


def _newest_first(out_dir: Path) -> Iterator[Path]:
    """Run folders, by the time in their names."""
    pattern = re.compile(r"bgan_.+_(\d{9,})(?:_(\d+))?")
    found = []
    for path in out_dir.glob("bgan_*"):
        match = pattern.fullmatch(path.name)
        if match and (path / "config.json").exists():
            found.append((int(match[1]), int(match[2] or 1), path))
    for *_, path in sorted(found, reverse=True):
        yield path
