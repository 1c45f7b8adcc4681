"""Folders as people, cameras and systems leave them, and what of it is taken without a word."""

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import layouts as make
import numpy as np
import pytest
from PIL import Image

from bayesian_gan.data import own_folder
from bayesian_gan.data.image_data import ImageData
from bayesian_gan.errors import InputError
from bayesian_gan.options.reading import ReadingOptions

COMPOSED, PARTED = (unicodedata.normalize(form, "k\xe4fer.png") for form in ("NFC", "NFD"))


def read(folder: Path, **options: Any) -> ImageData:
    cache = str(folder.parent / "C")
    return own_folder.read(folder, ReadingOptions(cache_dir=cache, **options))


def by_table(folder: Path, text: str | bytes) -> ImageData:
    """The pictures of a folder without classes, by this file of labels."""
    file = folder.parent / "labels.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(folder, labels=str(file))


@pytest.mark.parametrize("name", ["Thumbs.db", "desktop.ini", ".DS_Store", "ehthumbs.db"])
def test_files_of_systems_are_passed_over(tmp_path: Path, name: str) -> None:
    folder = make.write_own(tmp_path / "own")
    for place in (".", "labelled", "labelled/cat", "unlabelled", "unlabelled/a", "test/dog"):
        (folder / place / name).write_bytes(b"x")
    for place in ("labelled/cat/@eaDir", "__MACOSX"):
        (folder / place).mkdir()
        (folder / place / "0.png").write_bytes(b"x")
    data = read(folder)
    assert len(data.images) == 20
    assert len(data.notes) == 1


@pytest.mark.parametrize(
    ("stored", "named"),
    [
        (PARTED, COMPOSED),
        (COMPOSED, PARTED),
        ("in/3.png", "in\\3.png"),
        ("in/3.png", "./in/../in/3.png"),
        ("a,b.png", '"a,b.png"'),
        ("a\nb.png", '"a\nb.png"'),
        (" a.png", "./ a.png"),
    ],
)
def test_a_path_is_found_as_systems_write_it(tmp_path: Path, stored: str, named: str) -> None:
    folder = make.write_flat(tmp_path / "own")
    (folder / "0.png").replace(folder / stored)
    data = by_table(folder, f"path,label\n{named},cat\n1.png,dog\n")
    assert data.class_names == ("cat", "dog")
    assert data.num_labelled == 2


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbfpath,label\r\n0.png,cat\r\n1.png,dog\r\n",
        b"path,label\r0.png,cat\r1.png,dog\r",
        b"path;label\n0.png;cat\n1.png;dog\n",
        b"path,label\n0.png,cat \n1.png,dog\n2.png,cat\n\n,\n",
        b"Filename,Notes,CLASS\n0.png,,cat\n1.png,,dog\n2.png,,\n",
    ],
)
def test_a_file_of_labels_is_read_as_programs_write_it(tmp_path: Path, text: bytes) -> None:
    assert by_table(make.write_flat(tmp_path / "own"), text).class_names == ("cat", "dog")


def exif(folder: Path) -> None:
    picture = Image.new("RGB", (16, 16))
    noted = picture.getexif()
    noted[0x010E] = "x" * 60_000
    picture.save(folder / "9.jpg", exif=noted)


def animated(folder: Path) -> None:
    first, second = Image.new("L", (16, 16), 255), Image.new("L", (16, 16), 0)
    first.save(folder / "9.gif", save_all=True, append_images=[second])


def broken_exif(folder: Path) -> None:
    Image.new("RGB", (16, 16)).save(folder / "9.jpg", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")


@pytest.mark.parametrize(
    "write",
    [
        exif,
        broken_exif,
        animated,
        lambda folder: Image.new("CMYK", (16, 16)).save(folder / "9.jpg"),
        lambda folder: Image.new("1", (16, 16)).save(folder / "9.tif"),
        lambda folder: Image.new("RGB", (16, 16)).save(folder / "a\nb.png"),
        lambda folder: (folder / "9.png").symlink_to(folder / "0.png"),
    ],
    ids=["long EXIF", "broken EXIF", "animated", "CMYK", "1 bit", "line break", "link"],
)
def test_odd_pictures_are_taken(tmp_path: Path, write: Callable[[Path], object]) -> None:
    folder = make.write_own(tmp_path / "own")
    write(folder / "unlabelled/a")
    assert read(folder).images.shape == (21, 16, 16, 3)


def test_of_an_animation_the_first_picture_is_taken(tmp_path: Path) -> None:
    folder = make.write_own(tmp_path / "own")
    animated(folder / "unlabelled/a")
    images = read(folder).images
    assert sum(bool(np.all(image == 255)) for image in images) == 1


def test_no_unlabelled_pictures_at_all_are_said(tmp_path: Path) -> None:
    folder = make.write_own(tmp_path / "own")
    for path in (folder / "unlabelled").rglob("*.png"):
        path.unlink()
    data = read(folder)
    assert (data.num_labelled, len(data.images)) == (8, 8)
    assert "8 labelled pictures of 2 classes (4 of each), none without a label" in data.notes[0]


def test_a_picture_that_vanishes_is_refused_or_not_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, real = make.write_own(tmp_path / "own"), own_folder.find_layout
    victim = folder / "unlabelled/a/0.png"

    def and_then_vanishes(*arguments: Any) -> Any:
        layout = real(*arguments)
        victim.rename(tmp_path / "away.png")
        return layout

    with monkeypatch.context() as patched:
        patched.setattr(own_folder, "find_layout", and_then_vanishes)
        with pytest.raises(InputError, match=r"unlabelled/a/0.png': No such file"):
            read(folder)
    assert not list((tmp_path / "C").glob("own-*"))
    (tmp_path / "away.png").rename(victim)
    data = read(folder)
    victim.unlink()
    assert len(data.images) == 20  # Decoded, and held.
    assert len(read(folder).images) == 19
