"""The files of pictures below a folder, in a fixed order, and nothing else."""

import os
import stat
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from bayesian_gan.data.cache import stamp
from bayesian_gan.data.pictures import SUFFIXES
from bayesian_gan.errors import InputError, reason

# What Windows, macOS's archives and network drives leave in folders of pictures, in small letters.
OF_SYSTEMS = frozenset(("thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "@eadir"))
DEEPEST = 200


@dataclass
class Tree:
    """The pictures of a folder and of the folders in it, hidden ones left out.

    Attributes:
        pictures: their paths, sorted, and the size and time of each.
        others: files that are not named as pictures are.
    """

    pictures: dict[Path, bytes] = field(default_factory=dict)
    others: list[Path] = field(default_factory=list)


def list_tree(folder: Path, skip: Collection[str] = ()) -> Tree:
    """All pictures below a folder. Links are followed.

    Args:
        folder: holds them, or folders that do.
        skip: names of folders in it, not in folders in it, that are passed over.

    Raises:
        InputError: a folder cannot be read, a link leads nowhere, or to a folder that it lies in.
    """
    tree = Tree()
    _walk(folder, tree, {}, skip)
    return tree


def scan(folder: Path) -> list[os.DirEntry[str]]:
    """The entries of a folder that are neither hidden nor a system's own, sorted by name.

    Raises:
        InputError: it is not there, no folder, or may not be read.
    """
    try:
        with os.scandir(folder) as entries:
            found = [entry for entry in entries if not _is_hidden(entry.name)]
    except OSError as error:
        raise InputError(
            f"cannot read the folder {str(folder)!r}: {reason(error)}; give a folder of pictures"
        ) from error
    return sorted(found, key=lambda entry: os.fsencode(entry.name))


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name.lower() in OF_SYSTEMS


def subfolders(folder: Path) -> list[str]:
    """Names of the folders in a folder that are not hidden, sorted.

    Raises:
        InputError: as `scan` does, or a link leads round in a circle.
    """
    return [entry.name for entry in scan(folder) if _is_dir(entry)]


def is_picture(name: str) -> bool:
    """Whether a file is named as pictures are."""
    return name.lower().endswith(SUFFIXES)


def _is_dir(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError as error:
        raise _unreadable(entry, error) from error


def _unreadable(entry: os.DirEntry[str], error: OSError) -> InputError:
    linked = ", being a link to nothing" if entry.is_symlink() else ""
    return InputError(
        f"cannot read {entry.path!r}: {reason(error)}{linked}; put the picture there or remove it"
    )


def _walk(
    folder: Path, tree: Tree, above: dict[tuple[int, int], Path], skip: Collection[str] = ()
) -> None:
    entries = scan(folder)
    own = folder.stat()
    identity = (own.st_dev, own.st_ino)
    if identity in above:
        raise InputError(
            f"{str(folder)!r} is a link to {str(above[identity])!r}, in which it lies; remove the link"
        )
    if len(above) >= DEEPEST:
        raise InputError(
            f"{str(folder)[:80]!r}... goes more than {DEEPEST} folders deep; move the pictures up"
        )
    above = above | {identity: folder}
    for entry in entries:
        path = Path(entry.path)
        if _is_dir(entry):
            if entry.name not in skip:
                _walk(path, tree, above)
        elif is_picture(entry.name):
            try:
                status = entry.stat()
            except OSError as error:
                raise _unreadable(entry, error) from error
            if not stat.S_ISREG(status.st_mode):
                raise InputError(f"{entry.path!r} is no file, but a pipe or device; move it away")
            tree.pictures[path] = stamp(status)
        else:
            tree.others.append(path)
