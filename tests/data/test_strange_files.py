"""Pipes, devices and links in the place of a user's files: no reader waits, and none leaves its folder."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import layouts as make
import numpy as np
import pytest

from bayesian_gan.data import arrays, cifar, given_rows, svhn
from bayesian_gan.data.catalogue import load
from bayesian_gan.data.csv_file import read_csv
from bayesian_gan.data.features import Features
from bayesian_gan.data.given_pictures import batches, check_given
from bayesian_gan.data.idx import read_idx
from bayesian_gan.data.image_data import ImageData
from bayesian_gan.data.own_table import unnamed_labels
from bayesian_gan.data.pictures import read_as_stored, read_header, read_picture
from bayesian_gan.data.unpickle import read_pickle
from bayesian_gan.errors import InputError
from bayesian_gan.options.reading import ReadingOptions
from bayesian_gan.posterior.folder import DrawFolder
from bayesian_gan.samplers.stores import Folder

SECONDS = 10
READERS: dict[str, Callable[[Path], object]] = {
    "CSV": read_csv,
    "table": unnamed_labels,
    "table to predict": lambda path: given_rows.read_given(path, Features.of_numbers(2)),
    "IDX": lambda path: read_idx(path, 1),
    "pickle": read_pickle,
    "a batch of CIFAR": lambda path: cifar._read_batch(path, "labels", 10),
    "MATLAB": svhn._read_mat,
    "npz": arrays.read_npz,
    "vectors": lambda path: arrays.read_vectors(path, 2),
    "npz to predict": lambda path: check_given([path.with_suffix(".npz")]),
    "picture": read_picture,
    "picture's header": read_header,
    "picture as stored": read_as_stored,
}


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    """What waits for a pipe fails, rather than hang."""

    def hangs(*_: Any) -> None:
        raise AssertionError(f"it waits for more than {SECONDS} s")

    before = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("put", [_pipe, _device, Path.mkdir])
@pytest.mark.parametrize("reader", READERS)
def test_what_is_no_file_is_refused_at_once(
    tmp_path: Path, reader: str, put: Callable[[Path], None]
) -> None:
    for name in ("x", "x.npz"):
        put(tmp_path / name)
    with pytest.raises(InputError, match=str(tmp_path)):
        READERS[reader](tmp_path / "x")


@pytest.mark.parametrize("put", [_pipe, _device])
def test_an_npz_that_is_none_holds_no_vectors(tmp_path: Path, put: Callable[[Path], None]) -> None:
    put(tmp_path / "x.npz")
    assert not arrays.holds_vectors(tmp_path / "x.npz")


@pytest.mark.parametrize("put", [_pipe, _device])
def test_pictures_to_predict_are_told_one_by_one(
    tmp_path: Path, put: Callable[[Path], None]
) -> None:
    make.write_flat(tmp_path / "own", 2)
    put(tmp_path / "own" / "9.png")
    path = make.write_npz(tmp_path / "own.npz")
    check_given([tmp_path / "own", path])
    path.unlink()
    put(path)
    found = [
        entry for batch in batches([tmp_path / "own", path], (8, 8, 3)) for entry in batch.entries
    ]
    assert [Path(entry.name).name for entry in found if entry.reason] == ["9.png", "own.npz"]


@pytest.mark.parametrize("put", [_pipe, _device])
def test_draws_that_are_no_files(tmp_path: Path, put: Callable[[Path], None]) -> None:
    put(tmp_path / "draw_00000010.npz")
    with pytest.raises(ValueError, match="draw_00000010"):
        Folder(tmp_path).read(10)
    put(tmp_path / "posterior.json")
    with pytest.raises(InputError, match="no posterior here"):
        DrawFolder(tmp_path)


# ------------------------------------------------------------------------------- out of the folder


def _load(folder: Path, labels: Path | None = None) -> ImageData:
    given = None if labels is None else str(labels)
    cache = str(folder.parent / "C")
    return load(f"folder:{folder}", None, ReadingOptions(labels=given, cache_dir=cache))


def _labels(folder: Path, path: str) -> Path:
    file = folder.parent / "labels.csv"
    file.write_text(f"path,label\n0.png,cat\n1.png,dog\n{path},cat\n")
    return file


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Pictures, beside which lie others."""
    make.write_flat(tmp_path / "else", 6)
    return make.write_flat(tmp_path / "own", 6)


@pytest.mark.parametrize(
    "path", ["../else/2.png", "{else}/2.png", "in/../../else/2.png", "/dev/zero"]
)
def test_a_path_out_of_the_folder_is_refused(own: Path, path: str) -> None:
    labels = _labels(own, path.format(**{"else": own.parent / "else"}))
    with pytest.raises(InputError, match=r"line 4: .* lies outside of the folder"):
        _load(own, labels)


@pytest.mark.parametrize("path", ["in/../2.png", "{own}/2.png", "./2.png", "in\\..\\2.png"])
def test_a_path_that_stays_inside_is_taken(own: Path, path: str) -> None:
    data = _load(own, _labels(own, path.format(own=own)))
    assert data.names is not None
    assert data.labels[data.names.index("2.png")] == 0


@pytest.mark.parametrize("name", ["x" * 10_000, "a\x00b", "2.png/x", "con", "\u202e", "*", "~"])
def test_a_path_that_no_file_can_have_is_refused(own: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"labels\.csv"):
        _load(own, _labels(own, name))


def test_a_link_among_pictures_is_followed_and_its_picture_only_read(own: Path) -> None:
    """As `predict --sort_into` makes them; docs/reference/data.md says so."""
    outside = own.parent / "else" / "2.png"
    before = outside.stat(), outside.read_bytes()
    (own / "9.png").symlink_to(outside)
    data = _load(own, _labels(own, "9.png"))
    assert data.names is not None
    assert len(data.images) == 7
    assert (outside.stat().st_mtime_ns, outside.read_bytes()) == (before[0].st_mtime_ns, before[1])
    assert np.asarray(data.images).shape[1:] == (16, 16, 3)
