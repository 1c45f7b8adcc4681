"""TensorFlow Datasets beside MNIST: CelebA, EMNIST, images of different sizes, any name."""

import json
import shutil
from pathlib import Path
from typing import Any

import layouts as make
import numpy as np
import pytest
import tensorflow_datasets as tfds
from command_line import CommandLine

from bayesian_gan.data import catalogue, celeb
from bayesian_gan.data.content import digests
from bayesian_gan.data.image_data import ImageData
from bayesian_gan.data.splits import label_split
from bayesian_gan.errors import InputError
from bayesian_gan.options.reading import ReadingOptions

SHARED = Path(__file__).parents[3] / "shared" / "data"


def store(
    data_dir: Path,
    name: str,
    shape: tuple[int | None, int | None, int],
    splits: dict[str, tuple[Any, Any]],
    num_classes: int = 10,
    config: str | None = None,
) -> None:
    """Prepares a data set with image and label as TFDS does."""
    tfds.dataset_builders.store_as_tfds_dataset(
        name=name,
        version="3.0.0",
        config=config,
        features=tfds.features.FeaturesDict(
            {
                "image": tfds.features.Image(shape=shape),
                "label": tfds.features.ClassLabel(num_classes=num_classes),
            }
        ),
        split_datasets={
            split: [
                (k, {"image": image, "label": label})
                for k, (image, label) in enumerate(zip(images, labels, strict=True))
            ]
            for split, (images, labels) in splits.items()
        },
        data_dir=data_dir,
        description="random images",
    )


def same_examples(first: ImageData, second: ImageData) -> bool:
    """Whether two copies hold the same labelled images, in any order."""
    return all(
        sorted(zip(digests(a), x.tolist(), strict=True))
        == sorted(zip(digests(b), y.tolist(), strict=True))
        for a, x, b, y in (
            (first.images, first.labels, second.images, second.labels),
            (first.test_images, first.test_labels, second.test_images, second.test_labels),
        )
    )


def test_cifar_is_the_same_by_both_readers(tmp_path: Path) -> None:
    make.write_cifar(tmp_path / "D")
    ours = catalogue.load("cifar", str(tmp_path / "D"))
    splits = {"train": (ours.images, ours.labels), "test": (ours.test_images, ours.test_labels)}
    store(tmp_path / "T", "cifar10", (32, 32, 3), splits)
    for name in ("cifar", "tfds:cifar10"):
        theirs = catalogue.load(name, str(tmp_path / "T"))
        assert same_examples(ours, theirs)
        assert theirs.class_names == ours.class_names
        assert (theirs.name, "TensorFlow Datasets" in theirs.provenance) == ("cifar", True)
    first, second = label_split(ours, 40, 3), label_split(theirs, 40, 3)
    np.testing.assert_array_equal(first.images, second.images)


def test_svhns_digit_0_is_0_by_both_readers(tmp_path: Path) -> None:
    make.write_svhn(tmp_path / "D")
    splits = {"train": make.colour(40, seed=1), "test": make.colour(40, seed=2)}
    store(tmp_path / "T", "svhn_cropped", (32, 32, 3), splits)
    ours, theirs = (catalogue.load("svhn", str(tmp_path / d)) for d in "DT")
    assert same_examples(ours, theirs)


def test_emnist_is_upright_by_both_readers(tmp_path: Path) -> None:
    stems = ("emnist-letters-train", "emnist-letters-test")
    make.write_idx(tmp_path / "D", "emnist", stems, first_label=1)
    splits = {
        split: (
            np.random.default_rng(seed).integers(0, 256, (num, 28, 28, 1), dtype=np.uint8),
            np.arange(num) % 10 + 1,
        )
        for split, num, seed in (("train", 60, 1), ("test", 20, 2))
    }
    store(tmp_path / "T", "emnist", (28, 28, 1), splits, num_classes=37, config="letters")
    ours, theirs = (catalogue.load("emnist_letters", str(tmp_path / d)) for d in "DT")
    assert same_examples(ours, theirs)
    assert theirs.class_names == ours.class_names


def test_celeb_a_is_the_same_by_both_readers(tmp_path: Path) -> None:
    """From the JPEGs themselves, which TFDS stores as they are."""
    folder = make.write_celeb(tmp_path / "D", 64, partition=True)
    names, labels = celeb.read_attributes(folder / celeb.ATTRIBUTES)

    def examples(part: range) -> list[tuple[int, dict[str, Any]]]:
        return [
            (
                i,
                {
                    "image": str(folder / celeb.IMAGES / names[i]),
                    "attributes": {
                        b: bool(labels[i] >> (3 - k) & 1) for k, b in enumerate(celeb.BITS)
                    },
                },
            )
            for i in part
        ]

    tfds.dataset_builders.store_as_tfds_dataset(
        name="celeb_a",
        version="2.1.0",
        features=tfds.features.FeaturesDict(
            {
                "image": tfds.features.Image(shape=(218, 178, 3), encoding_format="jpeg"),
                "attributes": dict.fromkeys(celeb.BITS, np.bool_),
            }
        ),
        split_datasets={
            "train": examples(range(16)),
            "validation": examples(range(16, 32)),
            "test": examples(range(32, 64)),
        },
        data_dir=tmp_path / "T",
        description="noise",
    )
    options = ReadingOptions(download=False, cache_dir=str(tmp_path / "C"))
    ours, theirs = (catalogue.load("celeb", str(tmp_path / d), options) for d in "DT")
    assert same_examples(ours, theirs)
    assert theirs.balance == "even"
    assert "16 to train (of 75000 asked for) and 32 to test" in theirs.provenance
    again = catalogue.load("celeb", str(tmp_path / "T"), options)
    np.testing.assert_array_equal(again.images, theirs.images)


def test_images_of_different_sizes_are_resized_or_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (16 + i, 20, 3), dtype=np.uint8) for i in range(6)]
    labels = [0, 1] * 3
    store(
        tmp_path,
        "flowers",
        (None, None, 3),
        dict.fromkeys(("train", "validation"), (images, labels)),
        2,
    )
    cache_dir = str(tmp_path / "C")
    with pytest.raises(InputError, match="different sizes; give --image_size and --resize"):
        catalogue.load(
            "tfds:flowers", str(tmp_path), ReadingOptions(download=False, cache_dir=cache_dir)
        )
    with pytest.raises(InputError, match="give --resize"):
        catalogue.load(
            "tfds:flowers",
            str(tmp_path),
            ReadingOptions(download=False, image_size=16, cache_dir=cache_dir),
        )
    options = ReadingOptions(download=False, image_size=16, resize=True, cache_dir=cache_dir)
    data = catalogue.load("tfds:flowers", str(tmp_path), options)
    assert data.images.shape == (6, 16, 16, 3)
    means = sorted(image.mean() for image in images)
    np.testing.assert_allclose(sorted(data.images.mean((1, 2, 3))), means, atol=2)


def test_large_data_go_into_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    splits = {"train": make.colour(40, seed=1), "test": make.colour(40, seed=2)}
    store(tmp_path / "T", "svhn_cropped", (32, 32, 3), splits)
    held = catalogue.load("svhn", str(tmp_path / "T"))
    for module in ("cache", "tfds_reader"):
        monkeypatch.setattr(f"bayesian_gan.data.{module}.HELD_BYTES", 1000)
    mapped = catalogue.load(
        "svhn", str(tmp_path / "T"), ReadingOptions(download=False, cache_dir=str(tmp_path / "C"))
    )
    assert isinstance(mapped.images, np.memmap)
    np.testing.assert_array_equal(mapped.images, held.images)
    np.testing.assert_array_equal(mapped.labels, held.labels)


def test_a_set_without_labels_or_test_split_is_refused(tmp_path: Path) -> None:
    store(tmp_path, "alone", (8, 8, 1), {"train": (np.zeros((4, 8, 8, 1), np.uint8), [0, 1, 0, 1])})
    with pytest.raises(InputError, match=r"splits \['train'\].*choose another"):
        catalogue.load("tfds:alone", str(tmp_path))
    tfds.dataset_builders.store_as_tfds_dataset(
        name="unlabelled",
        version="1.0.0",
        features=tfds.features.FeaturesDict({"image": tfds.features.Image(shape=(8, 8, 1))}),
        split_datasets={
            s: [(0, {"image": np.zeros((8, 8, 1), np.uint8)})] for s in ("train", "test")
        },
        data_dir=tmp_path,
        description="zeros",
    )
    with pytest.raises(InputError, match="image and label are needed"):
        catalogue.load("tfds:unlabelled", str(tmp_path))


def test_any_prepared_name_trains(tmp_path: Path, command_line: CommandLine) -> None:
    splits = {"train": make.colour(40, 16, 1, 2), "test": make.colour(10, 16, 2, 2)}
    store(tmp_path / "T", "cats_or_dogs", (16, 16, 3), splits, 2)
    arguments = f"""--dataset tfds:cats_or_dogs --data_path {tmp_path / "T"} --out_dir {tmp_path / "O"}
        --N 8 --df_dim 2 --gf_dim 2 --num_layers 2 --z_dim 4 --batch_size 16 --train_iter 20
        --n_save 20 --warm_up 10 --collect_every 10"""
    result = command_line(arguments.split())
    assert result.status == 0, result.stderr
    (folder,) = (tmp_path / "O").iterdir()
    assert folder.name.startswith("bgan_tfds_cats_or_dogs_")
    assert json.loads((folder / "summary.json").read_text())["split"] == "cats_or_dogs.0@8"


@pytest.mark.slow
@pytest.mark.skipif(not (SHARED / "mnist").is_dir(), reason="needs ../shared/data/mnist")
def test_mnist_itself_is_the_same_by_both_readers(tmp_path: Path) -> None:
    """TFDS prepares it from the original files in downloads/manual, without a network."""
    manual = tmp_path / "downloads" / "manual"
    manual.mkdir(parents=True)
    for path in (SHARED / "mnist").glob("*.gz"):
        shutil.copy(path, manual)
    theirs = catalogue.load(
        "mnist", str(tmp_path), ReadingOptions(download=True, download_seconds=300)
    )
    assert "TensorFlow Datasets" in theirs.provenance
    ours = catalogue.load("mnist", str(SHARED))
    assert same_examples(ours, theirs)
    assert not np.array_equal(ours.images, theirs.images)
    first, second = label_split(ours, 100, 3), label_split(theirs, 100, 3)
    assert first.name == second.name == "mnist.3@100"
    np.testing.assert_array_equal(first.images, second.images)
    np.testing.assert_array_equal(first.labels, second.labels)
