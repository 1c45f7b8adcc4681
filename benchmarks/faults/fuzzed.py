"""What is fuzzed: readers of the package, small whole files for each, and how these are damaged."""

import csv
import json
import logging
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from bayesian_gan.commands import main
from bayesian_gan.data import given_rows
from bayesian_gan.data.cache import Source, cached
from bayesian_gan.data.catalogue import load
from bayesian_gan.data.features import Column, Features
from bayesian_gan.data.given_pictures import batches, check_given
from bayesian_gan.data.label_table import read_label_table
from bayesian_gan.data.pictures import read_header, read_picture
from bayesian_gan.data.standardised import Standardised
from bayesian_gan.errors import InputError
from bayesian_gan.monitoring.convergence import convergence
from bayesian_gan.monitoring.health_log import chain_functionals
from bayesian_gan.options.reading import ReadingOptions
from bayesian_gan.posterior import Posterior
from bayesian_gan.reliability.checkpoint import Checkpoints
from bayesian_gan.report import charts
from bayesian_gan.report.findings import EVALUATION_FILE, Findings
from bayesian_gan.report.live import live_table
from bayesian_gan.report.page import page
from bayesian_gan.report.pngs import read_png
from bayesian_gan.report.tables import read_table
from bayesian_gan.runs.card import card
from bayesian_gan.runs.finished import FinishedRun
from bayesian_gan.runs.folder import FEATURES_FILE
from bayesian_gan.samplers.stores import Folder
from benchmarks.faults.damage import ANY, JSON, TEXT, Damage, inside_gzip, inside_zip
from benchmarks.faults.small_runs import ROOT

sys.path.insert(0, str(ROOT / "tests"))

import layouts as make

QUIET = logging.getLogger("fuzz")
QUIET.addHandler(logging.NullHandler())
QUIET.propagate = False
# A run of everything that a folder holds: folds of labels for a temperature, four draws, an evaluation.
FLAGS = (
    "--dataset digits --N 20 --df_dim 2 --gf_dim 2 --num_layers 1 --z_dim 2 --batch_size 8 --num_gen 1 "
    "--num_mcmc 2 --label_folds 2 --train_iter 200 --n_save 100 --warm_up 20 --collect_every 60 "
    "--checkpoint_every 100"
)
FEATURES = Features(
    (Column("a", "number"), Column("b", "category", ("=x", "y"))),
    "class",
    ("row",),
    Standardised(np.array([1.0, 0.0, 0.0]), np.array([2.0, 1.0, 1.0])),
)


@dataclass(frozen=True)
class Reader:
    """One way into the package for bytes.

    Attributes:
        write: makes whole files in a folder.
        read: reads them; what it returns is compared.
        files: a pattern of the files that are damaged, and the damages.
        checked: whether the format tells every damage, so that no other result may come out.
        rare: whether it takes seconds, and is asked less often.
    """

    write: Callable[[Path], object]
    read: Callable[[Path], Any]
    files: Mapping[str, tuple[Damage, ...]]
    checked: bool = False
    rare: bool = False


def readers(run: Path) -> dict[str, Reader]:
    """All readers by name.

    Args:
        run: a whole run's folder; see `FLAGS`.
    """
    posterior = copy_of(run / "posterior")
    found = {
        "checkpoint": Reader(
            copy_of(run / "checkpoints"), _checkpoint, {"checkpoint_00000200.npz": ANY}, True
        ),
        "checkpoint, its checksum right": Reader(
            copy_of(run / "checkpoints"), _checkpoint, {"checkpoint_00000200.npz": (resigned,)}
        ),
        "draw": Reader(posterior, _draws, {"draw_*.npz": ANY}, True),
        "draw, its checksum right": Reader(posterior, _draws, {"draw_*.npz": (resigned,)}),
        "draw of any model": Reader(
            _write_draw, _draw, {"draw_*.npz": (*ANY, inside_zip, inside_zip, inside_zip)}
        ),
        "posterior.json": Reader(posterior, _draws, {"posterior.json": JSON}, True),
        "cache": Reader(_write_cache, _cache, {"C/*/*.npy": ANY, "C/*/entry.json": JSON}, True),
        "run folder": Reader(copy_of(run), _run, dict.fromkeys(_JSON, JSON)),
        "run folder's tables": Reader(copy_of(run), _run, dict.fromkeys(_TABLES, TEXT)),
        "run folder, drawn": Reader(
            copy_of(run),
            _drawn,
            dict.fromkeys(_JSON, JSON) | dict.fromkeys(_TABLES, TEXT),
            rare=True,
        ),
        "run folder's pictures": Reader(_write_picture("png", "RGB", {}), _grids, {"*.png": ANY}),
        "run on rows": Reader(_write_rows_run(run), _run, {FEATURES_FILE: JSON}),
    }
    return found | _of_data()


def run_here(*arguments: str) -> Path:
    """Trains a run of these flags in this process; returns its folder."""
    from absl import flags

    from bayesian_gan.data.run_data import load_run_data
    from bayesian_gan.data.splits import label_split
    from bayesian_gan.options import flags as run_flags
    from bayesian_gan.options.config import Config
    from bayesian_gan.runs.run import run

    values = flags.FlagValues()
    run_flags.define(values, semi=True)
    values(["here", *arguments])
    config = Config.from_flags(values)
    data = load_run_data(config)
    return run(config, data, label_split(data, config.N, config.label_seed), None)


def make_run(place: Path, *more: str) -> Path:
    """Trains and evaluates the run of `FLAGS`, which more flags override; returns its folder."""
    folder = run_here(*FLAGS.split(), *more, "--out_dir", str(place))
    if main(["evaluate", str(folder), "--num_images", "0"]):
        raise RuntimeError("the whole run could not be evaluated")
    return folder


# ------------------------------------------------------------------------------- a run's folder

_JSON = (
    *("config.json", "data.json", "labelled.json", "summary.json", "temperature.json"),
    EVALUATION_FILE,
)
_TABLES = ("log.csv", "health.csv", "functionals.csv")


def copy_of(folder: Path) -> Callable[[Path], object]:
    """Writes a copy of a folder."""
    return lambda place: shutil.copytree(folder, place, dirs_exist_ok=True)


def resigned(data: bytes, chance: Any) -> bytes:
    """A member of a file of `storage.write_arrays` is damaged, and all checksums are right."""
    import hashlib

    found = inside_zip(data, chance)
    # The archive's comment: its length, then `sha256:` and the hash of all before that.
    body = found[:-2] + (71).to_bytes(2, "little")
    return body + b"sha256:" + hashlib.sha256(body).hexdigest().encode()


def _checkpoint(folder: Path) -> Any:
    found = Checkpoints(folder).load_newest(QUIET)
    assert found is not None
    # The one before is as good: what lies in either is known by its iteration.
    before = folder / "checkpoint_00000200.npz.damaged"
    return "set aside" if before.exists() else (found.arrays, found.manifest)


def _draws(folder: Path) -> Any:
    posterior = Posterior(folder)
    return [posterior.draw(k) for k in posterior.iterations]


def _write_draw(folder: Path) -> None:
    Folder(folder).write(10, {"w_0000": np.arange(12.0).reshape(3, 4), "w_0001": np.ones(3)})


def _draw(folder: Path) -> Any:
    """Of `samplers`, which raises ValueError: it knows nothing of the package."""
    try:
        return Folder(folder).read(10)
    except ValueError as error:
        raise InputError(str(error)) from error


def _run(folder: Path) -> Any:
    """`_drawn` without the seconds that drawing takes: what is to be drawn is put on axes, no more."""
    chart = charts.chart
    charts.chart = lambda draw, size=charts.SIZE: str(draw(Figure(size).add_subplot()))
    try:
        return _drawn(folder)
    finally:
        charts.chart = chart


def _drawn(folder: Path) -> Any:
    """All that `report`, `watch` and the card read of a folder; the posterior has a reader of its own."""
    opened = FinishedRun(folder)
    chains = chain_functionals(folder, opened.config)
    found = Findings(
        opened,
        log=read_table(folder / "log.csv"),
        health=read_table(folder / "health.csv"),
        chains=chains,
        convergence=convergence(chains[1]),
        evaluation=opened.read_optional(EVALUATION_FILE),
    )
    known = (opened.class_names, opened.image_shape, opened.data_name, opened.num_test, opened.fit)
    live_table(opened)
    return known, opened.log, opened.features is None, len(page([found])), len(card(opened))


def _grids(folder: Path) -> Any:
    return [np.asarray(read_png(path)) for path in sorted(folder.glob("*.png"))]


def _write_rows_run(run: Path) -> Callable[[Path], object]:
    def write(folder: Path) -> None:
        for name in ("config.json", "data.json"):
            described = json.loads((run / name).read_text())
            if name == "data.json":
                described["image_shape"] = [FEATURES.width]
            (folder / name).write_text(json.dumps(described))
        (folder / FEATURES_FILE).write_text(json.dumps(FEATURES.to_json()))

    return write


# ------------------------------------------------------------------------------- the cache


def _source() -> Source:
    images = np.random.default_rng(0).integers(0, 256, (6, 4, 4, 1), np.uint8)
    labels = np.arange(4, dtype=np.int32) % 2
    return Source(
        (4, 4, 1), labels, lambda: [images[:4]], labels[:2], lambda: [images[4:]], ("cat", "dog")
    )


def _cache(folder: Path) -> Any:
    data = cached("fuzzed", "0123456789abcdef", str(folder / "C"), _source, "of a fuzzer")
    return _arrays(data)


def _write_cache(folder: Path) -> None:
    _cache(folder)


# ------------------------------------------------------------------------------- data


def _arrays(data: Any) -> Any:
    images = [np.asarray(a) for a in (data.images, data.labels, data.test_images, data.test_labels)]
    return images, data.class_names, data.names


def _loaded(name: str, **options: Any) -> Callable[[Path], Any]:
    """A data set by its name, `{D}` in it being the folder; its cache is empty at each trial."""

    def read(folder: Path) -> Any:
        place = folder.parent / "cache"
        shutil.rmtree(place, ignore_errors=True)
        reading = ReadingOptions(cache_dir=str(place), download=False, **options)
        return _arrays(load(name.format(D=folder), str(folder), reading))

    return read


def _of_data() -> dict[str, Reader]:
    many = {"*/data_batch_1": ANY, "*/test_batch": ANY}
    found = {
        "IDX": Reader(
            lambda d: make.write_idx(d, "mnist"),
            _loaded("mnist"),
            {"*/*-ubyte": ANY, "*/*.gz": (*ANY, inside_gzip, inside_gzip)},
        ),
        "CIFAR-10": Reader(lambda d: make.write_cifar(d, 2), _loaded("cifar"), many),
        "CIFAR-100": Reader(make.write_cifar100, _loaded("cifar100"), {"*/meta": ANY}),
        ".mat": Reader(lambda d: make.write_svhn(d, 4), _loaded("svhn"), {"*/*.mat": ANY}),
        ".npz": Reader(
            lambda d: make.write_npz(d / "own.npz"),
            _loaded("npz:{D}/own.npz"),
            {"own.npz": (*ANY, inside_zip, inside_zip, inside_zip)},
        ),
        ".npz to predict": Reader(
            lambda d: make.write_npz(d / "own.npz"),
            _to_predict,
            {"own.npz": (*ANY, inside_zip, inside_zip, inside_zip)},
        ),
        "CelebA's lists": Reader(
            lambda d: make.write_celeb(d, 16, partition=True),
            _loaded("celeb"),
            {"*/*/list_*.txt": TEXT},
        ),
        "pictures in folders": Reader(
            lambda d: make.write_own(d / "own", 2, 2, 2),
            _loaded("folder:{D}/own"),
            {"own/*/*/*": ANY},
        ),
        "labels.csv": Reader(
            _write_labelled,
            _loaded("folder:{D}/own", image_size=16),
            {"own/metadata.csv": TEXT},
        ),
        "labels alone": Reader(
            _write_labelled, lambda d: read_label_table(d / "own/metadata.csv"), {"*/*.csv": TEXT}
        ),
        "table": Reader(
            _write_table, _loaded("table:{D}/t.csv", label_column="class"), {"t.csv": TEXT}
        ),
        "table to predict": Reader(_write_table, _rows_to_predict, {"t.csv": TEXT}),
    }
    for suffix, mode, options in _KINDS:
        found[f"{suffix} {mode}"] = Reader(
            _write_picture(suffix, mode, options), _picture, {"x.*": (*ANY, *ANY)}
        )
    return found


def _to_predict(folder: Path) -> Any:
    path = folder / "own.npz"
    check_given([path])
    found = list(batches([path], (8, 8, 3)))
    return [(batch.entries, batch.images) for batch in found]


def _rows_to_predict(folder: Path) -> Any:
    given = given_rows.read_given(folder / "t.csv", FEATURES)
    return [(batch.entries, batch.images) for batch in given_rows.batches(given, FEATURES)]


def _write_labelled(folder: Path) -> None:
    make.write_flat(folder / "own", 6)
    rows = [
        [f"{'in/' * (i == 3)}{i}.png", ("cat", "=dog")[i % 2], "test" * (i > 3)] for i in range(6)
    ]
    _write_csv(folder / "own" / "metadata.csv", [["path", "label", "split"], *rows])


def _write_table(folder: Path) -> None:
    rows = [[i, f"{i / 3 - 1:.4f}", "=xy"[-1] if i % 2 else "=x", "ab"[i % 2]] for i in range(12)]
    _write_csv(folder / "t.csv", [["row", "a", "b", "class"], *rows])


def _write_csv(path: Path, rows: list[list[Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


EXIF = ("jpg", "png", "tif", "webp")
_KINDS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("png", "RGB", {}),
    ("png", "RGBA", {}),
    ("png", "P", {"transparency": 0}),
    ("jpg", "RGB", {"quality": 90}),
    ("jpg", "CMYK", {"progressive": True}),
    ("tif", "RGB", {}),
    ("tif", "L", {"compression": "tiff_lzw"}),
    ("tif", "RGB", {"compression": "tiff_deflate"}),
    ("gif", "P", {}),
    ("bmp", "RGB", {}),
    ("ppm", "RGB", {}),
    ("webp", "RGBA", {"lossless": True}),
)


def _write_picture(suffix: str, mode: str, options: dict[str, Any]) -> Callable[[Path], object]:
    def write(folder: Path) -> None:
        colours = np.random.default_rng(1).integers(0, 256, (13, 11, 4), np.uint8)
        picture = Image.fromarray(colours).convert("RGB").convert(mode)
        turned = Image.Exif()
        turned[0x0112] = 6
        exif: dict[str, Any] = {"exif": turned} if suffix in EXIF else {}
        picture.save(folder / f"x.{suffix}", **options, **exif)

    return write


def _picture(folder: Path) -> Any:
    (path,) = folder.iterdir()
    header = read_header(path)
    picture = np.asarray(read_picture(path))
    shape = (header.height, header.width)
    assert picture.shape[:2] == shape, f"{path.name} was announced as {shape}, not {picture.shape}"
    return picture
