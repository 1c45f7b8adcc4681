"""Where data lie: the checks of folders and files that all data sets share."""

import os
import stat
from pathlib import Path

from bayesian_gan.errors import InputError, reason

REMEDY = "replace it with an intact copy"


def data_folder(name: str, data_path: str | None, layouts: str) -> Path:
    """The folder of `--data_path`, with a leading ~ expanded.

    Args:
        name: the data set.
        data_path: as the user gave it.
        layouts: the layouts that would be accepted, for the message.

    Raises:
        InputError: it was not given, does not exist, is no folder, or may not be read.
    """
    if not data_path:
        raise InputError(f"--data_path is needed for {name}: a folder with {layouts}")
    folder = Path(data_path).expanduser()
    try:
        next(folder.iterdir(), None)
    except (OSError, ValueError) as error:
        raise InputError(
            f"--data_path {data_path!r}: {reason(error)}; for {name} give a folder with {layouts}"
        ) from error
    return folder


def entries(folder: Path) -> set[str]:
    """The names in a folder; none where it does not exist.

    Raises:
        InputError: it may not be read.
    """
    try:
        return {entry.name for entry in folder.iterdir()}
    except (FileNotFoundError, NotADirectoryError):
        return set()
    except OSError as error:
        raise InputError(
            f"cannot read the folder {str(folder)!r}: {error.strerror}; mend its permissions"
        ) from error


def check_file(path: Path, largest: int) -> os.stat_result:
    """The status of a regular file that can be opened and is not empty.

    Args:
        path: the file.
        largest: bytes it may have.

    Raises:
        InputError: it is missing, a link to nothing, no file, unreadable, empty, or too large.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"{str(path)!r} is not a file; put the data file in its place")
        with path.open("rb"):
            pass
    except OSError as error:
        linked = ", being a link to nothing" if path.is_symlink() else ""
        raise InputError(
            f"cannot read {str(path)!r}: {reason(error)}{linked}; put a readable file there"
        ) from error
    if status.st_size == 0:
        raise InputError(f"{str(path)!r} is empty; {REMEDY}")
    if status.st_size > largest:
        raise InputError(
            f"{str(path)!r} has {status.st_size} bytes, and {largest} are the most; {REMEDY}"
        )
    return status
