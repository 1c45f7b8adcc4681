"""Joins what chains collected that ran apart, each in a process or on a machine of its own.

Under `--objective paper` chains share nothing but the data, so their draws of one iteration, put side by
side, are the draw that one process with all of the chains makes.
"""

import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesian_gan.errors import InputError
from bayesian_gan.options.config import MAY_DIFFER, Config
from bayesian_gan.runs.finished import FinishedRun, holds_posterior
from bayesian_gan.runs.folder import DATA_FILE, FEATURES_FILE, RUN_FORMAT, SPLIT_FILE
from bayesian_gan.storage import new_folder, read_json, write_checked_json, write_json
from bayesian_gan.versions import versions

if TYPE_CHECKING:
    from bayesian_gan.posterior import Posterior

# What chains that run apart have of their own.
_OF_A_CHAIN = ("num_mcmc", "chain_offset", "ml_ensemble")


@dataclass(frozen=True)
class Part:
    """One of the things that are merged.

    Attributes:
        path: as the user gave it.
        posterior: what it collected.
        run: the run's folder, or None for a posterior alone.
    """

    path: Path
    posterior: "Posterior"
    run: FinishedRun | None

    @property
    def chains(self) -> list[int]:
        """Numbers of its chains."""
        return list(self.posterior.config["chains"])


def merge(paths: Sequence[Path], out: Path, common: bool = False) -> "Posterior":
    """Writes the posterior of all chains of several, or a run folder with it, whole or not at all.

    Args:
        paths: two or more folders, of runs or of posteriors; their order does not matter.
        out: a folder that does not exist; of a run if the parts are runs, else of a posterior.
        common: take only the iterations of which every part has a draw. Without it a part that lacks one is
            refused.

    Returns:
        The new posterior. Chains stand in the order of their numbers.

    Raises:
        InputError: a part is no run or posterior, is damaged, or does not fit the first (what differs is
            named); two have the same chain; `out` exists or cannot be written.
    """
    if out.exists() or out.is_symlink():
        raise InputError(f"{out}: exists; give the merged folder another name")
    if len(paths) < 2:
        raise InputError("give two or more folders to merge, and then the new one")
    runs = [_run(path) for path in paths]
    # Imported here: TensorFlow takes seconds to load, and a wrong folder need not wait for it.
    from bayesian_gan.posterior import Posterior

    parts = [
        Part(path, Posterior(path) if run is None else run.require_samples(), run)
        for path, run in zip(paths, runs, strict=True)
    ]
    _check(parts)
    parts.sort(key=lambda part: part.chains)
    iterations = _iterations(parts, common)
    with new_folder(out) as folder:
        place = folder
        if parts[0].run is not None:
            place = folder / "posterior"
            place.mkdir()
            _write_run(folder, parts)
        _write_posterior(place, parts, iterations)
    return Posterior(out if parts[0].run is None else out / "posterior")


def _run(path: Path) -> FinishedRun | None:
    """The run of a folder, which has collected something; None for the folder of a posterior."""
    if holds_posterior(path):
        return None
    run = FinishedRun(path)
    run.check_collected()
    return run


def _check(parts: Sequence[Part]) -> None:
    """Raises InputError where parts do not belong together."""
    first, owners = parts[0], dict[int, Path]()
    for part in parts:
        if (part.run is None) != (first.run is None):
            raise InputError(
                f"{first.path} and {part.path}: one is a run's folder, one a posterior; give one kind"
            )
        for chain in part.chains:
            if chain in owners:
                raise InputError(
                    f"{owners[chain]} and {part.path}: both hold chain {chain}; chains of one posterior need "
                    "an own --chain_offset each"
                )
            owners[chain] = part.path
        if part is not first:
            _check_pair(first, part)


def _check_pair(first: Part, other: Part) -> None:
    if first.run is not None and other.run is not None:
        _check_runs(first.run, other.run)
    found = difference(_identity(first.posterior), _identity(other.posterior))
    if found is not None:
        name, here, there = found
        raise InputError(
            f"{first.path} and {other.path}: not of one posterior: {name} is {here} in the first and {there} "
            "in the second; merge posteriors of equal networks and settings"
        )


def _check_runs(first: FinishedRun, other: FinishedRun) -> None:
    flags, others = first.config.to_json(), other.config.to_json()
    differing = [
        f"--{name} {json.dumps(value)} and {json.dumps(others[name])}"
        for name, value in flags.items()
        if name not in (*MAY_DIFFER, *_OF_A_CHAIN) and value != others[name]
    ]
    if differing:
        raise InputError(
            f"{first.path} and {other.path}: runs with other flags: {', '.join(differing)}; merge "
            "chains of one configuration"
        )
    for name, what in (
        (DATA_FILE, "data"),
        (FEATURES_FILE, "columns"),
        (SPLIT_FILE, "labelled examples"),
    ):
        here, there = (_optional(run.path / name) for run in (first, other))
        if here != there:
            raise InputError(
                f"{first.path} and {other.path}: runs on other {what} ({name} differs); merge chains that "
                "learnt from the same"
            )


def _optional(path: Path) -> Any:
    """The parts of a description that say what was learnt from; None without the file."""
    if not path.exists():
        return None
    value = read_json(path)
    # Where the data lay may differ from machine to machine.
    return (
        {k: v for k, v in value.items() if k != "provenance"} if isinstance(value, dict) else value
    )


def _identity(posterior: "Posterior") -> dict[str, Any]:
    """What the parts of one posterior have in common."""
    config = posterior.config
    own = {name: config[name] for name in ("num_gen", "num_disc", "max_samples")}
    return own | {player: architecture(config[player]) for player in ("generator", "discriminator")}


def architecture(network: dict[str, Any]) -> Any:
    """A network's Keras configuration with its layers' names counted from the first.

    Keras counts names up in a process, `dense_3`, so equal networks may have others.
    """
    layers = network["config"].get("layers", [])
    names = {layer["config"].get("name"): f"layer {i}" for i, layer in enumerate(layers)}
    names[network["config"].get("name")] = "network"

    def renamed(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: renamed(v) for key, v in value.items()}
        if isinstance(value, (list, tuple)):
            return [renamed(v) for v in value]
        return names.get(value, value) if isinstance(value, str) else value

    return renamed(network)


def difference(first: Any, second: Any, name: str = "") -> tuple[str, Any, Any] | None:
    """Name and values of the first place where two JSON values differ; None where they are equal."""
    if type(first) is not type(second):
        return name, first, second
    if isinstance(first, dict):
        places = [(f"{name}.{k}", first.get(k), second.get(k)) for k in {**first, **second}]
    elif isinstance(first, list):
        if len(first) != len(second):
            return f"{name}: the number of entries", len(first), len(second)
        places = [(f"{name}[{i}]", *pair) for i, pair in enumerate(zip(first, second, strict=True))]
    else:
        return None if first == second else (name, first, second)
    for place, a, b in places:
        found = difference(a, b, place.removeprefix("."))
        if found is not None:
            return found
    return None


def _iterations(parts: Sequence[Part], common: bool) -> list[int]:
    """Iterations of which there is a draw of every chain."""
    each = {part.path: set(part.posterior.iterations) for part in parts}
    everywhere = set.intersection(*each.values())
    if not everywhere:
        raise InputError(
            f"{', '.join(map(str, each))}: no iteration has a draw in all of them; let them run on"
        )
    somewhere = set.union(*each.values())
    for path, there in each.items():
        lacking = sorted(somewhere - there)
        if lacking and not common:
            raise InputError(
                f"{path}: has no draw of iteration {lacking[0]}, and others have ({len(lacking)} such); let it "
                "run on, or give --common to merge the iterations that all have"
            )
    return sorted(everywhere)


def _write_posterior(folder: Path, parts: Sequence[Part], iterations: Sequence[int]) -> None:
    from bayesian_gan.posterior import Posterior

    chains = [chain for part in parts for chain in part.chains]
    merged = parts[0].posterior.config | {"num_mcmc": len(chains), "chains": chains}
    write_checked_json(folder / "posterior.json", merged)
    posterior = Posterior(folder)
    for iteration in iterations:
        posterior.write(iteration, _joined([part.posterior for part in parts], iteration))


def _joined(posteriors: Sequence["Posterior"], iteration: int) -> dict[str, np.ndarray]:
    """The arrays of one draw, its networks numbered over all chains."""
    from bayesian_gan.posterior.draws import array_name

    draws = [posterior.draw(iteration) for posterior in posteriors]
    found = {}
    for player in ("g", "d"):
        number = 0
        for posterior, draw in zip(posteriors, draws, strict=True):
            count = posterior.num_generators if player == "g" else posterior.num_discriminators
            for i in range(count):
                for k in range(len(posterior.config["shapes"][player])):
                    found[array_name(player, number + i, k)] = draw[array_name(player, i, k)]
            number += count
    return found


def _write_run(folder: Path, parts: Sequence[Part]) -> None:
    """Writes what commands need of a run beside its posterior. It has no checkpoint and does not resume."""
    runs = [part.run for part in parts if part.run is not None]
    chains = [chain for part in parts for chain in part.chains]
    config = _merged_config(runs[0].config, chains)
    described = {
        "format": RUN_FORMAT,
        "flags": config.to_json(),
        "command": sys.argv,
        "versions": versions(),
        "resumed": [],
        "merged": [
            {
                "path": str(part.path),
                "chains": part.chains,
                "command": run.command,
                "versions": run.versions,
            }
            for part, run in zip(parts, runs, strict=True)
        ],
    }
    write_json(folder / "config.json", described)
    for name in (DATA_FILE, FEATURES_FILE, SPLIT_FILE):
        if (runs[0].path / name).exists():
            shutil.copyfile(runs[0].path / name, folder / name)


def _merged_config(config: Config, chains: Sequence[int]) -> Config:
    ensemble = None if config.ml_ensemble is None else len(chains)
    return replace(
        config, num_mcmc=len(chains), chain_offset=min(chains), ml_ensemble=ensemble, ml=False
    )
