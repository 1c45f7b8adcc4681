"""One run of the synthetic experiment: data, systems, measurements, files."""

import csv
import io
import sys
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from bayesian_gan.errors import UNWRITTEN_STATUS, RunStopped, reason
from bayesian_gan.runs.folder import make_folder
from bayesian_gan.storage import write_arrays, write_atomically, write_json, written
from bayesian_gan.synthetic.clusters import count_clusters
from bayesian_gan.synthetic.data import SyntheticData, synthetic_data
from bayesian_gan.synthetic.divergence import CELLS, Plane
from bayesian_gan.synthetic.measure import Measurement, Watch, Watched
from bayesian_gan.synthetic.options import SYSTEMS, SynthConfig
from bayesian_gan.synthetic.pictures import divergence_picture, points_picture, save_picture
from bayesian_gan.synthetic.shown import shown_points, write_shown
from bayesian_gan.synthetic.systems import build_system, iterations
from bayesian_gan.versions import versions


def run(config: SynthConfig) -> Path:
    """Trains every system, measures, and writes the run's folder, whose path is returned.

    The folder has `config.json`, `measurements.csv`, `summary.json`, `divergence.png`, `points.png` and what it
    shows, `points.npz`, and with `--save_weights` `weights_SYSTEM.npz`.

    Raises:
        InputError: the folder cannot be written.
        RunStopped: something could not be written, or was not finite.
    """
    with written(f"--out_dir {config.out_dir}", "make room, or give another folder"):
        folder = make_folder(Path(config.out_dir or "."), f"synth_{config.data}")
        write_json(
            folder / "config.json",
            {"flags": config.to_json(), "command": sys.argv, "versions": versions()},
        )
    data = synthetic_data(config.data, config.x_dim, config.data_seed)
    plane = Plane(data.x)
    try:
        watched = {name: train(name, config, data, plane, folder) for name in config.systems}
        _write(folder, config, data, plane, watched)
    except OSError as error:
        raise RunStopped(
            f"{folder}: cannot be written ({reason(error)}); make room, and begin anew",
            UNWRITTEN_STATUS,
        ) from error
    print(f"results in {folder}")
    return folder


def train(
    name: str, config: SynthConfig, data: SyntheticData, plane: Plane, folder: Path | None = None
) -> Watched:
    """Trains one system and returns what was seen of it; prints a line at its end.

    Args:
        name: a key of `SYSTEMS`.
        config: resolved flags.
        data: the data set.
        plane: of the data.
        folder: for the weights, with `--save_weights`.
    """
    model = build_system(name, config, len(data.x))
    total = iterations(name, config)
    scale = total // config.train_iter
    watch = Watch(name, data, plane, scale, config.random_seed)
    model.fit(
        data.x,
        batch_size=config.batch_size,
        epochs=config.train_iter // config.n_save,
        steps_per_epoch=scale * config.n_save,
        callbacks=[watch],
        verbose=0,
    )
    end = watch.watched.measurements[-1]
    print(
        f"{SYSTEMS[name]}: {end.iteration} iterations in {end.seconds:.0f} s, divergence "
        f"{end.divergence:.4f}, {end.found} of {len(data.centres)} clusters",
        flush=True,
    )
    if config.save_weights and folder is not None:
        networks = (*model.generators, *model.discriminators)
        values = [value for network in networks for value in network.get_weights()]
        arrays = {f"{i:05d}": value for i, value in enumerate(values)}
        paths = [f"{i}/{v.path}" for i, network in enumerate(networks) for v in network.weights]
        write_arrays(folder / f"weights_{name}.npz", arrays, {"variables": paths})
    return watch.watched


def _write(
    folder: Path,
    config: SynthConfig,
    data: SyntheticData,
    plane: Plane,
    watched: dict[str, Watched],
) -> None:
    rows = [m for seen in watched.values() for m in seen.measurements]
    write_measurements(folder / "measurements.csv", rows)
    floor = plane.divergence(data.fresh)
    write_json(folder / "summary.json", _summary(config, data, plane, watched, floor))
    save_picture(folder / "divergence.png", divergence_picture(rows, floor))
    if any(seen.points for seen in watched.values()):
        shown = shown_points(plane.project(data.x), plane.edges, watched)
        write_shown(folder / "points.npz", shown)
        save_picture(folder / "points.png", points_picture(shown))


def _summary(
    config: SynthConfig,
    data: SyntheticData,
    plane: Plane,
    watched: dict[str, Watched],
    floor: float,
) -> dict[str, Any]:
    """The contents of `summary.json`."""
    systems = {}
    for name, seen in watched.items():
        assert seen.samples is not None
        systems[name] = {
            **asdict(seen.measurements[-1]),
            "shares": count_clusters(seen.samples, data).shares.tolist(),
        }
    return {
        "clusters": len(data.centres),
        "bandwidth": plane.bandwidth,
        "cells": CELLS,
        "grid": [[float(e[0]), float(e[-1])] for e in plane.edges],
        "floor": floor,
        "systems": systems,
    }


def write_measurements(path: Path, measurements: Sequence[Measurement]) -> None:
    """Writes measurements as a CSV file, a column for each attribute, atomically."""
    text = io.StringIO()
    table = csv.DictWriter(text, [f.name for f in fields(Measurement)], lineterminator="\n")
    table.writeheader()
    table.writerows(asdict(m) for m in measurements)
    write_atomically(path, lambda file: file.write(text.getvalue().encode()))
