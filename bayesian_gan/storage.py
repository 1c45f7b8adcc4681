"""Files that are either whole or absent, and that say so themselves when a byte of them has changed."""

import contextlib
import errno
import hashlib
import json
import os
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from bayesian_gan.errors import InputError, reason

# Files under construction are named `.NAME.RANDOM.part`; a killed process leaves them behind.
PART = ".part"
# Of a file of JSON; a run's largest has a few megabytes.
MAX_JSON = 2**28
MANIFEST = "manifest.json"
_CHECKSUM = b"sha256:"
_CHECKSUM_BYTES = len(_CHECKSUM) + 64
# Reasons why a file cannot be read that have nothing to do with what it holds.
_NOT_DAMAGE = {
    errno.EACCES,
    errno.EPERM,
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOMEM,
    errno.ESTALE,
    errno.ETIMEDOUT,
}


class UnreadableError(InputError):
    """A file cannot be read by this process at this moment; nothing is known of its contents."""


def open_regular(path: Path) -> BinaryIO:
    """Opens a file to read: a pipe would be waited for, and a device read without an end.

    Raises:
        OSError: it cannot be opened, or is no regular file.
    """
    # Without O_NONBLOCK the opening itself would wait for the pipe's other end.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "a folder, a pipe or a device, no file", str(path))
    return os.fdopen(descriptor, "rb")


@contextlib.contextmanager
def written(what: object, advice: str) -> Iterator[None]:
    """Says in one line that something cannot be written, and why.

    Args:
        what: the file, and the flag that gave it.
        advice: what to do.

    Raises:
        InputError: for an OSError.
    """
    try:
        yield
    except OSError as error:
        raise InputError(f"{what}: cannot be written ({reason(error)}); {advice}") from error


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Writes a file under a temporary name, flushes it to the disk, and renames it into place.

    A process killed at any moment leaves the old file or the new one under `path`, never a part. The folder
    is flushed too, so the same holds when the machine stops.

    Args:
        path: the final name; its folder must exist.
        write: is given the open file, which can be read as well.

    Raises:
        OSError: the file could not be written; nothing is left behind.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=PART, dir=path.parent)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


@contextlib.contextmanager
def new_folder(
    path: Path, named: str = "", move: Callable[[Path, Path], object] = Path.rename
) -> Iterator[Path]:
    """A folder to write into, which gets its name when all is written.

    Args:
        path: the final name; folders above it are made.
        named: how messages call it; the path by default.
        move: gives the finished folder, its first argument, the final name, its second.

    Raises:
        InputError: nothing can be written there; nothing is left behind.
    """
    named = named or str(path)
    with written(named, "give another place"):
        path.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=PART, dir=path.parent))
    try:
        with written(named, "make room, or give another"):
            yield made
            made.chmod(0o755)
            move(made, path)
            sync_folder(path.parent)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def sync_folder(folder: Path) -> None:
    """Flushes a folder's entries to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def append(path: Path, data: bytes) -> None:
    """Appends to a file and flushes it to the disk: all of the data, or none of it.

    Raises:
        OSError: the data could not be written; the file is as it was.
    """
    with path.open("ab", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        if not size:
            sync_folder(path.parent)  # The file may be new: its name must last as its bytes will.
        try:
            written = file.write(data)
            if written != len(data):
                # The rest would not fit; this attempt says why.
                file.write(data[written:])
                raise OSError(f"{path}: only {written} of {len(data)} bytes were written")
            os.fsync(file.fileno())
        except OSError:
            file.truncate(size)
            raise


def remove_parts(folder: Path) -> None:
    """Removes what a killed process left under construction. Only the folder's owner may call it."""
    for path in folder.glob(f".*{PART}"):
        path.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """Writes a value as indented JSON, atomically."""
    text = json.dumps(value, indent=2, sort_keys=False) + "\n"
    write_atomically(path, lambda file: file.write(text.encode()))


def read_json(path: Path) -> Any:
    """The value of a JSON file.

    Raises:
        InputError: the file is absent, no JSON, or larger than any that this package writes.
    """
    try:
        with open_regular(path) as file:
            data = file.read(MAX_JSON + 1)
        if len(data) > MAX_JSON:
            raise ValueError(f"more than {MAX_JSON} bytes")
        return json.loads(data.decode())
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from error


def json_checksum(value: Any) -> str:
    """SHA-256, in hexadecimal, of a value's canonical JSON: keys sorted, no spaces."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def write_checked_json(path: Path, value: dict[str, Any]) -> None:
    """Writes a dictionary as JSON, atomically, with its checksum under the key `sha256`."""
    write_json(path, {**value, "sha256": json_checksum(value)})


def read_checked_json(path: Path) -> dict[str, Any]:
    """The dictionary that `write_checked_json` wrote, without the checksum.

    Raises:
        InputError: the file is absent or was changed.
    """
    value = read_json(path)
    if not isinstance(value, dict) or "sha256" not in value:
        raise InputError(f"{path}: holds no checksum, so it is not of this version, or damaged")
    checksum = value.pop("sha256")
    if checksum != json_checksum(value):
        raise InputError(f"{path}: does not match its checksum, so it is damaged or edited")
    return value


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray], manifest: dict[str, Any]) -> None:
    """Writes arrays and a manifest into one file that holds its own checksum, atomically.

    The file is an uncompressed NumPy `.npz` archive, which `numpy.load` reads, with one more member,
    `manifest.json`. The archive's comment is `sha256:` and the hash of all bytes before the comment. Equal
    contents give equal bytes.

    Raises:
        OSError: the file could not be written; nothing is left behind.
    """

    def write(file: BinaryIO) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            text = json.dumps(manifest, indent=2) + "\n"
            archive.writestr(zipfile.ZipInfo(MANIFEST), text)
            for name, array in arrays.items():
                with archive.open(zipfile.ZipInfo(name + ".npy"), "w", force_zip64=True) as member:
                    # C order always: the order in memory is no part of the contents.
                    np.lib.format.write_array(
                        member, np.asarray(array, order="C"), allow_pickle=False
                    )
            archive.comment = _CHECKSUM + bytes(64)
        checksum = _hash_before_comment(file)
        file.seek(-64, os.SEEK_END)
        file.write(checksum.encode())

    write_atomically(path, write)


def read_arrays(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays and the manifest that `write_arrays` wrote. Executes nothing.

    Raises:
        FileNotFoundError: there is no such file.
        UnreadableError: this process may not or cannot read it now, which says nothing of its contents.
        InputError: the file is not what was written, to the last bit; the message begins with its path.
    """
    with _checked(path) as archive:
        manifest = _manifest(archive)
        arrays = {name: archive[name] for name in archive.files if name != MANIFEST}
        for name, array in arrays.items():
            if not isinstance(array, np.ndarray):
                raise ValueError(f"{name} is no array")
        return arrays, manifest


def read_manifest(path: Path) -> dict[str, Any]:
    """The manifest alone; the whole file is checked as in `read_arrays`."""
    with _checked(path) as archive:
        return _manifest(archive)


def _manifest(archive: Any) -> dict[str, Any]:
    manifest = json.loads(archive[MANIFEST])
    if not isinstance(manifest, dict):
        raise ValueError("its manifest is no dictionary")
    return manifest


@contextlib.contextmanager
def _checked(path: Path) -> Any:
    """The open archive, after its checksum was compared: no byte is interpreted before."""
    try:
        with open_regular(path) as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _CHECKSUM_BYTES))
            comment = file.read()
            if not comment.startswith(_CHECKSUM):
                raise ValueError(
                    "it does not end with a checksum: it is cut short, or of another kind"
                )
            if comment[len(_CHECKSUM) :] != _hash_before_comment(file).encode():
                raise ValueError("its contents do not match its checksum")
            file.seek(0)
            with np.load(file, allow_pickle=False) as archive:
                yield archive
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno not in _NOT_DAMAGE:
            raise InputError(f"{path}: cannot be read ({error})") from error
        raise UnreadableError(
            f"{path}: cannot be opened ({error.strerror}); give this process the permission or the memory"
        ) from error
    except MemoryError:
        raise
    # With the right checksum only a file that was made to deceive comes here, by errors of any kind:
    # of zip, of zlib, of NumPy, and of Python's tokenizer, which NumPy asks about old headers.
    except Exception as error:
        raise InputError(f"{path}: cannot be read ({error})") from error


def _hash_before_comment(file: BinaryIO) -> str:
    """SHA-256 of a file without its last 71 bytes, in hexadecimal."""
    left = file.seek(0, os.SEEK_END) - _CHECKSUM_BYTES
    file.seek(0)
    digest = hashlib.sha256()
    while left > 0:
        block = file.read(min(left, 1 << 20))
        if not block:
            break
        digest.update(block)
        left -= len(block)
    return digest.hexdigest()
