"""Writes MNIST's four files, for the tests of their readers."""

import gzip
import struct
from pathlib import Path

import numpy as np


def idx_bytes(array: np.ndarray) -> bytes:
    """An array of unsigned bytes in the IDX format, written out by hand."""
    header = struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(np.uint8).tobytes()


def examples(num: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Random 28 x 28 images, all different, and labels in which the ten classes take turns."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (num, 28, 28), dtype=np.uint8), np.arange(num) % 10


def write_mnist(data_path: Path, num_train: int = 60, num_test: int = 20) -> Path:
    """Writes DATA_PATH/mnist/*.gz; returns that folder."""
    folder = data_path / "mnist"
    folder.mkdir(parents=True)
    for stem, num, seed in (("train", num_train, 1), ("t10k", num_test, 2)):
        images, labels = examples(num, seed)
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            path = folder / f"{stem}-{kind}-ubyte.gz"
            path.write_bytes(gzip.compress(idx_bytes(array), 1))
    return folder
