"""The IDX reader: what it reads, and each way in which a file can be wrong."""

import gzip
import os
import struct
import tempfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from idx_files import examples, idx_bytes

from bayesian_gan.data.idx import MAX_BYTES, read_examples, read_idx
from bayesian_gan.errors import InputError

IMAGES, LABELS = examples(30, seed=3)
GOOD = idx_bytes(IMAGES)


def refusal(path: Path, rank: int = 3) -> str:
    """The line with which a file is refused; it names the file and is one line."""
    with pytest.raises(InputError) as caught:
        read_idx(path, rank)
    line = str(caught.value)
    assert str(path) in line
    assert "\n" not in line
    return line


def packed(data: bytes, level: int = 9) -> bytes:
    """Data as gzip without a time: names of tests hold it, and must be the same in every worker."""
    return gzip.compress(data, level, mtime=0)


@pytest.mark.parametrize("pack", [bytes, packed])
def test_reads_what_was_written_compressed_or_not(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    (tmp_path / "images").write_bytes(pack(GOOD))
    (tmp_path / "labels").write_bytes(pack(idx_bytes(LABELS)))
    images, labels = read_examples(tmp_path / "images", tmp_path / "labels", 10)
    assert images.dtype == np.uint8
    assert labels.dtype == np.int32
    assert images.shape == (30, 28, 28, 1)
    np.testing.assert_array_equal(images[..., 0], IMAGES)
    np.testing.assert_array_equal(labels, LABELS)


def test_sizes_are_big_endian_and_rows_come_before_columns(tmp_path: Path) -> None:
    array = np.arange(300 * 2 * 3, dtype=np.uint8).reshape(300, 2, 3)
    (tmp_path / "a").write_bytes(idx_bytes(array))
    np.testing.assert_array_equal(read_idx(tmp_path / "a", 3), array)


@pytest.mark.parametrize("name", ["a", "a.gz"])
def test_compression_is_seen_from_the_bytes_not_from_the_name(tmp_path: Path, name: str) -> None:
    for data in (GOOD, packed(GOOD)):
        (tmp_path / name).write_bytes(data)
        np.testing.assert_array_equal(read_idx(tmp_path / name, 3), IMAGES)


def header(*sizes: int) -> bytes:
    return bytes([0, 0, 8, len(sizes)]) + struct.pack(f">{len(sizes)}I", *sizes)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (packed(b""), "is empty"),
        (b"\0\0", "begins with 00 00, not 00 00 08 03"),
        (b"<html>", "begins with 3c 68 74 6d"),
        (b"\0\0\x0d\x03" + GOOD[4:], "begins with 00 00 0d 03"),
        (idx_bytes(LABELS), r"has 1 dimensions \(labels\), not 3 \(images\)"),
        (GOOD[:9], "cut short inside its header"),
        (GOOD[:-1], "announces 23520 values.* holds 23519, being cut short"),
        (header(5, 28, 28), "holds 0, being cut short"),
        (GOOD + b"x", "holds more"),
        (packed(GOOD + b"x"), "holds more"),
        (packed(GOOD[:-1]), "holds 23519, being cut short"),
        (packed(GOOD)[:-1000], "gzip cut short"),
        (packed(GOOD)[:-1], "gzip cut short"),
        (packed(GOOD)[:5], "gzip cut short"),
        (packed(GOOD) + b"trailing", "damaged gzip"),
        (packed(GOOD)[:-8] + bytes(8), r"damaged gzip \(CRC"),
        (packed(GOOD)[:10] + b"\xff" * 500, "damaged gzip"),
        (header(0, 28, 28), "holds nothing"),
        (header(5, 0, 28), "holds nothing"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    (tmp_path / "images").write_bytes(data)
    with pytest.raises(InputError, match=reason):
        read_idx(tmp_path / "images", 3)
    assert "intact copy" in refusal(tmp_path / "images")


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "nothing")
    assert "is not a file" in refusal(tmp_path)
    assert "Not a directory" in refusal(Path(__file__) / "below")


def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "is not a file" in refusal(tmp_path / "pipe")


def test_a_file_that_may_not_be_read_is_refused() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "images"
        path.write_bytes(GOOD)
        Path(folder).chmod(0o755)
        path.chmod(0)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)  # Root may read everything.
        try:
            assert "Permission denied" in refusal(path)
        finally:
            if user == 0:
                os.seteuid(0)


def test_a_header_that_claims_gigabytes_allocates_nothing(tmp_path: Path) -> None:
    claims = header(2**32 - 1, 2**32 - 1, 2**32 - 1)
    (tmp_path / "over").write_bytes(claims)
    (tmp_path / "below").write_bytes(header(MAX_BYTES) + bytes(10))
    tracemalloc.start()
    try:
        assert f"{MAX_BYTES} are the most" in refusal(tmp_path / "over")
        assert "holds 10, being cut short" in refusal(tmp_path / "below", rank=1)
        assert tracemalloc.get_traced_memory()[1] < 4 * 2**20
    finally:
        tracemalloc.stop()


def test_a_gzip_bomb_is_unpacked_no_further_than_announced(tmp_path: Path) -> None:
    (tmp_path / "bomb").write_bytes(packed(header(100) + bytes(64 * 2**20), 9))
    tracemalloc.start()
    try:
        assert "holds more" in refusal(tmp_path / "bomb", rank=1)
        assert tracemalloc.get_traced_memory()[1] < 4 * 2**20
    finally:
        tracemalloc.stop()


def test_labels_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    (tmp_path / "images").write_bytes(GOOD)
    labels = LABELS.copy()
    labels[17] = 10
    (tmp_path / "labels").write_bytes(idx_bytes(labels))
    with pytest.raises(InputError, match=r"labels': label 10 at position 17.* 0 to 9"):
        read_examples(tmp_path / "images", tmp_path / "labels", 10)
    (tmp_path / "labels").write_bytes(idx_bytes(LABELS[:-1]))
    with pytest.raises(InputError, match=r"30 images in .*images' and 29 labels in .*labels'"):
        read_examples(tmp_path / "images", tmp_path / "labels", 10)
