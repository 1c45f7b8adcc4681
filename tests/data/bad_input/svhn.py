"""Wrong and damaged MATLAB files in the place of SVHN."""

from typing import Any

import layouts as make
import numpy as np

from bad_input import damages
from bad_input.damages import Case, Damage

MAT = "train_32x32.mat"

X, Y = make.colour(40)[0].transpose(1, 2, 3, 0), np.arange(40)[:, None] % 10 + 1


def mat(**changes: Any) -> Damage:
    arrays = {"X": X, "y": Y.astype(np.uint8), **changes}
    return lambda folder: make.write_mat(
        folder / MAT, **{k: v for k, v in arrays.items() if v is not None}
    )


def house(damage: Damage, *says: str) -> Case:
    return Case("svhn", make.write_svhn, damage, (MAT, *says))


SVHN = {
    "truncated": house(damages.cut(MAT), "cannot be read"),
    "truncated header": house(damages.cut(MAT, 60), "cannot be read"),
    "empty": house(damages.content(MAT, b""), "is empty"),
    "wrong magic": house(damages.content(MAT, b"no MATLAB file at all" * 20), "cannot be read"),
    "version 7.3": house(
        damages.content(MAT, b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2IM" + bytes(400)),
        "cannot be read",
    ),
    "wrong dtype": house(mat(X=X.astype(np.float64)), "uint8", "float64"),
    "wrong shape": house(mat(X=X[:28]), "[28, 32, 3, 40]"),
    "NaN label": house(mat(y=Y * np.nan), "label nan"),
    "label too large": house(mat(y=Y + 1), "label 11 at position 9"),
    "negative label": house(mat(y=Y - 3.0), "label -2"),
    "missing member": house(mat(y=None), "['X']"),
    "extra member": house(mat(z=1), "'z'"),
    "counts differ": house(mat(y=Y[1:]), "40 images", "[39, 1]"),
    "cell array": house(mat(y=np.array([[1, "a"]] * 20, object).reshape(40, 1)), "numbers"),
    "missing file": house(damages.absent(MAT), "No such file"),
    "directory": house(damages.directory(MAT), "not a file"),
    "no permission": house(damages.forbidden(MAT), "Permission denied"),
}
