"""Data sets that TensorFlow Datasets prepared: the images of the IDX files, or a refusal."""

import shutil
import socket
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds
from idx_files import examples, write_mnist

from bayesian_gan.data import catalogue
from bayesian_gan.data.content import digests
from bayesian_gan.data.splits import label_split
from bayesian_gan.data.tfds_reader import prepared_folder
from bayesian_gan.errors import InputError

VERSION = "3.0.1"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A TFDS data_dir with a small mnist: the examples of `write_mnist`, shuffled by TFDS."""
    folder = tmp_path_factory.mktemp("tfds")
    tfds.dataset_builders.store_as_tfds_dataset(
        name="mnist",
        version=VERSION,
        features=tfds.features.FeaturesDict(
            {
                "image": tfds.features.Image(shape=(28, 28, 1)),
                "label": tfds.features.ClassLabel(num_classes=10),
            }
        ),
        split_datasets={
            split: [
                (k, {"image": image[..., np.newaxis], "label": label})
                for k, (image, label) in enumerate(zip(*examples(num, seed), strict=True))
            ]
            for split, num, seed in (("train", 60, 1), ("test", 20, 2))
        },
        data_dir=folder,
        description="random images",
    )
    return folder


def content(images: np.ndarray, labels: np.ndarray) -> list[tuple[bytes, int]]:
    """Images with their labels, in an order that depends on nothing else."""
    return sorted(zip(digests(images), labels.tolist(), strict=True))


def test_it_reads_the_same_examples_as_the_idx_reader(
    prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_network(*_: object) -> None:
        raise AssertionError("a network was tried")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    data = catalogue.load("mnist", str(prepared))
    write_mnist(tmp_path)
    other = catalogue.load("mnist", str(tmp_path))
    assert content(data.images, data.labels) == content(other.images, other.labels)
    assert content(data.test_images, data.test_labels) == content(
        other.test_images, other.test_labels
    )
    # Otherwise nothing here would show that splits do not depend on the order.
    assert not np.array_equal(data.images, other.images)
    assert data.class_names == other.class_names
    assert data.name == "mnist"
    assert VERSION in data.provenance
    assert "TensorFlow Datasets" in data.provenance
    assert str(prepared) in data.provenance


def test_reading_twice_gives_one_order(prepared: Path) -> None:
    first, second = (catalogue.load("mnist", str(prepared)) for _ in range(2))
    np.testing.assert_array_equal(first.images, second.images)
    np.testing.assert_array_equal(first.labels, second.labels)


def test_idx_files_are_preferred_where_both_lie(prepared: Path, tmp_path: Path) -> None:
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    elsewhere = write_mnist(tmp_path / "elsewhere")
    for path in elsewhere.iterdir():
        shutil.copy(path, tmp_path / "mnist")
    assert "IDX" in catalogue.load("mnist", str(tmp_path)).provenance


def test_the_newest_whole_version_is_taken(tmp_path: Path) -> None:
    assert prepared_folder("mnist", tmp_path) is None
    for version in ("3.0.1", "3.0.10", "3.0.9", "10.0.0.incomplete", "incomplete.X_11.0.0"):
        (tmp_path / "mnist" / version).mkdir(parents=True)
        (tmp_path / "mnist" / version / "dataset_info.json").write_text("{}")
    (tmp_path / "mnist" / "4.0.0").mkdir()  # Begun, and not finished.
    assert prepared_folder("mnist", tmp_path) == tmp_path / "mnist" / "3.0.10"


@pytest.mark.parametrize(
    ("file", "keep"),
    [
        ("dataset_info.json", 100),
        ("features.json", 100),
        ("features.json", None),
        ("mnist-train.tfrecord-00000-of-00001", 1000),
        ("mnist-train.tfrecord-00000-of-00001", 0),
        ("mnist-test.tfrecord-00000-of-00001", None),
    ],
)
def test_damaged_records_are_refused_in_one_line(
    prepared: Path, tmp_path: Path, file: str, keep: int | None
) -> None:
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "mnist" / VERSION / file
    if keep is None:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(InputError, match=r"TensorFlow Datasets .*prepare it again") as caught:
        catalogue.load("mnist", str(tmp_path))
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "{{" not in str(caught.value)


def test_any_error_of_tfds_becomes_its_first_line(
    prepared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: str) -> None:
        raise RuntimeError("{{node A}} the first line\nand the second")

    monkeypatch.setattr(tfds, "builder_from_directory", fail)
    with pytest.raises(InputError, match=r"\(RuntimeError: the first line\)"):
        catalogue.load("mnist", str(prepared))


def test_a_split_name_means_the_same_images_from_either_reader(
    prepared: Path, tmp_path: Path
) -> None:
    write_mnist(tmp_path)
    ours, theirs = (
        label_split(catalogue.load("mnist", str(folder)), 25, 3) for folder in (tmp_path, prepared)
    )
    assert ours.name == theirs.name == "mnist.3@25"
    np.testing.assert_array_equal(ours.images, theirs.images)
    np.testing.assert_array_equal(ours.labels, theirs.labels)
    assert not np.array_equal(ours.indices, theirs.indices)
