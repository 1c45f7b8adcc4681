"""The data sets by name: what is served, from which layout, and what is refused."""

import gzip
import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from idx_files import examples, idx_bytes, write_mnist
from sklearn.datasets import load_digits

from bayesian_gan.data import catalogue
from bayesian_gan.data.catalogue import ImageData
from bayesian_gan.data.content import digests
from bayesian_gan.errors import InputError

SHARED = Path(__file__).parents[3] / "shared" / "data"


def refusal(name: str, data_path: str | Path | None) -> str:
    """The one line with which a data set is refused."""
    with pytest.raises(InputError) as caught:
        catalogue.load(name, None if data_path is None else str(data_path))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "nonsense",
        "",
        "MNIST",
        "imagenet_",
        "imagenet_0",
        "imagenet_../10",
        "folder:",
        "npz",
        "tfds:",
    ],
)
def test_a_name_that_is_not_served_is_refused_with_those_that_are(name: str) -> None:
    line = refusal(name, None)
    assert repr(name) in line
    assert all(served in line for served in catalogue.names())


def test_names() -> None:
    paper = {"mnist", "cifar", "svhn", "celeb", "imagenet_K", "digits"}
    assert paper | {"fashion_mnist", "kmnist", "emnist", "cifar100"} < set(catalogue.names())
    for alias, name in (("cifar10", "cifar"), ("celeba", "celeb"), ("tfds:cifar10", "cifar")):
        assert catalogue.find(alias).name == name


def test_refusals_import_neither_tensorflow_nor_scikit_learn(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from bayesian_gan.data import catalogue, idx, splits\n"
        f"own, names = {str(tmp_path)!r}, ('mnist', 'cifar', 'svhn', 'celeb', 'imagenet_3', 'tfds:x')\n"
        "pairs = [(name, path) for name in names for path in (None, own)]\n"
        "pairs += [('kitten', None), (f'folder:{own}', None), (f'npz:{own}', None)]\n"
        "for name, path in pairs:\n"
        "    try:\n"
        "        catalogue.load(name, path)\n"
        "    except ValueError:\n"
        "        continue\n"
        "    raise SystemExit('not refused')\n"
        "heavy = {'tensorflow', 'tensorflow_datasets', 'sklearn', 'keras'} & set(sys.modules)\n"
        "raise SystemExit(repr(heavy) if heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


# digits


def test_digits_are_scikit_learns_each_once_scaled_to_bytes() -> None:
    data = catalogue.load("digits")
    assert data.images.shape == (1297, 8, 8, 1)
    assert data.test_images.shape == (500, 8, 8, 1)
    assert "scikit-learn" in data.provenance
    assert data.class_names == tuple("0123456789")
    bunch = load_digits()
    # round(v * 255 / 16), halves up; 8 is the one half: 127.5.
    expected = np.floor(bunch.images * 255 / 16 + 0.5).astype(np.uint8)
    source = sorted(zip(map(bytes, expected), bunch.target, strict=True))
    images = np.concatenate([data.images, data.test_images])
    labels = np.concatenate([data.labels, data.test_labels])
    assert sorted(zip(map(bytes, images), labels, strict=True)) == source
    assert images.max() == 255


def test_the_test_set_of_digits_is_stratified_and_never_changes() -> None:
    data = catalogue.load("digits")
    counts = np.bincount(data.test_labels)
    whole = counts + np.bincount(data.labels)
    assert np.all(np.abs(counts - whole * 500 / 1797) < 1)
    assert not set(map(bytes, data.images)) & set(map(bytes, data.test_images))
    # Results on digits compare only while this stands.
    content = hashlib.sha256(b"".join(digests(data.test_images))).hexdigest()
    assert content == "3ddab48fcb821ea19ddf14d94331ea05996c186c9fd19678d38417bcd874b860"


# mnist


def test_mnist_without_a_path_says_what_it_needs() -> None:
    for path in (None, ""):
        line = refusal("mnist", path)
        assert "--data_path is needed" in line
        assert "idx3" in line
        assert "TensorFlow Datasets" in line


def test_mnist_in_a_folder_with_neither_layout_names_both(tmp_path: Path) -> None:
    for prepare in (lambda: None, (tmp_path / "mnist").mkdir, (tmp_path / "mnist/3.0.1").mkdir):
        prepare()
        line = refusal("mnist", tmp_path)
        assert str(tmp_path) in line
        assert "idx3" in line
        assert "TensorFlow Datasets" in line


def test_a_data_path_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mnist").write_text("a file where a folder belongs")
    assert "No such file" in refusal("mnist", tmp_path / "nothing")
    assert "Not a directory" in refusal("mnist", tmp_path / "file")
    assert "looked for" in refusal("mnist", tmp_path / "other")
    assert "File name too long" in refusal("mnist", "x" * 5000)


def test_a_path_with_a_line_break_is_still_refused_in_one_line(tmp_path: Path) -> None:
    refusal("mnist", f"{tmp_path}/a\nb")


@pytest.mark.parametrize("unpacked", [False, True])
def test_mnist_from_idx_files(tmp_path: Path, unpacked: bool) -> None:
    folder = write_mnist(tmp_path)
    if unpacked:
        for path in list(folder.iterdir()):
            path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
            path.unlink()
    data = catalogue.load("mnist", str(tmp_path))
    for images, labels, num, seed in (
        (data.images, data.labels, 60, 1),
        (data.test_images, data.test_labels, 20, 2),
    ):
        expected_images, expected_labels = examples(num, seed)
        np.testing.assert_array_equal(images[..., 0], expected_images)
        np.testing.assert_array_equal(labels, expected_labels)
    assert data.name == "mnist"
    assert data.num_classes == 10
    assert data.image_shape == (28, 28, 1)
    assert data.provenance == f"mnist from the IDX files in {str(folder)!r}"


def test_a_missing_file_of_the_four_is_named(tmp_path: Path) -> None:
    folder = write_mnist(tmp_path)
    (folder / "t10k-labels-idx1-ubyte.gz").unlink()
    assert "t10k-labels-idx1-ubyte'[.gz] is missing" in refusal("mnist", tmp_path)


def test_a_damaged_file_of_the_four_is_named(tmp_path: Path) -> None:
    folder = write_mnist(tmp_path)
    path = folder / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-50])
    line = refusal("mnist", tmp_path)
    assert str(path) in line
    assert "cut short" in line


def test_train_and_test_of_other_sizes_are_refused(tmp_path: Path) -> None:
    folder = write_mnist(tmp_path)
    smaller = np.zeros((20, 8, 8), np.uint8)
    (folder / "t10k-images-idx3-ubyte.gz").write_bytes(idx_bytes(smaller))
    assert "(8, 8, 1)" in refusal("mnist", tmp_path)


@pytest.mark.skipif(not (SHARED / "mnist").is_dir(), reason="needs ../shared/data/mnist")
def test_the_original_files_of_mnist() -> None:
    data = catalogue.load("mnist", str(SHARED))
    assert data.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert data.test_labels[:5].tolist() == [7, 2, 1, 0, 4]
    counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(data.labels).tolist() == counts
    # The published sums of the uncompressed files, whose headers are 16 bytes long.
    for images, number, expected in (
        (
            data.images,
            60000,
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        ),
        (
            data.test_images,
            10000,
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        ),
    ):
        assert images.shape == (number, 28, 28, 1)
        assert hashlib.sha256(idx_bytes(images[..., 0])).hexdigest() == expected


# ImageData


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"images": np.zeros((4, 2, 2, 1), np.float32)}, "images must be uint8 of rank 4"),
        ({"images": np.zeros((4, 2, 2), np.uint8)}, "images must be uint8 of rank 4"),
        ({"images": [[1]]}, "images must be uint8 of rank 4"),
        ({"images": np.zeros((0, 2, 2, 1), np.uint8)}, "images is empty"),
        ({"images": np.zeros((4, 2, 0, 1), np.uint8)}, "images is empty"),
        ({"images": np.zeros((5, 2, 2, 1), np.uint8)}, "5 images and 4 labels"),
        ({"labels": np.zeros(4, np.int64)}, "labels must be int32 of rank 1"),
        ({"labels": np.zeros((4, 1), np.int32)}, "labels must be int32 of rank 1"),
        ({"labels": np.array([0, 1, 2, 0], np.int32)}, r"labels lie in \[0, 2\]"),
        ({"test_labels": np.array([0, -1], np.int32)}, r"test_labels lie in \[-1, 0\]"),
        ({"test_labels": np.zeros(3, np.int32)}, "2 test_images and 3 test_labels"),
        ({"test_images": np.zeros((2, 2, 2, 3), np.uint8)}, r"a test image is \(2, 2, 3\)"),
        ({"test_images": np.zeros((2, 2, 2, 1), np.int16)}, "test_images must be uint8"),
        ({"labels": np.array([0, 1, -2, 0], np.int32)}, r"labels lie in \[-2, 1\]"),
        ({"class_names": ()}, r"labels lie in \[0, 1\], and its 0 classes"),
        ({"class_names": ("a", "a")}, "class_names"),
    ],
)
def test_image_data_checks_itself(change: dict, reason: str) -> None:
    good = ImageData(
        images=np.zeros((4, 2, 2, 1), np.uint8),
        labels=np.array([0, 1, 1, 0], np.int32),
        test_images=np.zeros((2, 2, 2, 1), np.uint8),
        test_labels=np.array([0, 1], np.int32),
        class_names=("a", "b"),
        name="toy",
        provenance="written by a test",
    )
    with pytest.raises(InputError, match=f"'toy': {reason}"):
        replace(good, **change)
