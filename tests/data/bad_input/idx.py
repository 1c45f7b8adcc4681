"""Wrong, damaged and hostile IDX files."""

import gzip
import struct
from pathlib import Path

import layouts as make
import numpy as np
from idx_files import idx_bytes

from bad_input import damages
from bad_input.damages import Case, Damage

TRAIN_IMAGES, TRAIN_LABELS = "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"

TEST_IMAGES = "t10k-images-idx3-ubyte"

HEADER = bytes([0, 0, 8, 3]) + struct.pack(">3I", 60, 28, 28)


def fashion(data_path: Path) -> Path:
    return make.write_idx(data_path, "fashion_mnist")


def letters(data_path: Path) -> Path:
    return make.write_idx(
        data_path, "emnist", ("emnist-letters-train", "emnist-letters-test"), first_label=0
    )


def idx(damage: Damage, *says: str) -> Case:
    return Case("fashion_mnist", fashion, damage, says)


IDX = {
    "truncated": idx(damages.cut(TRAIN_IMAGES), TRAIN_IMAGES, "cut short"),
    "empty": idx(damages.content(TRAIN_LABELS, b""), TRAIN_LABELS, "is empty"),
    "wrong magic": idx(damages.content(TRAIN_IMAGES, b"GIF89a"), TRAIN_IMAGES, "begins with 47 49"),
    "wrong dtype": idx(
        damages.content(TEST_IMAGES, b"\0\0\x0d\x03" + HEADER[4:]), TEST_IMAGES, "0d 03"
    ),
    "wrong rank": idx(
        damages.content(TEST_IMAGES, idx_bytes(np.zeros((20, 28)))), TEST_IMAGES, "2 dimensions"
    ),
    "wrong shape": idx(
        damages.content(TEST_IMAGES, idx_bytes(np.zeros((20, 8, 8)))), TEST_IMAGES, "(8, 8, 1)"
    ),
    "label too large": idx(
        damages.content(TRAIN_LABELS, idx_bytes(np.full(60, 10))), TRAIN_LABELS, "label 10"
    ),
    "label too small": Case(
        "emnist_letters", letters, damages.nothing, ("emnist-letters-train-labels", "label 0")
    ),
    "missing file": idx(damages.absent(TEST_IMAGES), TEST_IMAGES, "missing"),
    "counts differ": idx(
        damages.content(TRAIN_LABELS, idx_bytes(np.zeros(59))), TRAIN_LABELS, "59 labels"
    ),
    "directory": idx(damages.directory(TRAIN_IMAGES), TRAIN_IMAGES, "not a file"),
    "no permission": idx(damages.forbidden(TRAIN_LABELS), TRAIN_LABELS, "Permission denied"),
    "dangling link": idx(damages.dangling(TRAIN_LABELS), TRAIN_LABELS, "No such file"),
    "gzip bomb": idx(
        damages.content(TRAIN_IMAGES, gzip.compress(HEADER + bytes(2**26))),
        TRAIN_IMAGES,
        "holds more",
    ),
    "announced gigabytes": idx(
        damages.content(TRAIN_IMAGES, HEADER[:4] + b"\xff" * 12), TRAIN_IMAGES, "are the most"
    ),
    "class without example": idx(
        damages.content(TRAIN_LABELS, idx_bytes(np.arange(60) % 9)), "fashion_mnist", "'Ankle boot'"
    ),
    "nothing there": Case(
        "kmnist",
        fashion,
        damages.nothing,
        ("kmnist", "idx3", "TensorFlow Datasets"),
        ("--nodownload",),
    ),
}
