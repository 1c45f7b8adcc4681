"""Where data lie: the checks of `--data_path` that all data sets share."""

from pathlib import Path

from bayesian_gan.errors import InputError


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
    except OSError as error:
        raise InputError(
            f"--data_path {data_path!r}: {error.strerror}; for {name} give a folder with {layouts}"
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
