"""Wrong, damaged and hostile pickles in the place of CIFAR."""

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import layouts as make
import numpy as np

from bad_input import damages
from bad_input.damages import Case, Damage, Touch


def batch(**changes: Any) -> Damage:
    """Replaces entries of data_batch_2; None leaves one out."""

    def damage(folder: Path) -> None:
        entries = {
            **make.cifar_batch(*make.colour(20)),
            **{k.encode(): v for k, v in changes.items()},
        }
        whole = {k: v for k, v in entries.items() if v is not None}
        (folder / "data_batch_2").write_bytes(make.python2_pickle(whole))

    return damage


def raw(build: Callable[[Path], bytes]) -> Damage:
    return lambda folder: (folder / "data_batch_2").write_bytes(build(folder))


def hostile(function: Any, form: str) -> Damage:
    """A pickle that would make the file `ran`, alone or in the place of the labels."""
    return raw(
        lambda folder: pickle.dumps(
            {
                "data": np.zeros((1, 3072), np.uint8),
                "labels": Touch(function, form.format(folder / "ran")),
            }
        )
    )


def cifar(damage: Damage, *says: str) -> Case:
    return Case("cifar", make.write_cifar, damage, ("data_batch_2", *says))


def huge_array(_: Path) -> bytes:
    """Asks ndarray for a terabyte."""
    return b"\x80\x02cnumpy\nndarray\n\x8a\x06\x00\x00\x00\x00\x00\x01\x85\x85R."


DATA = np.zeros((20, 3072))

CIFAR = {
    "truncated": cifar(damages.cut("data_batch_2"), "no pickle"),
    "empty": cifar(damages.content("data_batch_2", b""), "is empty"),
    # Python would make room for all places before it.
    "a place far out": cifar(
        damages.content("data_batch_2", b"\x80\x02}r\xff\xff\xff\x7f."), "names place 2147483647"
    ),
    "a text of a terabyte": cifar(
        damages.content("data_batch_2", b"\x80\x04\x8d" + (2**40).to_bytes(8, "little") + b"."),
        "no pickle",
    ),
    "wrong magic": cifar(damages.content("data_batch_2", b"<html>404</html>"), "no pickle"),
    "trailing bytes": cifar(
        raw(lambda f: (f / "data_batch_1").read_bytes() + b"more"), "goes on after"
    ),
    "malicious: os.system": cifar(hostile(os.system, "touch {}"), "system", "not run"),
    "malicious: eval": cifar(hostile(eval, "open({!r}, 'w')"), "eval", "not run"),
    "malicious: codec": cifar(
        raw(lambda f: b"\x80\x02c_codecs\nencode\n(X\x01\0\0\0aX\x03\0\0\0zipt\x85R."), "no pickle"
    ),
    "array of a terabyte": cifar(raw(huge_array), "no pickle"),
    "object array": cifar(batch(data=np.array([[{}]], object)), "not plain data"),
    "wrong dtype": cifar(batch(data=DATA), "uint8", "float64"),
    "wrong shape": cifar(batch(data=DATA[:, 1:].astype(np.uint8)), "[20, 3071]"),
    "NaN": cifar(batch(data=DATA * np.nan), "uint8", "float64"),
    "label too large": cifar(batch(labels=[10] * 20), "label 10"),
    "negative label": cifar(batch(labels=[0] * 19 + [-1]), "label -1 at position 19"),
    "NaN label": cifar(batch(labels=[float("nan")] * 20), "whole numbers"),
    "missing member": cifar(batch(labels=None), "no 'labels'"),
    "counts differ": cifar(batch(labels=[1, 2]), "20 images and 2 labels"),
    "list": cifar(raw(lambda _: pickle.dumps([1, 2])), "a list, no dictionary"),
    "missing file": cifar(damages.absent("data_batch_2"), "No such file"),
    "directory": cifar(damages.directory("data_batch_2"), "not a file"),
    "dangling link": cifar(damages.dangling("data_batch_2"), "link to nothing"),
    "no permission": cifar(damages.forbidden("data_batch_2"), "Permission denied"),
    "cifar100 without names": Case(
        "cifar100",
        make.write_cifar100,
        damages.content("meta", make.python2_pickle({b"x": 1})),
        ("meta", "fine_label_names"),
    ),
}
