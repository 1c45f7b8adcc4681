"""A data set that is whole, what damages it, and what the refusal has to say."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

Damage = Callable[[Path], object]


class Case(NamedTuple):
    """A data set, written by `write`, damaged by `damage`, and what the refusal has to say."""

    dataset: str
    write: Callable[[Path], Path]
    damage: Damage
    says: tuple[str, ...]
    flags: tuple[str, ...] = ()


def cut(name: str, keep: int = -10) -> Damage:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:keep])


def content(name: str, data: bytes) -> Damage:
    return lambda folder: (folder / name).write_bytes(data)


def absent(name: str) -> Damage:
    return lambda folder: (folder / name).unlink()


def directory(name: str) -> Damage:
    def damage(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).mkdir()

    return damage


def dangling(name: str) -> Damage:
    def damage(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to("nothing")

    return damage


def forbidden(name: str) -> Damage:
    return lambda folder: (folder / name).chmod(0)


def nothing(_: Path) -> None:
    pass


class Touch:
    """Pickled, a program that makes a file when it is loaded."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> Any:
        return self.call


def picture(name: str, size: tuple[int, int], mode: str = "RGB", kind: str = "PNG") -> Damage:
    return lambda folder: Image.new(mode, size).save(folder / name, format=kind)


def empty_class(name: str) -> Damage:
    return lambda folder: (folder / name).mkdir(parents=True)
