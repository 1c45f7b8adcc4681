"""A wrong, damaged or hostile file: one line that names it, status 2, nothing left behind."""

import os
import resource
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import layouts as make
import numpy as np
import pytest
from bad_input.celeb import CELEB
from bad_input.cifar import CIFAR
from bad_input.class_folders import FOLDER
from bad_input.damages import Case, nothing
from bad_input.idx import IDX, fashion
from bad_input.imagenet import IMAGENET
from bad_input.labels import AFTER_READING, LABELS
from bad_input.npz import NPZ
from bad_input.numbers import NUMBERS
from bad_input.own_pictures import OWN
from bad_input.svhn import MAT, SVHN
from bad_input.tables import TABLES
from command_line import CommandLine

from bayesian_gan.data import arrays, cache, svhn


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every user may enter, which those of pytest are not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


OTHER = {
    "no such data set": Case("kitten", fashion, nothing, ("'kitten'", "fashion_mnist")),
    "TFDS name that escapes": Case("tfds:../../x", fashion, nothing, ("'../../x'",)),
    "TFDS not prepared": Case(
        "tfds:rock_paper_scissors",
        fashion,
        nothing,
        ("rock_paper_scissors/VERSION",),
        ("--nodownload",),
    ),
    "cache is a file": Case(
        "folder:{D}/own",
        lambda data: make.write_folder(data / "own"),
        lambda folder: (folder.parents[1] / "C").write_bytes(b""),
        ("--cache_dir", "File exists"),
    ),
    "image size of 5": Case("digits", fashion, nothing, ("--image_size 5",), ("--image_size", "5")),
    "download in no time": Case(
        "kmnist", fashion, nothing, ("--download_seconds",), ("--download_seconds", "0")
    ),
}

CASES = {
    f"{group}: {name}": case
    for group, cases in (
        ("IDX", IDX),
        ("CIFAR", CIFAR),
        ("SVHN", SVHN),
        ("CelebA", CELEB),
        ("ImageNet", IMAGENET),
        ("folder", FOLDER),
        ("labels", LABELS),
        ("own", OWN),
        ("npz", NPZ),
        ("table", TABLES),
        ("numbers", NUMBERS),
        ("other", OTHER),
    )
    for name, case in cases.items()
}


@contextmanager
def another_user() -> Iterator[None]:
    """Not root, who may read everything."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        if user == 0:
            os.seteuid(user)


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_refused_in_one_line(
    case: str, place: Path, command_line: CommandLine
) -> None:
    dataset, write, damage, says, flags = CASES[case]
    damage(write(place / "D"))
    arguments = [
        *("--dataset", dataset.format(D=place / "D"), "--data_path", str(place / "D")),
        *("--out_dir", str(place / "O"), "--cache_dir", str(place / "C"), "--N", "20"),
        # What should be refused and is not fails within seconds.
        *("--train_iter", "1", "--df_dim", "2", "--gf_dim", "2", "--num_layers", "2"),
        *(flag.format(D=place / "D") for flag in flags),
    ]
    if "no permission" in case:
        (place / "C").mkdir()
        (place / "C").chmod(0o777)
        with another_user():
            result = command_line(arguments)
        assert not any((place / "C").iterdir())
        (place / "C").rmdir()
    else:
        result = command_line(arguments)
    result.refused(*says)
    assert not (place / "O").exists()
    assert not list(place.rglob("ran"))
    # Data that are whole but do not suffice (one class, N too large) are refused after they are
    # cached.
    if case not in {"folder: one class only", "CelebA: N too large", *AFTER_READING}:
        assert not (place / "C").is_dir(), list((place / "C").iterdir())


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 60


def own_folder(place: Path) -> list[str]:
    make.write_folder(place / "own")
    return [
        *("--dataset", f"folder:{place / 'own'}", "--out_dir", str(place / "O")),
        *("--cache_dir", str(place / "C"), "--N", "4", "--train_iter", "1", "--df_dim", "2"),
        *("--gf_dim", "2", "--num_layers", "2"),
    ]


def test_a_disk_that_fills_up_leaves_nothing(place: Path, command_line: CommandLine) -> None:
    arguments = own_folder(place)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, hard))
    try:
        result = command_line(arguments)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    result.refused("--cache_dir", str(place / "C"), "File too large")
    assert not (place / "C").exists()
    assert not (place / "O").exists()


def test_a_disk_that_is_too_small_is_refused_before_decoding(
    place: Path, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = own_folder(place)
    usage = cache.shutil.disk_usage(place)
    monkeypatch.setattr(cache.shutil, "disk_usage", lambda _: usage._replace(free=1000))
    command_line(arguments).refused("--cache_dir", "18432 bytes are needed", "1000 are free")
    assert not (place / "C").exists()


def test_a_cache_that_may_not_be_written_is_refused(place: Path, command_line: CommandLine) -> None:
    arguments = own_folder(place)
    (place / "C").mkdir(mode=0o755)
    with another_user():
        result = command_line(arguments)
    result.refused("--cache_dir", "Permission denied")


def test_a_matlab_file_that_announces_too_much_is_not_unpacked(
    place: Path, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make.write_svhn(place / "D")
    make.write_mat(folder / MAT, X=np.zeros((32, 32, 3, 400), np.uint8), y=np.ones((400, 1)))
    monkeypatch.setattr(svhn, "MAX_BYTES", 200_000)
    command_line(
        ["--dataset", "svhn", "--data_path", str(place / "D"), "--out_dir", str(place / "O")]
    ).refused(MAT, "1228800 values", "200000 are the most")


def test_an_archive_of_too_many_images_is_refused_before_unpacking(
    place: Path, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make.write_npz(place / "own.npz", images=np.zeros((20, 64, 64, 3), np.uint8))
    monkeypatch.setattr(arrays, "MAX_BYTES", 100_000)
    command_line(["--dataset", f"npz:{path}", "--out_dir", str(place / "O")]).refused(
        str(path), "100000 are the most"
    )
