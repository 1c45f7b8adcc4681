"""Wrong files of labels for images that have no files of their own."""

from pathlib import Path

import layouts as make

from bad_input import damages
from bad_input.damages import Case


def digits(text: str, *says: str, dataset: str = "digits", flags: tuple[str, ...] = ()) -> Case:
    def write(data: Path) -> Path:
        folder = make.write_npz(data / "own.npz").parent
        (data / "labels.csv").write_text(f"path,label,split\n{text}\n")
        return folder

    return Case(dataset, write, damages.nothing, says, ("--labels", "{D}/labels.csv", *flags))


LINE = "labels.csv', line 2"
NUMBERS = {
    "page of another run": digits(
        "unlabelled/0.png,3,", LINE, "no training picture of digits", "train/0 or train/1296"
    ),
    "number too large": digits("train/1297,3,", LINE, "'train/1297'"),
    "number not plain": digits("train/007,3,", LINE, "'train/007'"),
    "test picture": digits("test/7,3,", LINE, "'test/7'"),
    "split test": digits("train/7,3,test", LINE, "the split of 'train/7' is test"),
    "twice": digits("train/0,1,\ntrain/0,1,", "line 3", "stands in line 2 already"),
    "unknown class": digits("train/0,zero,", LINE, "'zero' is none of the classes, 0, 1"),
    "another class": digits("train/0,4,", LINE, "'4' here and '1' in digits"),
    "a class left out": digits(
        "train/0,1,\ntrain/1,2,", "no labelled training example of class '0'"
    ),
    "held out": digits("train/1290,3,", LINE, "'train/1290'", flags=("--validation", "100")),
    "npz says another": digits(
        "train/0,1,", LINE, "'1' here and '0' in own", dataset="npz:{D}/own.npz"
    ),
    "no rows": digits("", "no line below its first"),
}
