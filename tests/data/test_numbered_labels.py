"""A file of labels for images that have no files of their own."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from conftest import parse_flags

from bayesian_gan.commands import main
from bayesian_gan.data import digits
from bayesian_gan.data.arrays import from_arrays
from bayesian_gan.data.image_data import UNLABELLED
from bayesian_gan.data.numbered_labels import label_numbered
from bayesian_gan.data.run_data import load_run_data
from bayesian_gan.data.splits import label_split
from bayesian_gan.data.validation import hold_out_labelled


def table(path: Path, *rows: str) -> str:
    path.write_text("\n".join(["path,label", *rows]))
    return str(path)


def test_of_a_benchmark_only_the_file_s_pictures_are_labelled(tmp_path: Path) -> None:
    split = label_split(digits.load(), 20, 3)
    rows = [f"train/{i},{k}" for i, k in zip(split.indices, split.labels, strict=True)]
    labels = table(tmp_path / "labels.csv", *rows, "train/5,")
    config = parse_flags("--dataset", "digits", "--labels", labels, "--dry_run")
    assert config.N == "all"
    data = load_run_data(config)
    found = label_split(data, config.N, config.label_seed)
    assert found.name == "digits.all@20"
    assert sorted(found.indices) == sorted(split.indices)
    assert data.num_labelled == 20
    assert data.has_test
    assert data.notes == (
        "labels of labels.csv: 20 pictures, and none of the others of digits has one",
    )
    # What is held out is scored by its own labels.
    rows = [row for row in rows if int(row[6:].split(",")[0]) < 1197]
    config = replace(config, validation=100, labels=table(tmp_path / "l.csv", *rows))
    data = load_run_data(config)
    assert (data.num_labelled, len(data.test_labels)) == (len(rows), 100)


def test_labels_are_added_where_few_are_there(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 1), dtype=np.uint8)
    given = np.array([0, 1, *[UNLABELLED] * 10])
    data = from_arrays(images, given, class_names=("cat", "dog"), name="own")
    found = label_numbered(data, table(tmp_path / "a.csv", "train/1,dog", "train/7,cat"))
    assert found.labels.tolist() == [0, 1, *[-1] * 5, 0, *[-1] * 4]
    assert found.notes == ("labels of a.csv: 2 pictures, 3 with those that own labels",)
    # Without any, the classes are those of the file.
    found = label_numbered(
        from_arrays(images, name="own"), table(tmp_path / "b.csv", "train/3,dog", "train/2,a cat")
    )
    assert found.class_names == ("a cat", "dog")
    assert (found.labels[2], found.labels[3], found.num_labelled) == (0, 1, 2)


def test_names_stay_with_their_images(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 1), dtype=np.uint8)
    data = from_arrays(images, np.arange(12) % 3 - 1, name="own")
    held = hold_out_labelled(data, 0.5)
    assert held.names is not None
    assert held.test_names is not None
    for names, of in ((held.names, held.images), (held.test_names, held.test_images)):
        for name, image in zip(names, of, strict=True):
            np.testing.assert_array_equal(images[int(name.removeprefix("train/"))], image)


def test_describe_reads_the_file(tmp_path: Path, capsys: object) -> None:
    labels = table(tmp_path / "labels.csv", "train/0,1")
    assert main(["data", "describe", "digits", "--labels", labels]) == 0
    assert "1296 training images without a label" in capsys.readouterr().out  # type: ignore[attr-defined]
