"""Sets of TensorFlow Datasets that are partly labelled: -1 is TFDS's way to write that there is no label."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds
from conftest import parse_flags

from bayesian_gan.data import cache, tfds_reader
from bayesian_gan.data.image_data import ImageData
from bayesian_gan.data.run_data import load_run_data
from bayesian_gan.data.splits import label_split
from bayesian_gan.errors import InputError


def prepare(folder: Path, train: Sequence[int], test: Sequence[int]) -> None:
    rng = np.random.default_rng(0)
    features = {
        "image": tfds.features.Image(shape=(8, 8, 1)),
        "label": tfds.features.ClassLabel(names=["cat", "dog"]),
    }
    tfds.dataset_builders.store_as_tfds_dataset(
        name="pets",
        version="1.0.0",
        features=tfds.features.FeaturesDict(features),
        split_datasets={
            split: [
                (k, {"image": rng.integers(0, 256, (8, 8, 1), np.uint8), "label": label})
                for k, label in enumerate(labels)
            ]
            for split, labels in (("train", train), ("test", test))
        },
        data_dir=folder,
        description="noise",
    )


def load(folder: Path) -> ImageData:
    flags = ("--dataset", "tfds:pets", "--data_path", str(folder), "--cache_dir", str(folder / "C"))
    return load_run_data(parse_flags("--out_dir", "O", *flags))


@pytest.mark.parametrize("held", [True, False])
def test_a_label_of_minus_one_is_none(
    tmp_path: Path, held: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not held:
        monkeypatch.setattr(tfds_reader, "HELD_BYTES", 100)
        monkeypatch.setattr(cache, "HELD_BYTES", 100)
    prepare(tmp_path, [0, -1, 1, -1, -1, 0, 1, -1], [0, 1])
    data = load(tmp_path)
    assert sorted(data.labels.tolist()) == [-1] * 4 + [0, 0, 1, 1]
    assert data.notes == ("4 labelled training images, 4 without (-1)",)
    split = label_split(data, 4, 0)
    assert sorted(split.labels.tolist()) == [0, 0, 1, 1]
    assert len(label_split(data, "all", 0).indices) == 4
    with pytest.raises(InputError, match=r"--N 6: .* has 4 labelled examples; give at most --N 4"):
        label_split(data, 6, 0)


def test_images_to_test_on_need_labels(tmp_path: Path) -> None:
    prepare(tmp_path, [0, 1], [0, -1, 1])
    with pytest.raises(
        InputError, match=r"1 of the 3 images of its split test have no label \(-1\)"
    ):
        load(tmp_path)
