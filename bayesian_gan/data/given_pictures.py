"""Pictures that a user names, as folders, files and .npz, read in batches while others are used.

Nothing is known of them before: some may be damaged, or vanish while they are read. Those are told
with the reason, and the rest goes on.
"""

import os
import zipfile
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from bayesian_gan.data.paths import REMEDY
from bayesian_gan.data.pictures import SUFFIXES, quiet_pillow, read_picture
from bayesian_gan.data.resizing import fitted, resized
from bayesian_gan.errors import InputError, reason
from bayesian_gan.storage import open_regular

BATCH = 256
MOST_THREADS = 8

Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Entry:
    """One picture, or row of a table, or what is said in its place.

    Attributes:
        name: as rows call it: the path, `FILE.npz:ARRAY[k]` or `FILE.csv:LINE`.
        file: the picture's file; None of an array's and of a row.
        reason: why it could not be read; None where it was.
        found: (height, width, channels) that it had before it was fitted; None where not read,
            and of a row.
    """

    name: str
    file: Path | None
    reason: str | None = None
    found: Shape | None = None


@dataclass(frozen=True, eq=False)
class Batch:
    """At most 256 pictures, or rows of a table, in order.

    Attributes:
        entries: all of them.
        images: uint8 [n, height, width, channels] of those that were read, in order; of rows of a
            table float32 [n, D].
    """

    entries: list[Entry]
    images: np.ndarray


def check_given(paths: Sequence[Path]) -> None:
    """Looks whether there is a picture at each path, without reading one.

    Raises:
        InputError: a path is not there, a folder holds no picture, or an .npz no array of pictures.
    """
    for path in paths:
        if is_npz(path):
            _picture_arrays(path)
        elif path.is_dir():
            if next(walk(path), None) is None:
                raise InputError(
                    f"{str(path)!r} holds no picture ({' '.join(SUFFIXES)}), nor does a folder in it; give "
                    "the folder of the pictures"
                )
        elif not os.path.lexists(path):
            raise InputError(f"{str(path)!r} is not there; give a folder, a picture or an .npz")


def walk(folder: Path) -> Iterator[Path]:
    """The pictures of a folder and of those in it, by their names' endings, sorted within each.

    Hidden ones are left out. Links to folders are not followed, so that no loop has no end.
    """
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith(".") and name.lower().endswith(SUFFIXES):
                yield Path(here) / name


def batches(
    paths: Sequence[Path],
    shape: Shape,
    size: int = BATCH,
    *,
    fit: str = "stretch",
    background: str = "white",
) -> Iterator[Batch]:
    """Reads all pictures, those of a folder in the order of `walk`, and fits them to a network.

    A pool of threads decodes ahead of what is taken; no more than a few batches are in memory.

    Args:
        paths: folders, files and .npz files, of which `check_given` has looked at each.
        shape: (height, width, channels), channels 1 or 3, which all get; see `fitted`.
        size: pictures of a batch.
        fit: how they get it; see `fitted`.
        background: what transparent pictures are laid on, and margins are made of.
    """
    workers = min(os.cpu_count() or 1, MOST_THREADS)
    waiting: deque[Future[Batch]] = deque()
    with quiet_pillow(), ThreadPoolExecutor(workers) as pool:
        try:
            for some in _grouped(paths, size):
                if isinstance(some, _Rows):
                    waiting.append(pool.submit(some.fitted, shape))
                else:
                    waiting.append(pool.submit(_decoded, some, shape, fit, background))
                if len(waiting) > 2 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


@dataclass(frozen=True, eq=False)
class _Rows:
    """Pictures of an array, uint8 [n, h, w, c], and their names."""

    names: list[str]
    images: np.ndarray
    reason: str | None = None

    def fitted(self, shape: Shape) -> Batch:
        if self.reason is not None:
            entries = [Entry(name, None, self.reason) for name in self.names]
            return Batch(entries, np.empty((0, *shape), np.uint8))
        height, width, channels = self.images.shape[1:]
        found = (height, width, channels)
        images = self.images if found == shape else resized(self.images, shape)
        return Batch([Entry(name, None, None, found) for name in self.names], images)


def _grouped(paths: Sequence[Path], size: int) -> Iterator[list[Path] | _Rows]:
    """Files together up to the size of a batch, arrays by themselves."""
    pending: list[Path] = []
    for path in paths:
        if is_npz(path):
            if pending:
                yield pending
                pending = []
            yield from _npz_rows(path, size)
            continue
        files = iter(walk(path) if path.is_dir() else (path,))
        while some := list(islice(files, size - len(pending))):
            pending += some
            if len(pending) == size:
                yield pending
                pending = []
    if pending:
        yield pending


def _decoded(files: list[Path], shape: Shape, fit: str, background: str) -> Batch:
    entries, images = [], []
    for file in files:
        try:
            picture = read_picture(file, background=background)
            channels = 1 if picture.mode == "L" else 3
            found = (picture.height, picture.width, channels)
            images.append(fitted(picture, shape, fit, background))
            entries.append(Entry(str(file), file, None, found))
        except (InputError, OSError, ValueError, MemoryError) as error:
            entries.append(Entry(str(file), file, str(error) or type(error).__name__))
    return Batch(entries, np.stack(images) if images else np.empty((0, *shape), np.uint8))


# ------------------------------------------------------------------------------- .npz


def is_npz(path: Path) -> bool:
    """Whether a path is that of an .npz file, by its name."""
    return path.suffix.lower() == ".npz" and not path.is_dir()


def _picture_arrays(path: Path) -> list[tuple[str, tuple[int, ...]]]:
    """Names and shapes of the arrays of pictures in an .npz, from their headers.

    Raises:
        InputError: it cannot be read, or holds none.
    """
    found = []
    try:
        with open_regular(path) as opened, zipfile.ZipFile(opened) as archive:
            for info in archive.infolist():
                with archive.open(info) as file:
                    shape, fortran_order, dtype = _header(cast(BinaryIO, file))
                if dtype == np.uint8 and not fortran_order and _are_pictures(shape):
                    found.append((info.filename, shape))
    except Exception as error:
        # A damaged archive raises BadZipFile, EOFError, NotImplementedError, zlib.error, ...
        raise InputError(
            f"{str(path)!r} cannot be read as .npz ({reason(error)}); {REMEDY}"
        ) from error
    if not found:
        raise InputError(
            f"{str(path)!r} holds no pictures: store an array uint8 [N, H, W], or [N, H, W, C] of 1 or 3 "
            "channels, in C order"
        )
    return found


def _are_pictures(shape: tuple[int, ...]) -> bool:
    return (len(shape) == 3 or (len(shape) == 4 and shape[3] in (1, 3))) and 0 not in shape


def _header(file: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(file)
    read = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    return read(file)


def _npz_rows(path: Path, size: int) -> Iterator[_Rows]:
    """The pictures of a file, unpacked as they are needed; what cannot be read ends it with the reason."""
    at = str(path)
    try:
        for member, shape in _picture_arrays(path):
            name = member.removesuffix(".npy")
            one = (*shape[1:], 1)[:3]
            with (
                open_regular(path) as whole,
                zipfile.ZipFile(whole) as archive,
                archive.open(member) as opened,
            ):
                file = cast(BinaryIO, opened)
                _header(file)
                for k in range(0, shape[0], size):
                    at = f"{path}:{name}[{k}:]"
                    count = min(size, shape[0] - k)
                    data = file.read(count * int(np.prod(one)))
                    images = np.frombuffer(data, np.uint8).reshape(count, *one)
                    yield _Rows([f"{path}:{name}[{k + i}]" for i in range(count)], images)
    except Exception as error:
        # As above, and what was read may have been changed meanwhile.
        yield _Rows([at], np.empty(0), f"cannot be read ({reason(error)}); {REMEDY}")
