"""Pictures named by folders, files and .npz: in order, in batches, with a reason for each that fails."""

import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bayesian_gan.data import given_pictures
from bayesian_gan.data.given_pictures import Batch, batches, check_given, walk
from bayesian_gan.data.resizing import resized
from bayesian_gan.errors import InputError

SHAPE = (8, 8, 1)


def picture(path: Path, grey: int = 0, size: tuple[int, int] = (8, 8)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size, grey).save(path)
    return path


def read(*paths: Path, size: int = 256) -> list[Batch]:
    check_given(paths)
    return list(batches(paths, SHAPE, size))


def test_a_folder_is_read_with_all_in_it(tmp_path: Path) -> None:
    for k, name in enumerate(("b.png", "a/2.PNG", "a/1.png", "z/y/x.png")):
        picture(tmp_path / name, k)
    for name in (".hidden.png", ".folder/x.png"):
        picture(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    expected = ["b.png", "a/1.png", "a/2.PNG", "z/y/x.png"]
    assert [str(p.relative_to(tmp_path)) for p in walk(tmp_path)] == expected
    (batch,) = read(tmp_path)
    assert [entry.name for entry in batch.entries] == [str(tmp_path / name) for name in expected]
    assert batch.images[:, 0, 0, 0].tolist() == [0, 2, 1, 3]


def test_batches_are_full_whatever_they_come_from(tmp_path: Path) -> None:
    for k in range(5):
        picture(tmp_path / "a" / f"{k}.png", k)
        picture(tmp_path / "b" / f"{k}.png", 10 + k)
    one = picture(tmp_path / "one.png", 20)
    found = read(tmp_path / "a", one, tmp_path / "b", size=4)
    assert [len(batch.entries) for batch in found] == [4, 4, 3]
    greys = np.concatenate([batch.images for batch in found])[:, 0, 0, 0]
    assert greys.tolist() == [0, 1, 2, 3, 4, 20, 10, 11, 12, 13, 14]


def test_what_fails_keeps_its_place(tmp_path: Path) -> None:
    good = [picture(tmp_path / f"{k}.png", k) for k in range(3)]
    text = tmp_path / "text.png"
    text.write_text("no picture")
    paths = [good[0], text, good[1], good[2]]
    check_given(paths)
    good[1].unlink()  # It vanishes.
    (batch,) = batches(paths, SHAPE)
    reasons = [entry.reason for entry in batch.entries]
    assert reasons[0] is None
    assert "text.png' is no picture that can be read (of no known format)" in str(reasons[1])
    assert "1.png': No such file or directory" in str(reasons[2])
    assert batch.images[:, 0, 0, 0].tolist() == [0, 2]


def test_a_picture_of_too_many_pixels_is_not_decoded(tmp_path: Path) -> None:
    # A small picture that announces 40,000 x 40,000 pixels.
    data = bytearray(picture(tmp_path / "huge.png").read_bytes())
    data[16:24] = struct.pack(">II", 40_000, 40_000)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    huge = tmp_path / "huge.png"
    huge.write_bytes(data)
    (batch,) = read(huge)
    assert "pixels" in str(batch.entries[0].reason)
    assert batch.images.shape == (0, *SHAPE)


def test_others_are_fitted_and_their_size_is_told(tmp_path: Path) -> None:
    wide = picture(tmp_path / "wide.png", 100, (20, 10))
    colour = tmp_path / "colour.png"
    Image.new("RGB", (8, 8), (255, 0, 0)).save(colour)
    (batch,) = read(wide, colour)
    assert [entry.found for entry in batch.entries] == [(10, 20, 1), (8, 8, 3)]
    assert batch.images[:, 0, 0, 0].tolist() == [100, 76]


def test_arrays_are_read_piece_by_piece(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    grey = rng.integers(0, 256, (10, 8, 8), dtype=np.uint8)
    colour = rng.integers(0, 256, (3, 6, 6, 3), dtype=np.uint8)
    file = tmp_path / "some.npz"
    np.savez_compressed(file, x=grey, y=np.arange(10), colour=colour, floats=grey / 255.0)
    found = read(file, size=4)
    assert [len(batch.entries) for batch in found] == [4, 4, 2, 3]
    np.testing.assert_array_equal(
        np.concatenate([batch.images for batch in found[:3]])[..., 0], grey
    )
    np.testing.assert_array_equal(found[3].images, resized(colour, SHAPE))
    assert found[1].entries[1].name == f"{file}:x[5]"
    assert found[3].entries[2].name == f"{file}:colour[2]"
    assert found[3].entries[2].found == (6, 6, 3)
    assert found[3].entries[2].file is None


def test_an_array_that_is_cut_short_ends_with_the_reason(tmp_path: Path) -> None:
    file = tmp_path / "some.npz"
    np.savez(file, x=np.zeros((300, 8, 8), np.uint8))
    data = bytearray(file.read_bytes())
    data[10_000] ^= 1  # The archive's checksum is that of the whole array.
    file.write_bytes(bytes(data))
    picture(tmp_path / "after.png", 5)
    found = read(file, tmp_path / "after.png", size=256)
    assert sum(len(batch.images) for batch in found) in (1, 257)
    reasons = [str(e.reason) for batch in found for e in batch.entries if e.reason]
    assert len(reasons) == 1
    assert "Bad CRC-32" in reasons[0]
    assert found[-1].images[0, 0, 0, 0] == 5


def test_what_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    def refuse(path: Path) -> str:
        with pytest.raises(InputError) as refused:
            check_given([path])
        return str(refused.value)

    assert "is not there" in refuse(tmp_path / "absent.png")
    (tmp_path / "notes.txt").write_text("no picture")
    assert "holds no picture (.jpg" in refuse(tmp_path)
    bad = tmp_path / "bad.npz"
    bad.write_bytes(b"PK no archive")
    assert "cannot be read as .npz" in refuse(bad)
    np.savez(bad, x=np.zeros((2, 8, 8)), y=np.zeros((2, 8, 8, 2), np.uint8))
    assert "holds no pictures: store an array uint8" in refuse(bad)
    np.savez(bad, x=np.array([{}], object))
    assert "holds no pictures" in refuse(bad)  # It is not unpickled.


def test_little_is_read_ahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream of any length is not held in memory: threads wait for what is taken."""
    file = picture(tmp_path / "one.png")
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    read_files: list[Path] = []

    def counted(path: Path, **_: str) -> Image.Image:
        read_files.append(path)
        return Image.open(path)

    monkeypatch.setattr(given_pictures, "read_picture", counted)
    stream = batches([file] * 1000, SHAPE, 10)
    for taken in range(1, 4):
        next(stream)
        assert len(read_files) <= 10 * (taken + 4)
