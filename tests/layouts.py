"""Writes small data sets in the real formats, for tests of readers and of the command line."""

import gzip
import io
import pickle
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from idx_files import idx_bytes
from PIL import Image

ATTRIBUTES = [f"Attribute_{k}" for k in range(40)]
for place, attribute in ((9, "Blond_Hair"), (15, "Eyeglasses"), (20, "Male"), (39, "Young")):
    ATTRIBUTES[place] = attribute


def colour(num: int, side: int = 32, seed: int = 0, num_classes: int = 10) -> Any:
    """Random images, uint8 [num, side, side, 3], all different, and labels in turn."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (num, side, side, 3), dtype=np.uint8), np.arange(num) % num_classes


# ---------------------------------------------------------------------------------------- IDX


def write_idx(
    data_path: Path, name: str, stems: tuple[str, str] = ("train", "t10k"), first_label: int = 0
) -> Path:
    """Writes DATA_PATH/NAME/ with four IDX files, the training ones compressed.

    It returns that folder.
    """
    folder = data_path / name
    folder.mkdir(parents=True)
    for stem, num, seed, pack in ((stems[0], 60, 1, gzip.compress), (stems[1], 20, 2, bytes)):
        images = np.random.default_rng(seed).integers(0, 256, (num, 28, 28), dtype=np.uint8)
        suffix = ".gz" if pack is gzip.compress else ""
        for kind, array in (
            ("images-idx3", images),
            ("labels-idx1", first_label + np.arange(num) % 10),
        ):
            (folder / f"{stem}-{kind}-ubyte{suffix}").write_bytes(pack(idx_bytes(array)))
    return folder


# ---------------------------------------------------------------------------------------- CIFAR


class _Python2Pickler(pickle._Pickler):
    """Writes bytes as Python 2's str, as the real files have it."""

    dispatch: ClassVar[Any] = dict(pickle._Pickler.dispatch)

    def save_bytes(self: Any, value: bytes) -> None:
        if len(value) < 256:
            self.write(pickle.SHORT_BINSTRING + bytes([len(value)]) + value)
        else:
            self.write(pickle.BINSTRING + len(value).to_bytes(4, "little") + value)
        self.memoize(value)

    dispatch[bytes] = save_bytes


def python2_pickle(value: Any) -> bytes:
    """A pickle as Python 2 and NumPy 1 wrote it."""
    buffer = io.BytesIO()
    _Python2Pickler(buffer, protocol=2).dump(value)
    return buffer.getvalue().replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n")


def cifar_batch(images: np.ndarray, labels: np.ndarray, key: bytes = b"labels") -> dict[bytes, Any]:
    """What one of CIFAR's files holds."""
    return {
        b"batch_label": b"a batch",
        key: labels.tolist(),
        b"data": np.ascontiguousarray(images.transpose(0, 3, 1, 2)).reshape(-1, 3072),
        b"filenames": [b"x.png"] * len(labels),
    }


def write_cifar(data_path: Path, num: int = 20) -> Path:
    """Writes cifar-10-batches-py/, `num` images in each file."""
    folder = data_path / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    for k, name in enumerate([*(f"data_batch_{k}" for k in range(1, 6)), "test_batch"]):
        (folder / name).write_bytes(python2_pickle(cifar_batch(*colour(num, seed=k))))
    return folder


def write_cifar100(data_path: Path) -> Path:
    """Writes cifar-100-python/, 200 and 100 images."""
    folder = data_path / "cifar-100-python"
    folder.mkdir(parents=True)
    for name, num in (("train", 200), ("test", 100)):
        images, labels = colour(num, seed=num, num_classes=100)
        batch = cifar_batch(images, labels, b"fine_labels")
        (folder / name).write_bytes(python2_pickle({**batch, b"coarse_labels": [0] * num}))
    names = [f"class {k}".encode() for k in range(100)]
    (folder / "meta").write_bytes(python2_pickle({b"fine_label_names": names}))
    return folder


# ---------------------------------------------------------------------------------------- SVHN


def write_mat(path: Path, **variables: Any) -> None:
    """A compressed MATLAB file of version 5."""
    from scipy.io import savemat

    savemat(path, variables, do_compression=True)


def write_svhn(data_path: Path, num: int = 40) -> Path:
    """Writes svhn/{train,test}_32x32.mat; 10 stands for the digit 0."""
    folder = data_path / "svhn"
    folder.mkdir(parents=True)
    for name, seed in (("train", 1), ("test", 2)):
        images, labels = colour(num, seed=seed)
        write_mat(
            folder / f"{name}_32x32.mat",
            X=images.transpose(1, 2, 3, 0),
            y=np.where(labels == 0, 10, labels).astype(np.uint8)[:, None],
        )
    return folder


# ---------------------------------------------------------------------------------------- CelebA


def write_celeb(data_path: Path, num: int = 64, partition: bool = False) -> Path:
    """Writes celebA/ with noise for faces; the attributes are the bits of i mod 16."""
    folder = data_path / "celebA"
    for name in ("Anno", "Eval", "img_align_celeba"):
        (folder / name).mkdir(parents=True)
    lines = [str(num), " ".join(ATTRIBUTES)]
    for i in range(num):
        name = f"{i + 1:06d}.jpg"
        small = np.random.default_rng(i).integers(0, 256, (22, 18, 3), dtype=np.uint8)
        face = Image.fromarray(small).resize((178, 218), Image.Resampling.BICUBIC)
        face.save(folder / "img_align_celeba" / name, quality=90)
        values = ["-1"] * 40
        for k, place in enumerate((9, 15, 20, 39)):
            values[place] = "1" if i % 16 >> (3 - k) & 1 else "-1"
        lines.append(f"{name} " + " ".join(f"{v:>2}" for v in values))
    (folder / "Anno" / "list_attr_celeba.txt").write_text("\n".join(lines) + "\n")
    if partition:
        parts = [f"{i + 1:06d}.jpg {min(2, 4 * i // num)}" for i in range(num)]
        (folder / "Eval" / "list_eval_partition.txt").write_text("\n".join(parts) + "\n")
    return folder


# ---------------------------------------------------------------------------------------- pictures


def write_imagenet(data_path: Path, num: int = 8) -> Path:
    """Writes imagenet_3/: JPEGs of 256 x 256, some grey, some CMYK, and a PNG of that name."""
    folder = data_path / "imagenet_3"
    for split, number in (("train_256", num), ("val_256", 4)):
        for k in range(3):
            target = folder / split / f"n{k:08d}"
            target.mkdir(parents=True)
            for i in range(number):
                small = np.random.default_rng(100 * k + i).integers(0, 256, (16, 16, 3), np.uint8)
                picture = Image.fromarray(small).resize((256, 256), Image.Resampling.BICUBIC)
                if i == 1:
                    picture = picture.convert("L")
                if i == 2:
                    picture = picture.convert("CMYK")
                kind = "PNG" if i == 3 else "JPEG"
                picture.save(target / f"n{k:08d}_{i}.JPEG", format=kind, quality=90)
    return folder


def write_folder(path: Path, num: int = 8, side: int = 16, mode: str = "RGB") -> Path:
    """Writes PATH/{train,test}/{cat,dog}/*.png."""
    for split, number in (("train", num), ("test", 4)):
        for k, name in enumerate(("cat", "dog")):
            target = path / split / name
            target.mkdir(parents=True)
            images, _ = colour(number, side, seed=k)
            for i, image in enumerate(images):
                Image.fromarray(image).convert(mode).save(target / f"{i}.png")
    return path


def write_own(path: Path, labelled: int = 4, unlabelled: int = 6, test: int = 2) -> Path:
    """Writes PATH/{labelled,test}/{cat,dog}/*.png and PATH/unlabelled/{a,b}/*.png, all different."""
    folders = [
        *((f"labelled/{name}", labelled) for name in ("cat", "dog")),
        *((f"unlabelled/{name}", unlabelled) for name in ("a", "b")),
        *((f"test/{name}", test) for name in ("cat", "dog")),
    ]
    for seed, (name, number) in enumerate(folders):
        (path / name).mkdir(parents=True)
        for i, image in enumerate(colour(number, 16, seed)[0]):
            Image.fromarray(image).save(path / name / f"{i}.png")
    return path


def write_flat(path: Path, num: int = 8) -> Path:
    """Writes PATH/*.png, of which number 3 lies in PATH/in/."""
    (path / "in").mkdir(parents=True)
    for i, image in enumerate(colour(num, 16, 7)[0]):
        Image.fromarray(image).save(path / ("in" if i == 3 else "") / f"{i}.png")
    return path


def npz_arrays(num: int = 20, side: int = 16) -> dict[str, Any]:
    """The four arrays of an .npz file."""
    images, labels = colour(num, side, 1, num_classes=2)
    test_images, test_labels = colour(8, side, 2, num_classes=2)
    return {
        "images": images,
        "labels": labels,
        "test_images": test_images,
        "test_labels": test_labels,
    }


def write_npz(path: Path, **changes: Any) -> Path:
    """Writes an .npz file; a change to None leaves an array out."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {name: a for name, a in {**npz_arrays(), **changes}.items() if a is not None}
    np.savez_compressed(path, **arrays)
    return path
