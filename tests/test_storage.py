"""Files that are whole or absent, and that notice the change of any byte."""

import contextlib
import errno
import hashlib
import io
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bayesian_gan import storage
from bayesian_gan.errors import InputError
from bayesian_gan.storage import (
    UnreadableError,
    append,
    read_arrays,
    read_checked_json,
    read_manifest,
    write_arrays,
    write_atomically,
    write_checked_json,
)

ARRAYS: dict[str, np.ndarray] = {
    "g_0000_00": np.arange(6, dtype=np.float32).reshape(2, 3).T,
    "a/b.c": np.array(7, np.int64),
    "empty": np.zeros((0, 4), np.float64),
}
MANIFEST = {"iteration": 12, "draws": [4, 8]}


def test_arrays_come_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    write_arrays(path, ARRAYS, MANIFEST)
    arrays, manifest = read_arrays(path)
    assert manifest == read_manifest(path) == MANIFEST
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array)
        assert arrays[name].dtype == array.dtype
        assert arrays[name].shape == array.shape
    with np.load(path) as plain:  # An ordinary .npz to everyone else.
        np.testing.assert_array_equal(plain["g_0000_00"], ARRAYS["g_0000_00"])
    other = tmp_path / "y.npz"
    write_arrays(other, ARRAYS, MANIFEST)
    assert other.read_bytes() == path.read_bytes()


def _signed(members: dict[str, bytes]) -> bytes:
    """An archive whose checksums are all right, whatever it holds."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    body = file.getvalue()[:-2] + (71).to_bytes(2, "little")
    return body + b"sha256:" + hashlib.sha256(body).hexdigest().encode()


def _npy(header: str) -> bytes:
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()


SOUND = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}\n"


@pytest.mark.parametrize(
    "member",
    [
        b"no array",
        b"",
        _npy(SOUND),  # Its numbers are missing.
        _npy(SOUND.replace("(1,)", "(-1,)")),
        _npy(SOUND.replace("(1,)", f"({10**30},)")),
        _npy(SOUND.replace("(1,)", "('x',)")),
        _npy(SOUND.replace("'<f4'", "'|O'")),
        _npy(SOUND.replace("'<f4'", "[")),
        _npy("(" * 60 + "\n"),  # Python's tokenizer is asked, as of a header of Python 2.
        _npy("[\n"),
    ],
)
def test_right_checksums_of_a_wrong_array_are_no_traceback(tmp_path: Path, member: bytes) -> None:
    path = tmp_path / "x.npz"
    path.write_bytes(_signed({"manifest.json": b"{}", "g_0000_00.npy": member}))
    with pytest.raises(InputError, match=r"x\.npz: cannot be read"):
        read_arrays(path)
    sound = _npy(SOUND) + bytes(4)
    path.write_bytes(_signed({"manifest.json": b"{}", "g_0000_00.npy": sound}))
    assert read_arrays(path)[0].keys() == {"g_0000_00"}


def test_every_flipped_byte_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    write_arrays(path, ARRAYS, MANIFEST)
    whole = path.read_bytes()
    for place in range(len(whole)):
        for mask in (1, 0x80, 0xFF):
            damaged = bytearray(whole)
            damaged[place] ^= mask
            path.write_bytes(damaged)
            with pytest.raises(InputError, match=r"x\.npz: cannot be read"):
                read_arrays(path)


def test_every_truncation_and_extension_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    write_arrays(path, ARRAYS, MANIFEST)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError, match=r"x\.npz: cannot be read"):
            read_arrays(path)
    path.write_bytes(whole + b"\0")
    with pytest.raises(InputError, match=r"x\.npz: cannot be read"):
        read_arrays(path)


def test_checked_json_notices_every_change_of_meaning(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    value = {"num_gen": 2, "name": "a b", "none": None}
    write_checked_json(path, value)
    whole = path.read_bytes()
    assert read_checked_json(path) == value
    for place in range(len(whole)):
        for mask in (1, 0x10, 0x80):
            damaged = bytearray(whole)
            damaged[place] ^= mask
            path.write_bytes(damaged)
            # White space may change, and the case of a letter in an escape; nothing else.
            with contextlib.suppress(InputError):
                assert read_checked_json(path) == value
    for length in range(len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError):
            read_checked_json(path)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the file system is asked to do, in order: `flush NAME`, `write NAME` and `rename`."""
    asked: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def noted_fsync(descriptor: int) -> None:
        asked.append(f"flush {Path(f'/proc/self/fd/{descriptor}').readlink().name}")
        fsync(descriptor)

    def noted_replace(path: Path, target: Path) -> Path:
        asked.append(f"rename {path.name} to {target.name}")
        return replace(path, target)

    monkeypatch.setattr(storage.os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    return asked


def test_bytes_are_on_the_disk_before_the_name_and_the_name_before_the_return(
    tmp_path: Path, calls: list[str]
) -> None:
    write_atomically(tmp_path / "x", lambda file: file.write(b"new"))
    part = calls[0].removeprefix("flush ")
    assert part.startswith(".x.")
    assert part.endswith(".part")
    assert calls == [f"flush {part}", f"rename {part} to x", f"flush {tmp_path.name}"]


def test_the_name_of_a_file_that_grows_is_flushed_when_it_is_new(
    tmp_path: Path, calls: list[str]
) -> None:
    append(tmp_path / "x", b"one")
    append(tmp_path / "x", b"two")
    assert calls == [f"flush {tmp_path.name}", "flush x", "flush x"]


@pytest.mark.parametrize("number", [errno.EACCES, errno.EMFILE, errno.EIO])
def test_what_may_not_be_read_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    path = tmp_path / "x.npz"
    write_arrays(path, ARRAYS, MANIFEST)

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(storage, "open_regular", refuse)
    with pytest.raises(InputError, match=r"x\.npz: cannot be") as found:
        read_arrays(path)
    assert isinstance(found.value, UnreadableError) == (number != errno.EIO)


def _full(*_: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x"
    write_atomically(path, lambda file: file.write(b"old"))
    monkeypatch.setattr(storage.os, "fsync", _full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, lambda file: file.write(b"new"))
    assert [p.name for p in tmp_path.iterdir()] == ["x"]
    assert path.read_bytes() == b"old"


def test_a_failed_append_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x"
    append(path, b"one\n")
    with monkeypatch.context() as patch:
        patch.setattr(storage.os, "fsync", _full)
        with pytest.raises(OSError, match="No space"):
            append(path, b"two\n")
    assert path.read_bytes() == b"one\n"
    append(path, b"three\n")
    assert path.read_bytes() == b"one\nthree\n"


def test_an_append_that_the_disk_cuts_short_is_taken_back(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    path = tmp_path / "x"
    append(path, b"one\n")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (6, hard))
    try:
        with pytest.raises(OSError, match="too large"):
            append(path, b"two\n")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == b"one\n"
