"""Decoded images on disk: whole or absent, shared, made anew when they are wrong."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import layouts as make
import numpy as np
import pytest

from bayesian_gan.data import cache, catalogue, pictures
from bayesian_gan.data.image_data import ImageData
from bayesian_gan.data.splits import label_split
from bayesian_gan.errors import InputError
from bayesian_gan.options.reading import ReadingOptions
from bayesian_gan.storage import read_checked_json, write_checked_json

ROOT = Path(__file__).parents[2]
ORDER = sorted(range(200), key=lambda i: f"{i}.png")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return make.write_folder(tmp_path / "own", num=200)


def load(own: Path, **options: Any) -> ImageData:
    return catalogue.load(
        f"folder:{own}",
        None,
        ReadingOptions(download=False, cache_dir=str(own.parent / "C"), **options),
    )


def entry(own: Path) -> Path:
    """The only entry, beside which nothing lies."""
    (folder,) = (own.parent / "C").iterdir()
    return folder


def expected() -> np.ndarray:
    """The images of both classes, in the order of the files' names."""
    return np.concatenate([make.colour(200, 16, seed=k)[0][ORDER] for k in range(2)])


def no_decoding(*_: object) -> None:
    raise AssertionError("something was decoded")


def test_a_second_load_decodes_nothing(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load(own)
    monkeypatch.setattr(pictures, "read_picture", no_decoding)
    monkeypatch.setattr("bayesian_gan.data.own_folder.read_picture", no_decoding)
    second = load(own)
    for name in cache.ARRAYS:
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    np.testing.assert_array_equal(second.images, expected())
    assert second.class_names == first.class_names
    assert second.provenance == first.provenance


def test_large_data_are_mapped_and_equal(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = load(own)
    assert not isinstance(held.images, np.memmap)
    monkeypatch.setattr(cache, "HELD_BYTES", 100_000)
    mapped = load(own)
    assert isinstance(mapped.images, np.memmap)
    assert not mapped.images.flags.writeable
    assert not isinstance(mapped.test_images, np.memmap)
    np.testing.assert_array_equal(mapped.images, held.images)


@pytest.mark.parametrize("change", ["content", "name", "removed", "option"])
def test_other_files_or_options_are_another_entry(own: Path, change: str) -> None:
    load(own)
    first = entry(own)
    path = own / "train/cat/7.png"
    if change == "content":
        path.write_bytes((own / "train/dog/7.png").read_bytes())
    elif change == "name":
        path.rename(path.with_name("700.png"))
    elif change == "removed":
        path.unlink()
    data = load(own, image_size=8, resize=True) if change == "option" else load(own)
    assert len(list((own.parent / "C").iterdir())) == 2
    assert first.exists()
    if change == "content":
        place = ORDER.index(7)
        np.testing.assert_array_equal(data.images[place], data.images[200 + place])


def damage_format(folder: Path) -> None:
    description = read_checked_json(folder / "entry.json")
    write_checked_json(folder / "entry.json", {**description, "format": 0})


def damage_names(folder: Path) -> None:
    text = (folder / "entry.json").read_text()
    (folder / "entry.json").write_text(text.replace('"class_names": [', '"class_names": ["x", '))


def damage_bit(folder: Path) -> None:
    data = bytearray((folder / "images.npy").read_bytes())
    data[-1] ^= 1
    (folder / "images.npy").write_bytes(data)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (damage_format, "is of version 0, not 1; they are made anew"),
        (damage_names, "does not match its checksum"),
        (damage_bit, "the checksum of images.npy is wrong"),
        (lambda f: (f / "images.npy").write_bytes(b"short"), "has 5 bytes"),
        (lambda f: (f / "labels.npy").unlink(), "is not whole"),
        (lambda f: (f / "entry.json").write_text("{"), "is damaged"),
        (lambda f: (f / "entry.json").write_text("[]"), "is damaged"),
        (lambda f: (f / "entry.json").unlink(), "is not whole"),
    ],
)
def test_a_wrong_entry_is_made_anew_and_that_is_said(
    own: Path, damage: Any, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    load(own)
    folder = entry(own)
    damage(folder)
    capsys.readouterr()
    data = load(own)
    printed = capsys.readouterr().out
    assert said in printed
    assert str(folder) in printed
    np.testing.assert_array_equal(data.images, expected())
    assert entry(own) == folder
    load(own)
    assert capsys.readouterr().out == ""


def test_a_copy_of_an_entry_is_verified_once(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(own)
    path = entry(own) / "images.npy"
    os.utime(path, ns=(1, 1))
    sums = []
    file_digest = cache.hashlib.file_digest

    def counted(*arguments: Any) -> Any:
        sums.append(arguments)
        return file_digest(*arguments)

    monkeypatch.setattr(cache.hashlib, "file_digest", counted)
    for _ in range(2):
        load(own)
    assert len(sums) == 1


def test_an_entry_that_may_not_be_written_is_read(own: Path) -> None:
    load(own)
    entry(own).chmod(0o555)
    (own.parent / "C").chmod(0o555)
    np.testing.assert_array_equal(load(own).images, expected())


def test_leftovers_of_a_killed_process_are_removed(own: Path) -> None:
    load(own)
    folder = entry(own)
    leftover = folder.with_name(f".{folder.name}.abc")
    folder.rename(leftover)
    load(own)
    assert entry(own) == folder


def test_a_refusal_leaves_nothing(own: Path) -> None:
    (own / "test/dog/3.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"test/dog/3\.png"):
        load(own)
    assert not (own.parent / "C").exists()


@pytest.mark.parametrize("number", [0, 1, 127, 128, 129, 1000])
def test_decoding_keeps_the_order(number: int) -> None:
    chunks = list(
        pictures.decode(range(number), number, lambda i: np.full((1, 1, 1), i % 251, np.uint8), "x")
    )
    flat = np.concatenate(chunks).ravel() if chunks else np.zeros(0)
    np.testing.assert_array_equal(flat, np.arange(number) % 251)


PROGRAM = """
import sys
import numpy as np
from bayesian_gan.data import cache, catalogue
from bayesian_gan.options.reading import ReadingOptions
data = catalogue.load("folder:" + sys.argv[1], None, ReadingOptions(download=False, cache_dir=sys.argv[2]))
np.save(sys.argv[3], data.images)
"""


def test_two_processes_at_once_are_both_right(own: Path, tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [
                sys.executable,
                "-c",
                PROGRAM,
                str(own),
                str(tmp_path / "C"),
                str(tmp_path / f"{k}.npy"),
            ],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for k in range(4)
    ]
    printed = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4
    for k in range(4):
        np.testing.assert_array_equal(np.load(tmp_path / f"{k}.npy"), expected())
    assert entry(own).is_dir()
    # One decoded; the others waited, or came when it was done.
    lines = "".join(printed).splitlines()
    assert sum("decoding 408 images of own" in line for line in lines) == 1
    assert all("decoding" in line or "waiting for another process" in line for line in lines)


def test_a_process_waits_for_the_one_that_has_the_lock(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load(own)
    folder = entry(own)
    (folder / "labels.npy").unlink()
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import fcntl, sys, time; f = open(sys.argv[1], 'w'); fcntl.flock(f, fcntl.LOCK_EX); "
            "print('held', flush=True); time.sleep(1)",
            str(folder.with_name(f".{folder.name}.lock")),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    np.testing.assert_array_equal(load(own).images, expected())
    assert "waiting for another process" in capsys.readouterr().out
    assert holder.wait() == 0
    assert entry(own) == folder


def test_hashes_of_mapped_images_are_kept(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected_split = label_split(load(own), 20, 3)
    assert list(entry(own).glob("digests*")) == []  # Those of images in memory are not.
    monkeypatch.setattr(cache, "HELD_BYTES", 100_000)
    data = load(own)
    for _ in range(2):
        np.testing.assert_array_equal(label_split(data, 20, 3).indices, expected_split.indices)
    path = entry(own) / "digests_3.bin"
    assert path.stat().st_size == 16 * 401
    # Other seeds have files of their own, and a damaged file is not believed.
    assert not np.array_equal(label_split(data, 20, 4).indices, expected_split.indices)
    stored = bytearray(path.read_bytes())
    stored[16:] = stored[16:][::-1]
    for damaged in (bytes(stored), b"", b"x" * 100):
        path.write_bytes(damaged)
        np.testing.assert_array_equal(label_split(data, 20, 3).indices, expected_split.indices)
    monkeypatch.setattr("bayesian_gan.data.content.digests", no_decoding)
    np.testing.assert_array_equal(label_split(data, 20, 3).indices, expected_split.indices)


def test_part_of_a_file_s_name_is_short_and_plain() -> None:
    assert cache.slug("a b/c\\d:é-e_f.g9") == "a_b_c_d__-e_f.g9"
    assert cache.slug("x" + "y" * 59 + "z") == "y" * 59 + "z"
    assert cache.slug("y" * 59 + "z") == "y" * 59 + "z"
