"""A folder of one's own pictures: which layouts are recognised, and what becomes of the labels."""

import json
from collections.abc import Callable
from pathlib import Path

import layouts as make
import numpy as np
import pytest
from PIL import Image

from bayesian_gan.data import catalogue, own_folder
from bayesian_gan.data.image_data import ImageData
from bayesian_gan.options.reading import ReadingOptions

Read = Callable[..., ImageData]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads a folder, with a cache of the test's own."""

    def read(path: Path, **options: object) -> ImageData:
        cache = {"download": False, "cache_dir": str(tmp_path / "C")}
        return catalogue.load(f"folder:{path}", None, ReadingOptions(**cache | options))  # type: ignore[arg-type]

    return read


def pixels(path: Path) -> np.ndarray:
    """A picture as it is stored."""
    with Image.open(path) as picture:
        return np.asarray(picture)


def label_of(data: ImageData, path: Path) -> str | None:
    """The label of the training picture with these pixels; None where it has none."""
    (i,) = np.flatnonzero((data.images == pixels(path)).all(axis=(1, 2, 3)))
    return None if data.labels[i] < 0 else data.class_names[data.labels[i]]


# ------------------------------------------------------------------------------------ folders


def test_labelled_unlabelled_and_test(tmp_path: Path, read: Read) -> None:
    path = make.write_own(tmp_path / "own")
    (path / "unlabelled" / "notes.txt").write_text("no picture")
    (path / "spare").mkdir()
    data = read(path)
    assert (len(data.images), data.num_labelled, len(data.test_images)) == (20, 8, 4)
    assert data.class_names == ("cat", "dog")
    assert label_of(data, path / "labelled/dog/2.png") == "dog"
    assert label_of(data, path / "unlabelled/b/2.png") is None
    np.testing.assert_array_equal(data.test_images[2], pixels(path / "test/dog/0.png"))
    assert data.test_labels.tolist() == [0, 0, 1, 1]
    assert data.notes[0] == (
        "found labelled/CLASS/, unlabelled/, test/CLASS/: 8 labelled pictures of 2 classes (4 of each), "
        "12 without a label, 4 to test on"
    )
    assert "notes.txt" in data.notes[1]
    assert "spare/" in data.notes[1]


@pytest.mark.parametrize("name", ["unlabelled", "unlabeled", "_unlabelled"])
@pytest.mark.parametrize("place", ["train", "."])
@pytest.mark.parametrize("test", ["test", "val", "valid", "validation", None])
def test_train_and_test_with_a_folder_that_is_no_class(
    tmp_path: Path, read: Read, name: str, place: str, test: str | None
) -> None:
    path = make.write_folder(tmp_path / "own")
    (path / place / name / "deep").mkdir(parents=True)
    Image.new("RGB", (16, 16), "red").save(path / place / name / "deep" / "a.png")
    if test is None:
        for file in (path / "test").rglob("*.png"):
            file.unlink()
        for folder in ("test/cat", "test/dog", "test"):
            (path / folder).rmdir()
    else:
        (path / "test").rename(path / test)
    data = read(path)
    assert data.class_names == ("cat", "dog")
    assert (len(data.images), data.num_labelled) == (17, 16)
    assert len(data.test_images) == (0 if test is None else 8)
    assert label_of(data, path / place / name / "deep" / "a.png") is None
    assert ("no test set" in data.notes[0]) == (test is None)


def test_of_two_folders_to_test_on_one_serves_and_the_other_is_named(
    tmp_path: Path, read: Read
) -> None:
    path = make.write_folder(tmp_path / "own")
    (path / "val" / "cat").mkdir(parents=True)
    Image.new("RGB", (16, 16)).save(path / "val/cat/a.png")
    data = read(path)
    assert len(data.test_images) == 8
    assert data.notes[1] == "left out: the folder val/, beside test/"


def test_class_folders_at_the_top(tmp_path: Path, read: Read) -> None:
    path = make.write_folder(tmp_path / "own") / "train"
    (path / "README.txt").write_text("of the pictures")
    data = read(path)
    assert (data.class_names, len(data.images), data.has_test) == (("cat", "dog"), 16, False)
    assert data.notes[0] == (
        "found CLASS/: 16 labelled pictures of 2 classes (8 of each), none without a label, no test set"
    )
    (path.parent / "test").rename(path / "test")
    data = read(path)
    assert (data.class_names, len(data.test_images)) == (("cat", "dog"), 8)


@pytest.mark.parametrize("deep", [False, True])
def test_any_folder_of_pictures_without_labels(tmp_path: Path, read: Read, deep: bool) -> None:
    path = make.write_flat(tmp_path / "own")
    if deep:
        (path / "a" / "b").mkdir(parents=True)
        for file in path.glob("*.png"):
            file.rename(path / "a" / "b" / file.name)
    data = read(path)
    assert (len(data.images), data.num_labelled, data.class_names) == (8, 0, ())
    assert "0 labelled pictures, 8 without a label, no test set" in data.notes[0]


def test_links_to_pictures_and_folders_are_followed(tmp_path: Path, read: Read) -> None:
    path = make.write_own(tmp_path / "own")
    (path / "unlabelled" / "b").rename(tmp_path / "elsewhere")
    (path / "unlabelled" / "b").symlink_to(tmp_path / "elsewhere")
    assert len(read(path).images) == 20


# ------------------------------------------------------------------------------------ files of labels


@pytest.mark.parametrize(
    "names", [("path", "label"), ("file_name", "class"), ("Image", "category")]
)
@pytest.mark.parametrize("form", ["", "\ufeff", ";", "\t", "\r\n"])
def test_a_file_of_labels(tmp_path: Path, read: Read, names: tuple[str, str], form: str) -> None:
    path = make.write_flat(tmp_path / "own")
    text = f"{names[0]},x,{names[1]}\n0.png,1,cat\nin/3.png,2, dog \n1.png,,\n\n{path}/4.png,,dog\n"
    if form in (";", "\t"):
        text = text.replace(",", form)
    elif form == "\r\n":
        text = text.replace("\n", form)
    else:
        text = form + text
    (tmp_path / "labels.csv").write_bytes(text.encode())
    data = read(path, labels=str(tmp_path / "labels.csv"))
    assert (len(data.images), data.class_names) == (8, ("cat", "dog"))
    found = {name: label_of(data, path / name) for name in ("0.png", "in/3.png", "4.png", "1.png")}
    assert found == {"0.png": "cat", "in/3.png": "dog", "4.png": "dog", "1.png": None}
    assert (
        "labels of labels.csv: 3 labelled pictures of 2 classes (1 to 2 of each)" in data.notes[0]
    )


def test_the_split_column_makes_the_test_set(tmp_path: Path, read: Read) -> None:
    path = make.write_flat(tmp_path / "own")
    rows = [
        "path,label,split",
        *(f"{i}.png,{'ab'[i % 2]},{s}" for i, s in enumerate(["train", "", "test"])),
    ]
    rows += ["in/3.png,b,Test", "4.png,a,validation"]
    (path / "metadata.csv").write_text("\n".join(rows))
    data = read(path)
    assert (len(data.images), data.num_labelled) == (5, 2)
    assert data.test_labels.tolist() == [0, 1]
    np.testing.assert_array_equal(data.test_images[1], pixels(path / "in/3.png"))
    assert "1 pictures of the split validation" in data.notes[1]
    (path / "metadata.csv").write_text(
        "\n".join(rows)
        .replace("est", "raining")
        .replace("training", "train")
        .replace("Training", "train")
        + "\n5.png,b,valid\n"
    )
    data = read(path)
    assert (data.num_labelled, len(data.test_images)) == (4, 2)


def test_hugging_faces_metadata_of_each_split(tmp_path: Path, read: Read) -> None:
    path = make.write_flat(tmp_path / "own" / "train").parent
    make.write_flat(path / "test")
    for name in ("train", "test"):
        rows = ["file_name,label", "0.png,cat", "in/3.png,dog"]
        if name == "test":
            rows += [f"{i}.png,cat" for i in (1, 2, 4, 5, 6, 7)]
        (path / name / "metadata.csv").write_text("\n".join(rows))
    data = read(path)
    assert (len(data.images), data.num_labelled, len(data.test_images)) == (8, 2, 8)
    assert data.test_labels.tolist() == [0, 0, 0, 0, 0, 0, 0, 1]
    assert "8 pictures to test on look the same as ones to train on" in data.notes[1]


def test_a_file_adds_to_the_labels_of_folders_without_decoding_again(
    tmp_path: Path, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make.write_own(tmp_path / "own")
    read(path)
    monkeypatch.setattr(own_folder, "read_picture", None)  # It would fail.
    file = tmp_path / "labels.csv"
    file.write_text(
        "path,label\nlabelled/cat/0.png,cat\nunlabelled/a/1.png,dog\nunlabelled/a/2.png,cow\n"
        "labelled/cat/1.png,\n"
    )
    # The test set lacks the new class.
    with pytest.raises(own_folder.InputError, match="only to train on 'cow'"):
        read(path, labels=str(file))
    file.write_text(file.read_text().replace("cow", "cat"))
    data = read(path, labels=str(file))
    assert (data.num_labelled, len(data.images)) == (10, 20)
    assert label_of(data, path / "unlabelled/a/1.png") == "dog"
    assert label_of(data, path / "labelled/cat/1.png") == "cat"


# ------------------------------------------------------------------------------------ content


def test_labelled_pictures_among_the_unlabelled_are_told_by_content(
    tmp_path: Path, read: Read
) -> None:
    path = make.write_own(tmp_path / "own")
    for name in ("unlabelled/other name.png", "unlabelled/a/x.png"):
        (path / name).write_bytes((path / "labelled/cat/1.png").read_bytes())
    Image.fromarray(pixels(path / "labelled/dog/0.png")).save(path / "test/dog/x.bmp")
    Image.fromarray(pixels(path / "labelled/dog/0.png")).save(path / "labelled/cat/x.bmp")
    notes = read(path).notes
    assert any(
        note.startswith("2 pictures without a label look the same as labelled") and "x.png" in note
        for note in notes
    )
    assert any(note.startswith("1 pictures to test on look the same") for note in notes)
    assert any("x.bmp' (cat)" in note and "0.png' (dog)" in note for note in notes)


def test_an_entry_of_the_cache_belongs_to_the_pixels(tmp_path: Path, read: Read) -> None:
    path = make.write_own(tmp_path / "own")

    def entries() -> int:
        return len(list((tmp_path / "C").glob("own-*")))

    read(path)
    (path / "labelled/cat").rename(path / "labelled/cow")
    (path / "test/cat").rename(path / "test/cow")
    assert read(path).class_names == ("cow", "dog")
    names = entries()
    read(path, image_size=8)
    read(path, image_size=8, fit="pad")
    read(path, image_size=8, fit="pad", background="black")
    assert entries() == names + 3
    read(path, resize=True)
    assert entries() == names + 3
    described = [json.loads(f.read_text()) for f in (tmp_path / "C").glob("own-*/entry.json")]
    assert {tuple(entry["class_names"]) for entry in described} == {("",)}
