"""Each reader gives exactly the pixels, labels and names that were written in the real format."""

import hashlib
import pickle
from pathlib import Path
from typing import Any

import layouts as make
import numpy as np
import pytest
from PIL import Image

from bayesian_gan.data import catalogue, celeb
from bayesian_gan.data.arrays import from_arrays
from bayesian_gan.data.content import digests
from bayesian_gan.data.crop_faces import crop_face
from bayesian_gan.data.image_data import ImageData
from bayesian_gan.data.resizing import resized
from bayesian_gan.data.splits import label_split
from bayesian_gan.errors import InputError
from bayesian_gan.options.reading import ReadingOptions

SHARED = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture
def options(tmp_path: Path) -> ReadingOptions:
    return ReadingOptions(download=False, cache_dir=str(tmp_path / "C"))


@pytest.mark.parametrize("name", ["fashion_mnist", "kmnist", "mnist"])
def test_mnists_kin(tmp_path: Path, name: str) -> None:
    make.write_idx(tmp_path, name)
    data = catalogue.load(name, str(tmp_path))
    expected = np.random.default_rng(1).integers(0, 256, (60, 28, 28), dtype=np.uint8)
    np.testing.assert_array_equal(data.images[..., 0], expected)
    assert (data.name, data.num_classes) == (name, 10)


def test_emnist_is_upright_and_its_letters_count_from_0(tmp_path: Path) -> None:
    stems = ("emnist-letters-train", "emnist-letters-test")
    make.write_idx(tmp_path, "emnist", stems, first_label=1)
    data = catalogue.load("emnist_letters", str(tmp_path))
    stored = np.random.default_rng(1).integers(0, 256, (60, 28, 28), dtype=np.uint8)
    np.testing.assert_array_equal(data.images[..., 0], stored.transpose(0, 2, 1))
    np.testing.assert_array_equal(data.labels, np.arange(60) % 10)
    assert data.class_names[0] == "A"
    with pytest.raises(InputError, match="no emnist in"):
        catalogue.load("emnist", str(tmp_path))


@pytest.mark.parametrize("name", ["cifar", "cifar10"])
def test_cifar10(tmp_path: Path, name: str) -> None:
    make.write_cifar(tmp_path)
    data = catalogue.load(name, str(tmp_path))
    expected = np.concatenate([make.colour(20, seed=k)[0] for k in range(5)])
    np.testing.assert_array_equal(data.images, expected)
    np.testing.assert_array_equal(data.labels, np.tile(np.arange(20) % 10, 5))
    np.testing.assert_array_equal(data.test_images, make.colour(20, seed=5)[0])
    assert data.name == "cifar"
    assert data.class_names[3] == "cat"


def test_cifar_as_python_3_and_numpy_2_pickle_it(tmp_path: Path) -> None:
    folder = make.write_cifar(tmp_path)
    images, labels = make.colour(20, seed=9)
    for protocol in (2, 5):
        batch: dict[str, Any] = {
            key.decode(): value for key, value in make.cifar_batch(images, labels).items()
        }
        batch["labels"] = np.array(labels, ">i8")
        (folder / "test_batch").write_bytes(pickle.dumps(batch, protocol))
        if protocol == 5:
            # Out-of-band buffers rebuild arrays by another function: not in the table.
            with pytest.raises(InputError, match="_frombuffer"):
                catalogue.load("cifar", str(tmp_path))
            continue
        data = catalogue.load("cifar", str(tmp_path))
        np.testing.assert_array_equal(data.test_images, images)
        np.testing.assert_array_equal(data.test_labels, labels)


@pytest.mark.slow
@pytest.mark.skipif(not (SHARED / "cifar10_jpeg.npz").exists(), reason="needs ../shared/data")
def test_cifar10_of_the_shared_folder(tmp_path: Path) -> None:
    import subprocess
    import sys

    subprocess.run(
        [
            sys.executable,
            str(SHARED / "to_layouts.py"),
            str(tmp_path),
            "--celeba=0",
            "--imagenet=0",
        ],
        check=True,
        capture_output=True,
    )
    data = catalogue.load("cifar", str(tmp_path))
    assert np.bincount(data.labels).tolist() == [5000] * 10
    # Its README's sum of the training pixels, which another JPEG decoder may miss by a little.
    means = data.images.mean(axis=(0, 1, 2)) / 255
    np.testing.assert_allclose(means, [0.4913, 0.4821, 0.4465], atol=1e-4)


def test_cifar100(tmp_path: Path) -> None:
    make.write_cifar100(tmp_path)
    data = catalogue.load("cifar100", str(tmp_path))
    images, labels = make.colour(200, seed=200, num_classes=100)
    np.testing.assert_array_equal(data.images, images)
    np.testing.assert_array_equal(data.labels, labels)
    assert data.class_names[7] == "class 7"


def test_svhn(tmp_path: Path) -> None:
    make.write_svhn(tmp_path)
    data = catalogue.load("svhn", str(tmp_path))
    images, labels = make.colour(40, seed=1)
    np.testing.assert_array_equal(data.images, images)
    np.testing.assert_array_equal(data.labels, labels)  # 10 is the digit 0.
    assert data.images.flags.c_contiguous


# ---------------------------------------------------------------------------------------- CelebA


def test_the_class_of_a_face_is_its_four_attributes() -> None:
    assert [celeb.label_of(a) for a in np.eye(4, dtype=bool).tolist()] == [*(8, 4, 2, 1)]
    assert celeb.CLASSES[0] == "none of the four"
    assert celeb.CLASSES[11] == "Blond_Hair Male Young"


def test_celeb_in_order_without_a_partition(tmp_path: Path, options: ReadingOptions) -> None:
    folder = make.write_celeb(tmp_path, 68)
    data = catalogue.load("celeba", str(tmp_path), options)
    assert data.name == "celeb"
    # 75 to 10.
    assert (len(data.images), len(data.test_images)) == (60, 8)
    np.testing.assert_array_equal(data.labels, np.arange(60) % 16)
    np.testing.assert_array_equal(data.test_labels, np.arange(60, 68) % 16)
    with Image.open(folder / "img_align_celeba" / "000062.jpg") as picture:
        np.testing.assert_array_equal(data.test_images[1], crop_face(picture, 32))
    assert "60 to train (of 75000 asked for) and 8 to test" in data.provenance


def test_celeb_with_the_official_partition(tmp_path: Path, options: ReadingOptions) -> None:
    make.write_celeb(tmp_path, 64, partition=True)
    data = catalogue.load("celeb", str(tmp_path), options)
    # Parts 0, 1, 2, 2 of 16 images each.
    assert (len(data.images), len(data.test_images)) == (16, 32)
    np.testing.assert_array_equal(data.test_labels, np.arange(32, 64) % 16)


@pytest.mark.parametrize(
    ("number", "celeb_train", "train", "test"),
    [
        (202_599, 75_000, 75_000, 10_000),
        (202_599, 100_000, 100_000, 10_000),
        (85_000, 75_000, 75_000, 10_000),
        (2_000, 75_000, 1_764, 236),
        (2_000, 100, 100, 1_900),
    ],
)
def test_how_many_faces_train(number: int, celeb_train: int, train: int, test: int) -> None:
    chosen, held = celeb.choose(number, None, celeb_train)
    assert (len(chosen), len(held)) == (train, test)
    assert not set(chosen) & set(held)


@pytest.mark.parametrize("size", [32, 50, 64])
def test_a_crop_holds_the_middle_of_the_face(size: int) -> None:
    # The crop takes the 128 x 128 pixels from (25, 50): a picture that is white exactly there.
    aligned = np.zeros((218, 178, 3), np.uint8)
    aligned[50:178, 25:153] = 255
    crop = crop_face(Image.fromarray(aligned), size)
    assert crop.shape == (size, size, 3)
    assert crop.min() == 255
    # Left eye at (69, 111): its place in the crop is (44, 61) / 128.
    aligned[:] = 0
    aligned[109:114, 67:72] = 255
    row, column = np.unravel_index(
        crop_face(Image.fromarray(aligned), size)[..., 0].argmax(), (size, size)
    )
    assert abs(row / size - 61.5 / 128) < 1.5 / size
    assert abs(column / size - 44.5 / 128) < 1.5 / size


def test_existing_crops_are_used_at_their_size_only(tmp_path: Path) -> None:
    folder = make.write_celeb(tmp_path, 34)
    crop = np.full((32, 32, 3), 7, np.uint8)
    Image.fromarray(crop).save(folder / "img_align_celeba" / "000003_cropped.jpg", format="PNG")
    small, large = (
        catalogue.load(
            "celeb", str(tmp_path), ReadingOptions(image_size=size, cache_dir=str(tmp_path / "C"))
        )
        for size in (32, 50)
    )
    assert np.all(small.images[2] == 7)
    assert small.images[1].std() > 0
    assert large.images[2].std() > 0


def test_labels_of_celeb_are_spread_as_evenly_as_its_classes_allow(
    tmp_path: Path, options: ReadingOptions
) -> None:
    make.write_celeb(tmp_path, 68)
    data = catalogue.load("celeb", str(tmp_path), options)
    few = catalogue.load("celeb", str(tmp_path), options).labels.copy()
    few[few == 5] = 4  # No image of class 5, twice as many of class 4.
    data = ImageData(**{**vars(data), "labels": few})
    counts = np.bincount(few, minlength=16)
    for num in (16, 33, 59, 60):
        split = label_split(data, num, 3)
        taken = np.bincount(split.labels, minlength=16)
        assert taken.sum() == num
        # Whoever has less than another has given all.
        assert all(taken[k] == counts[k] or taken[k] >= taken.max() - 1 for k in range(16))
        if num > 16:
            smaller = set(label_split(data, num - 1, 3).indices.tolist())
            assert smaller < set(split.indices.tolist())


# ---------------------------------------------------------------------------------------- pictures


def test_imagenet_takes_every_fourth_pixel_of_rgb_grey_and_cmyk(
    tmp_path: Path, options: ReadingOptions
) -> None:
    folder = make.write_imagenet(tmp_path)
    data = catalogue.load("imagenet_3", str(tmp_path), options)
    assert data.images.shape == (24, 64, 64, 3)
    assert data.class_names == ("n00000000", "n00000001", "n00000002")
    np.testing.assert_array_equal(data.test_labels, np.repeat(np.arange(3), 4))
    modes = []
    for i in range(8):
        with Image.open(folder / f"train_256/n00000001/n00000001_{i}.JPEG") as picture:
            modes.append((picture.mode, picture.format))
            np.testing.assert_array_equal(
                data.images[8 + i], np.asarray(picture.convert("RGB"))[::4, ::4]
            )
    assert {("RGB", "JPEG"), ("L", "JPEG"), ("CMYK", "JPEG"), ("RGB", "PNG")} == set(modes)


@pytest.mark.parametrize("held_out", ["val", "validation", "test"])
def test_imagenet_in_the_folders_of_tfds_imagefolder(
    tmp_path: Path, options: ReadingOptions, held_out: str
) -> None:
    folder = make.write_imagenet(tmp_path)
    first = catalogue.load("imagenet_3", str(tmp_path), options)
    for old, new in (("train_256", "train"), ("val_256", held_out)):
        (folder / old).rename(folder / new)
    second = catalogue.load("imagenet_3", str(tmp_path), options)
    np.testing.assert_array_equal(first.images, second.images)
    np.testing.assert_array_equal(first.test_images, second.test_images)


def test_a_folder_of_ones_own(tmp_path: Path, options: ReadingOptions) -> None:
    path = make.write_folder(tmp_path / "own")
    (path / "train/.DS_Store").write_bytes(b"hidden files are left out")
    data = catalogue.load(f"folder:{path}", None, options)
    np.testing.assert_array_equal(data.images[:8], make.colour(8, 16, seed=0)[0])
    np.testing.assert_array_equal(data.images[8:], make.colour(8, 16, seed=1)[0])
    assert data.class_names == ("cat", "dog")
    assert data.name == "own"
    assert str(path) in data.provenance


def test_a_folder_of_grey_pictures_has_one_channel(tmp_path: Path, options: ReadingOptions) -> None:
    path = make.write_folder(tmp_path / "own", mode="L")
    assert catalogue.load(f"folder:{path}", None, options).images.shape == (16, 16, 16, 1)


def test_pictures_of_another_size_or_channel_count_are_resized_if_asked(tmp_path: Path) -> None:
    path = make.write_folder(tmp_path / "own")
    Image.new("L", (20, 30), 99).save(path / "train/dog/0.png")
    cache = str(tmp_path / "C")
    data = catalogue.load(f"folder:{path}", None, ReadingOptions(resize=True, cache_dir=cache))
    assert data.images.shape == (16, 16, 16, 3)
    assert np.all(data.images[8] == 99)
    np.testing.assert_array_equal(data.images[:8], make.colour(8, 16, seed=0)[0])
    data = catalogue.load(
        f"folder:{path}", None, ReadingOptions(resize=True, image_size=8, cache_dir=cache)
    )
    assert data.images.shape == (16, 8, 8, 3)


def test_resizing_keeps_means_and_converts_channels() -> None:
    images, _ = make.colour(3, 32)
    smaller = resized(images, (16, 16, 3))
    np.testing.assert_allclose(smaller.mean((1, 2)), images.mean((1, 2)), atol=2)
    grey = resized(images, (32, 32, 1))
    np.testing.assert_allclose(grey[..., 0], images @ [0.299, 0.587, 0.114], atol=1)


def test_image_size_of_data_in_memory(tmp_path: Path) -> None:
    make.write_idx(tmp_path, "mnist")
    with pytest.raises(
        InputError, match="--image_size 32: the images of mnist are 28x28; give --resize"
    ):
        catalogue.load("mnist", str(tmp_path), ReadingOptions(image_size=32))
    data = catalogue.load("mnist", str(tmp_path), ReadingOptions(image_size=32, resize=True))
    assert data.image_shape == data.test_images.shape[1:] == (32, 32, 1)
    assert "resized to 32x32" in data.provenance
    assert catalogue.load("mnist", str(tmp_path), ReadingOptions(image_size=28)).image_shape == (
        28,
        28,
        1,
    )


# ---------------------------------------------------------------------------------------- arrays


@pytest.mark.parametrize("keras_names", [False, True])
def test_an_npz_file(tmp_path: Path, keras_names: bool) -> None:
    arrays = make.npz_arrays()
    if keras_names:  # As Keras's mnist.npz: grey, no channel axis, labels uint8.
        names = ("x_train", "y_train", "x_test", "y_test")
        grey = [a[..., 0] if a.ndim == 4 else a.astype(np.uint8) for a in arrays.values()]
        np.savez(tmp_path / "own.npz", **dict(zip(names, grey, strict=True)))
    else:
        fortran = np.asfortranarray(arrays["images"])
        classes = np.array(["cat", "dog"])
        np.savez(tmp_path / "own.npz", **{**arrays, "images": fortran, "class_names": classes})
    data = catalogue.load(f"npz:{tmp_path / 'own.npz'}")
    expected = arrays["images"][..., :1] if keras_names else arrays["images"]
    np.testing.assert_array_equal(data.images, expected)
    np.testing.assert_array_equal(data.test_labels, arrays["test_labels"])
    assert data.labels.dtype == np.int32
    assert data.class_names == (("0", "1") if keras_names else ("cat", "dog"))
    assert data.name == "own"


@pytest.mark.parametrize("names", [("X", "y"), ("x_train", "y_train"), ("images", "labels")])
def test_an_npz_file_of_few_labels_and_no_test_set(tmp_path: Path, names: tuple[str, str]) -> None:
    images = make.npz_arrays()["images"]
    labels = np.array([0, 1, 1, *[-1] * 17])
    arrays: dict[str, Any] = dict(zip(names, (images, labels), strict=True))
    np.savez(tmp_path / "own.npz", **arrays)
    data = catalogue.load(f"npz:{tmp_path / 'own.npz'}")
    np.testing.assert_array_equal(data.images, images)
    np.testing.assert_array_equal(data.labels, labels)
    assert data.test_images.shape == (0, 16, 16, 3)
    assert not data.has_test
    assert (data.num_labelled, data.all_labelled, data.class_names) == (3, False, ("0", "1"))


def test_an_npz_file_of_images_alone(tmp_path: Path) -> None:
    np.savez(tmp_path / "own.npz", X=make.npz_arrays()["images"])
    data = catalogue.load(f"npz:{tmp_path / 'own.npz'}")
    assert (data.num_labelled, data.class_names) == (0, ())


def test_arrays_in_memory() -> None:
    arrays = make.npz_arrays()
    data = from_arrays(**arrays, name="mine")
    np.testing.assert_array_equal(data.images, arrays["images"])
    assert label_split(data, 4, 0).name == "mine.0@4"
    with pytest.raises(InputError, match="test images are 20x16x3 and training images 16x16x3"):
        from_arrays(**{**arrays, "test_images": np.zeros((8, 20, 16, 3), np.uint8)})
    other = from_arrays(
        **{**arrays, "test_images": np.zeros((8, 20, 16, 3), np.uint8)}, resize=True
    )
    assert other.test_images.shape == (8, 16, 16, 3)


def test_names_of_run_folders_hold_no_path() -> None:
    assert catalogue.run_name("folder:/a/b/my cats") == "my_cats"
    assert catalogue.run_name("npz:x/own.npz") == "own.npz"
    assert catalogue.run_name("tfds:emnist/letters") == "tfds_emnist_letters"
    assert catalogue.run_name("mnist") == "mnist"


def test_a_split_names_the_same_images_whatever_the_order(tmp_path: Path) -> None:
    """Content decides: CIFAR's batches in another order give the same labelled images."""
    folder = make.write_cifar(tmp_path)
    first = label_split(catalogue.load("cifar", str(tmp_path)), 30, 3)
    batches = [(folder / f"data_batch_{k}").read_bytes() for k in range(1, 6)]
    for k, batch in enumerate(reversed(batches)):
        (folder / f"data_batch_{k + 1}").write_bytes(batch)
    second = label_split(catalogue.load("cifar", str(tmp_path)), 30, 3)
    assert digests(first.images) == digests(second.images)
    assert not np.array_equal(first.indices, second.indices)
    assert hashlib.sha256(b"".join(digests(first.images))).hexdigest()[:16] == "9db2098e589c90cd"
