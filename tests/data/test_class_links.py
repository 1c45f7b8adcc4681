"""Pictures put into class folders: names that collide, what is there already, what cannot be made."""

from pathlib import Path

import pytest
from conftest import files_of_at_most
from PIL import Image

from bayesian_gan.data.class_links import ClassLinks
from bayesian_gan.errors import InputError


def picture(path: Path, grey: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (2, 2), grey).save(path)
    return path


@pytest.mark.parametrize("how", ["symbolic", "hard", "copy"])
def test_nothing_is_overwritten(tmp_path: Path, how: str) -> None:
    files = [picture(tmp_path / name / "1.png", k) for k, name in enumerate("abc")]
    out = tmp_path / "out"
    there = picture(out / "cat" / "1.png", 9)
    before = there.read_bytes()
    links = ClassLinks(out, ("cat", "dog"), how, 0.0)
    places = [links.put(file, "cat", 0.5) for file in files]
    assert [place.name for place in places] == ["1_2.png", "1_3.png", "1_4.png"]
    assert there.read_bytes() == before
    for file, place in zip(files, places, strict=True):
        assert place.read_bytes() == file.read_bytes()
        assert place.is_symlink() == (how == "symbolic")
        assert place.samefile(file) == (how != "copy")
    # Another call does not know the numbers, and goes on after them.
    again = ClassLinks(out, ("cat", "dog"), how, 0.0).put(files[0], "cat", 0.5)
    assert again.name == "1_5.png"


def test_a_copy_for_which_there_is_no_room_leaves_nothing(tmp_path: Path) -> None:
    # What is small is written when the file is closed, and fails there.
    file = picture(tmp_path / "1.png")
    links = ClassLinks(tmp_path / "out", ("cat",), "copy", 0.0)
    with (
        files_of_at_most(file.stat().st_size - 1),
        pytest.raises(InputError, match="make room, or another folder"),
    ):
        links.put(file, "cat", 0.5)
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == []
    place = links.put(file, "cat", 0.5)
    assert (place.name, place.read_bytes()) == ("1.png", file.read_bytes())
    assert len(list(place.parent.iterdir())) == 1


def test_those_of_little_confidence_lie_apart(tmp_path: Path) -> None:
    file = picture(tmp_path / "1.png")
    links = ClassLinks(tmp_path / "out", ("cat",), "symbolic", 0.8)
    assert links.put(file, "cat", 0.8).parent.name == "cat"
    assert links.put(file, "cat", 0.79).parent.name == "unsure"


def test_a_link_is_found_from_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture(tmp_path / "in" / "1.png")
    monkeypatch.chdir(tmp_path)
    place = ClassLinks(Path("out"), ("cat",), "symbolic", 0.0).put(Path("in/1.png"), "cat", 1.0)
    monkeypatch.chdir("/")
    assert (tmp_path / place).exists()


@pytest.mark.parametrize(
    "name", ["a/b", "..", "", "a\0b", "\\", "../x", "/x", "x" * 10_000, "é" * 128]
)
def test_a_class_without_a_folder_s_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="can have no folder of that name"):
        ClassLinks(tmp_path / "out", ("cat", name), "symbolic", 0.0)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["CON", "-rf", "~", "$HOME", ".hidden", " ", "=1", "é" * 127])
def test_a_class_of_an_odd_name_stays_inside(tmp_path: Path, name: str) -> None:
    file = picture(tmp_path / "1.png")
    place = ClassLinks(tmp_path / "out", (name,), "copy", 0.0).put(file, name, 1.0)
    assert place == tmp_path / "out" / name / "1.png"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.png", "out"]


def test_nothing_is_put_where_a_class_s_folder_leads_to(tmp_path: Path) -> None:
    file, out = picture(tmp_path / "1.png"), tmp_path / "out"
    for folder in (out, tmp_path / "elsewhere"):
        folder.mkdir()
    (out / "cat").symlink_to(tmp_path / "elsewhere")
    links = ClassLinks(out, ("cat",), "symbolic", 0.0)
    with pytest.raises(InputError, match="is a link to"):
        links.put(file, "cat", 1.0)
    assert not any((tmp_path / "elsewhere").iterdir())


def test_a_class_called_unsure_is_refused_only_where_some_are(tmp_path: Path) -> None:
    ClassLinks(tmp_path / "out", ("unsure",), "symbolic", 0.0)
    with pytest.raises(InputError, match="'unsure' can have no folder"):
        ClassLinks(tmp_path / "out", ("unsure",), "symbolic", 0.5)


def test_what_cannot_be_made_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = picture(tmp_path / "1.png")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"--sort_into: the folder .*file' cannot be made"):
        ClassLinks(tmp_path / "file", ("cat",), "symbolic", 0.0)
    links = ClassLinks(tmp_path / "out", ("cat",), "hard", 0.0)

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    with pytest.raises(
        InputError, match=r"cannot be made \(Operation not permitted\); give --copy"
    ):
        links.put(file, "cat", 1.0)


@pytest.mark.parametrize("how", ["symbolic", "hard", "copy"])
def test_a_picture_that_vanished_is_not_linked(tmp_path: Path, how: str) -> None:
    links = ClassLinks(tmp_path / "out", ("cat",), how, 0.0)
    with pytest.raises(FileNotFoundError):
        links.put(tmp_path / "absent.png", "cat", 1.0)
    assert not list((tmp_path / "out" / "cat").iterdir())
