"""Decoded images kept in a folder, and mapped into memory where they are large.

    CACHE_DIR/NAME-KEY/entry.json            format, key, options, class names, checksums
                       images.npy ...        the four arrays of an `ImageData`

The key is a hash of what the images are made from (names, sizes and times of the files, the bytes
of tables) and of the options. An entry is written under a temporary name and renamed when it is
whole; one process writes while others wait for it; all map the same pages. An entry that is
damaged, or of another version, is made anew, which is said.
"""

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from bayesian_gan.data.image_data import ImageData
from bayesian_gan.errors import InputError, reason
from bayesian_gan.storage import read_checked_json, write_checked_json

FORMAT = 1
# Arrays up to this size are read into memory; larger ones are mapped.
HELD_BYTES = 2**29
BLOCK = 2**22
ARRAYS = ("images", "labels", "test_images", "test_labels")


@dataclass(frozen=True)
class Source:
    """What an entry is to be made from.

    Attributes:
        image_shape: (H, W, C).
        labels: int32 [N].
        chunks: gives uint8 [n, H, W, C] until there are N images.
        test_labels: int32 [N_test].
        test_chunks: likewise.
        class_names: K names.
        note: what is to be said of the data, after where they come from.
    """

    image_shape: tuple[int, int, int]
    labels: np.ndarray
    chunks: Callable[[], Iterable[np.ndarray]]
    test_labels: np.ndarray
    test_chunks: Callable[[], Iterable[np.ndarray]]
    class_names: tuple[str, ...]
    note: str = ""


def content_key(*parts: Any) -> str:
    """A hash, 16 characters, of values that JSON can hold, and of bytes."""
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        data = part if isinstance(part, bytes) else json.dumps(part, sort_keys=True).encode()
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()


def stamp(status: os.stat_result) -> bytes:
    """Size and time of change of a file, as bytes: status objects would keep the collector busy."""
    return b"%d %d" % (status.st_size, status.st_mtime_ns)


def files_key(files: dict[str, bytes]) -> bytes:
    """A hash of files: their names and stamps, in the order given."""
    digest = hashlib.blake2b(digest_size=16)
    for name, value in files.items():
        digest.update(os.fsencode(name) + b"\0" + value + b"\0")
    return digest.digest()


def cached(
    name: str,
    key: str,
    cache_dir: str | None,
    make: Callable[[], Source],
    provenance: str,
    balance: Any = "exact",
) -> ImageData:
    """The data set of an entry; it is made first where it is not there.

    Args:
        name: canonical name of the data set.
        key: of `content_key`.
        cache_dir: as in `ReadingOptions`.
        make: checks the data and says how to decode them; called only where there is no entry.
        provenance: one line.
        balance: of `ImageData`.

    Raises:
        InputError: `make` or the decoding refuses the data, or the folder cannot be written.
    """
    folder = cache_folder(cache_dir) / f"{slug(name)}-{key}"
    found = _read(folder, key)
    if isinstance(found, str):
        try:
            _build(folder, key, name, make, found)
        except OSError as error:
            raise InputError(
                f"--cache_dir {str(folder.parent)!r}: cannot write the decoded images "
                f"({reason(error)}); make room there or give another folder"
            ) from error
        found = _read(folder, key)
        if isinstance(found, str):
            raise InputError(f"{str(folder)!r} {found} as soon as it was written; check that disk")
    arrays, entry = found
    images, labels, test_images, test_labels = (arrays[name] for name in ARRAYS)
    return ImageData(
        images,
        labels,
        test_images,
        test_labels,
        class_names=tuple(entry["class_names"]),
        name=name,
        provenance=f"{provenance}{entry['note']}, decoded in {str(folder)!r}",
        balance=balance,
        cache=folder if isinstance(arrays["images"], np.memmap) else None,
    )


def cache_folder(cache_dir: str | None) -> Path:
    """The folder of all entries."""
    if cache_dir:
        return Path(cache_dir).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "bayesian_gan"


def slug(name: str) -> str:
    """Part of a file's name: letters, digits, dots, dashes and underscores, at most 60."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in name)[-60:]


# ------------------------------------------------------------------------------------- reading


def _read(folder: Path, key: str) -> tuple[dict[str, np.ndarray], dict[str, Any]] | str:
    """Arrays and description of an entry; or what is wrong with it, "" where there is none."""
    try:
        if not (folder / "entry.json").exists():
            return "is not whole" if os.path.lexists(folder) else ""
        entry = read_checked_json(folder / "entry.json")
        if entry["format"] != FORMAT:
            return f"is of version {entry['format']}, not {FORMAT}"
        if entry["key"] != key:
            return "belongs to other data"
        _verify(folder, entry)
        return {name: _open(folder / f"{name}.npy") for name in ARRAYS}, entry
    except (FileNotFoundError, NotADirectoryError):
        return "is not whole"
    except (ValueError, KeyError, TypeError, EOFError, OSError) as error:
        return f"is damaged ({reason(error)})"


def _verify(folder: Path, entry: dict[str, Any]) -> None:
    """Compares sizes, and the checksums of files whose time of change is not the one noted.

    Reading gigabytes at every start would take longer than the start; a file that was written to,
    cut short or copied has another time.
    """
    changed = False
    for name in ARRAYS:
        path, noted = folder / f"{name}.npy", entry["files"][name]
        status = path.stat()
        if status.st_size != noted["bytes"]:
            raise ValueError(f"{path.name} has {status.st_size} bytes, not {noted['bytes']}")
        if status.st_mtime_ns != noted["mtime_ns"]:
            with path.open("rb") as file:
                if hashlib.file_digest(file, _digest).hexdigest() != noted["blake2b"]:
                    raise ValueError(f"the checksum of {path.name} is wrong")
            noted["mtime_ns"], changed = status.st_mtime_ns, True
    if changed and os.access(folder, os.W_OK):
        write_checked_json(folder / "entry.json", entry)


def _open(path: Path) -> np.ndarray:
    large = path.stat().st_size > HELD_BYTES
    return np.load(path, mmap_mode="r" if large else None, allow_pickle=False)


def _digest() -> Any:
    return hashlib.blake2b(digest_size=16)


# ------------------------------------------------------------------------------------- writing


def _build(folder: Path, key: str, name: str, make: Callable[[], Source], wrong: str) -> None:
    """Makes an entry, unless another process has done so meanwhile.

    Raises:
        InputError: the data are refused; nothing is left behind.
        OSError: the folder cannot be written; nothing is left behind.
    """
    source = make()
    created = _missing_parents(folder.parent)
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        with _lock(folder):
            if not isinstance(_read(folder, key), str):
                return
            if wrong:
                print(
                    f"the decoded images in {str(folder)!r}: {wrong}; they are made anew",
                    flush=True,
                )
            _remove_leftovers(folder)
            _check_space(folder.parent, source)
            count = len(source.labels) + len(source.test_labels)
            print(f"decoding {count} images of {name} into {str(folder)!r}", flush=True)
            temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
            try:
                _write_entry(temporary, key, name, source)
                if folder.exists():
                    old = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
                    folder.rename(old / "old")
                    temporary.rename(folder)
                    shutil.rmtree(old)
                else:
                    temporary.rename(folder)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
    finally:
        # Of a refusal nothing is to be left, not even empty folders.
        for path in created:
            if path.exists() and not any(path.iterdir()):
                path.rmdir()


def _write_entry(folder: Path, key: str, name: str, source: Source) -> None:
    files = {}
    shape = source.image_shape
    for which, chunks, labels in (
        ("images", source.chunks, source.labels),
        ("test_images", source.test_chunks, source.test_labels),
    ):
        files[which] = _write_array(
            folder / f"{which}.npy", (len(labels), *shape), np.uint8, chunks()
        )
        which_labels = which.replace("images", "labels")
        files[which_labels] = _write_array(
            folder / f"{which_labels}.npy", labels.shape, np.int32, [labels]
        )
    write_checked_json(
        folder / "entry.json",
        {
            "format": FORMAT,
            "key": key,
            "name": name,
            "note": source.note,
            "class_names": list(source.class_names),
            "files": files,
        },
    )
    folder.chmod(0o755)


def _write_array(
    path: Path, shape: Sequence[int], dtype: type, chunks: Iterable[np.ndarray]
) -> dict[str, Any]:
    """Writes an .npy file part by part.

    It does not write through mapped memory, where a full disk would kill the process.
    """
    digest = _digest()

    def put(file: BinaryIO, data: bytes) -> None:
        digest.update(data)
        file.write(data)

    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": tuple(shape)}
        )
        file.flush()
        digest.update(path.read_bytes())
        count = 0
        for chunk in chunks:
            if chunk.dtype != dtype or chunk.shape[1:] != tuple(shape[1:]):
                raise AssertionError(f"a chunk is {chunk.dtype} {chunk.shape}, not {dtype} {shape}")
            put(file, chunk.tobytes())
            count += len(chunk)
        if count != shape[0]:
            raise AssertionError(f"{count} examples came, and {shape[0]} were announced")
        file.flush()
        os.fsync(file.fileno())
    path.chmod(0o644)
    status = path.stat()
    return {"bytes": status.st_size, "blake2b": digest.hexdigest(), "mtime_ns": status.st_mtime_ns}


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """One process at a time makes an entry. The kernel frees the lock of one that dies."""
    path = folder.with_name(f".{folder.name}.lock")
    while True:
        with path.open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print(f"waiting for another process that makes {str(folder)!r}", flush=True)
                fcntl.flock(file, fcntl.LOCK_EX)
            # Who had the lock has removed the file: a third process may hold a new one by now.
            if not path.exists() or path.stat().st_ino != os.fstat(file.fileno()).st_ino:
                continue
            try:
                yield
            finally:
                path.unlink(missing_ok=True)
            return


def _remove_leftovers(folder: Path) -> None:
    """Removes what processes that were killed while they held the lock have left of this entry."""
    for path in folder.parent.glob(f".{folder.name}.*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)


def _check_space(folder: Path, source: Source) -> None:
    count = len(source.labels) + len(source.test_labels)
    needed = count * int(np.prod(source.image_shape))
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise InputError(
            f"--cache_dir {str(folder)!r}: {needed} bytes are needed for {count} decoded images, and "
            f"{free} are free; make room there or give another folder"
        )


def _missing_parents(folder: Path) -> list[Path]:
    """The folder and those above it that do not exist, the lowest first."""
    return [path for path in (folder, *folder.parents) if not path.exists()]
