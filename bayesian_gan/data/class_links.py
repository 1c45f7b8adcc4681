"""Pictures put into folders named by their classes, as links or copies; nothing is overwritten."""

import itertools
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from bayesian_gan.errors import InputError, reason

UNSURE = "unsure"
# Bytes of a name, on every common file system.
LONGEST = 255
HOW = ("symbolic", "hard", "copy")


class ClassLinks:
    """A folder of class folders that pictures are put into.

    A name that is taken gets a number, `a_2.png`: pictures of several folders may share theirs.

    Args:
        folder: is made where it does not exist.
        class_names: of the folders in it.
        how: "symbolic" links, "hard" links, or "copy".
        confidence: pictures of a lower probability go into `unsure/`, in [0, 1].

    Raises:
        InputError: a class has a name that no folder can have, or the folder cannot be made.
    """

    def __init__(
        self, folder: Path, class_names: Sequence[str], how: str, confidence: float
    ) -> None:
        self.folder, self.how, self.confidence = folder, how, confidence
        for name in class_names:
            if not _names_a_folder(name) or (confidence > 0 and name == UNSURE):
                shown = name if len(name) <= LONGEST else f"{name[:40]}..."
                raise InputError(
                    f"--sort_into: the class {shown!r} can have no folder of that name; leave it out"
                )
        self._make(folder)
        self._numbers: dict[Path, int] = {}

    def put(self, file: Path, label: str, probability: float) -> Path:
        """Puts a picture into the folder of its class, or into `unsure/`; returns its place.

        Raises:
            FileNotFoundError: the picture is no longer there.
            InputError: it cannot be linked, or copied.
        """
        folder = self.folder / (label if probability >= self.confidence else UNSURE)
        self._make(folder)
        wanted = folder / file.name
        for k in itertools.count(self._numbers.get(wanted, 1)):
            place = wanted if k == 1 else wanted.with_name(f"{file.stem}_{k}{file.suffix}")
            try:
                self._place(file, place)
            except FileExistsError:
                self._numbers[wanted] = k + 1
                continue
            except OSError as error:
                if isinstance(error, FileNotFoundError) and not file.exists():
                    raise
                advice = "make room" if self.how == "copy" else "give --copy"
                raise InputError(
                    f"--sort_into: {str(place)!r} cannot be made ({reason(error)}); {advice}, or "
                    "another folder"
                ) from error
            return place
        raise AssertionError("numbers do not end")

    def _place(self, file: Path, place: Path) -> None:
        if not file.exists():
            raise FileNotFoundError(f"{str(file)!r} is no longer there")
        if self.how == "symbolic":
            place.symlink_to(file.absolute())
        elif self.how == "hard":
            place.hardlink_to(file)
        else:
            _copy(file, place)

    def _make(self, folder: Path) -> None:
        if folder != self.folder and folder.is_symlink():
            raise InputError(
                f"--sort_into: {str(folder)!r} is a link to {str(folder.resolve())!r}, and nothing is put "
                "elsewhere; remove it, or give another folder"
            )
        try:
            folder.mkdir(parents=folder == self.folder, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"--sort_into: the folder {str(folder)!r} cannot be made ({reason(error)}); give "
                "another"
            ) from error


def _copy(file: Path, place: Path) -> None:
    """Copies a picture to a place that nobody has; there it is whole, or it is not there.

    Raises:
        FileExistsError: somebody has it.
        OSError: there is no room, for example.
    """
    place.open("xb").close()
    part = place.with_name(f".{os.getpid()}.part")
    try:
        with file.open("rb") as source, part.open("wb") as target:
            shutil.copyfileobj(source, target)
        part.replace(place)
    except BaseException:
        part.unlink(missing_ok=True)
        place.unlink()
        raise


def _names_a_folder(name: str) -> bool:
    if name in ("", ".", "..") or any(c in name for c in "/\\\0"):
        return False
    return len(os.fsencode(name)) <= LONGEST
