"""`bayesian-gan data list`, `data describe` and `data example`."""

import subprocess
import sys
from pathlib import Path

import layouts as make
import numpy as np
import pytest

from bayesian_gan.commands import main
from bayesian_gan.data import catalogue, digits
from bayesian_gan.options.reading import ReadingOptions

ROOT = Path(__file__).parents[2]


def test_list_names_all_and_says_what_is_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make.write_cifar(tmp_path)
    make.write_idx(tmp_path, "kmnist")
    prepared = tmp_path / "svhn_cropped" / "3.1.0"
    prepared.mkdir(parents=True)
    (prepared / "dataset_info.json").write_text("{}")
    (tmp_path / "mnist" / "3.0.1").mkdir(parents=True)  # Begun, and no IDX files.
    assert main(["data", "list", "--data_path", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    rows = {line.split()[0]: line for line in printed.splitlines() if line}
    assert rows["cifar/cifar10"].endswith("authors' layout")
    assert rows["kmnist"].endswith("authors' layout")
    assert rows["svhn"].endswith("TFDS")
    assert rows["mnist"].endswith(" no")
    assert {
        "celeb/celeba",
        "cifar100",
        "emnist",
        "imagenet_K",
        "folder:PATH",
        "npz:PATH",
        "tfds:NAME",
    } < set(rows)


def test_describe_counts_the_classes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make.write_svhn(tmp_path)
    assert main(["data", "describe", "svhn", "--data_path", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "looked for in --data_path: svhn/{train,test}_32x32.mat" in lines[1]
    assert str(tmp_path / "svhn") in lines[2]
    assert "40 training and 40 test images of 32x32x3, 245760 bytes" in lines[3]
    assert [line.split() for line in lines[5:]] == [[str(k), str(k), "4", "4"] for k in range(10)]


def test_describe_without_a_path_says_where_it_would_look(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["data", "describe", "celeba"]) == 0
    printed = capsys.readouterr().out
    assert "celebA/Anno/list_attr_celeba.txt" in printed
    assert "celeb_a/VERSION/" in printed
    assert "75,000 / 10,000" in printed


def test_describe_refuses_in_one_line(tmp_path: Path) -> None:
    for arguments in (
        ["describe", "kitten"],
        ["describe", "svhn", "--data_path", str(tmp_path)],
        ["list", "--data_path", str(tmp_path / "nowhere")],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "bayesian_gan", "data", *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 2
        (line,) = done.stderr.splitlines()
        assert line.startswith("python -m bayesian_gan data: error: ")


def test_the_example_is_a_folder_of_pictures_that_trains(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "pictures"
    assert main(["data", "example", str(folder)]) == 0
    assert "40 in labelled/, 1,257 in unlabelled/, 500 in test/" in capsys.readouterr().out
    files = {
        name: sorted((folder / name).rglob("*.png")) for name in ("labelled", "unlabelled", "test")
    }
    assert {name: len(found) for name, found in files.items()} == {
        "labelled": 40,
        "unlabelled": 1257,
        "test": 500,
    }
    assert [len(list((folder / "labelled" / str(k)).iterdir())) for k in range(10)] == [4] * 10
    cache = ["--cache_dir", str(tmp_path / "C")]
    assert main(["data", "describe", f"folder:{folder}", *cache]) == 0
    printed = capsys.readouterr().out
    assert (
        "40 labelled pictures of 10 classes (4 of each), 1,257 without a label, 500 to test"
        in printed
    )
    assert "1257 training images without a label" in printed
    data = catalogue.load(f"folder:{folder}", None, ReadingOptions(cache_dir=cache[1]))
    digit = digits.load()
    np.testing.assert_array_equal(np.sort(data.images, axis=None), np.sort(digit.images, axis=None))
    by_content = {
        image.tobytes(): label for image, label in zip(digit.images, digit.labels, strict=True)
    }
    labelled = data.labels >= 0
    assert data.labels[labelled].tolist() == [
        by_content[i.tobytes()] for i in data.images[labelled]
    ]
    # Nothing is overwritten.
    assert main(["data", "example", str(folder)]) == 2
    assert "exists; give" in capsys.readouterr().err
