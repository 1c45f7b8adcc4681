"""Wrong tables, and files of vectors that are wrong."""

from pathlib import Path

import numpy as np

from bad_input import damages
from bad_input.damages import Case, Damage
from bad_input.npz import npz

LINES = (
    "size,weight,colour,kind\n1.5,10,red,cat\n2.5,11,blue,dog\n3.5,13,red,\n4.5,14,blue,cat\n"
    "5.5,16,red,dog\n"
)


def table(
    text: str | bytes, *says: str, flags: tuple[str, ...] = (), damage: Damage = damages.nothing
) -> Case:
    """This file as the data."""

    def write(data: Path) -> Path:
        data.mkdir(parents=True)
        content = text if isinstance(text, bytes) else text.encode()
        (data / "own.csv").write_bytes(content)
        return data

    flags = ("--N", "all", "--label_column", "kind", *flags)
    return Case("table:{D}/own.csv", write, damage, says, flags)


def line(text: str, *says: str, flags: tuple[str, ...] = ()) -> Case:
    """A table that is right up to its line 7."""
    return table(f"{LINES}{text}\n", "own.csv', line 7", *says, flags=flags)


def asked(*flags: str, says: tuple[str, ...]) -> Case:
    """A table that is right, and flags that are wrong."""
    return table(LINES, *says, flags=flags)


def numbered(count: int, name: str = "name") -> str:
    """A table with a text of its own in each row."""
    rows = (f"{k}.5,row {k},{'cat' if k % 2 else 'dog'}" for k in range(count))
    return "\n".join([f"size,{name},kind", *rows])


TABLES = {
    "empty cell": line("6.5,,red,cat", "column 'weight' is empty", "--ignore_columns weight"),
    "NaN": line("6.5,nan,red,cat", "column 'weight' holds 'nan'", "give a number"),
    "infinite": line("6.5,-inf,red,cat", "column 'weight' holds '-inf'"),
    "text among numbers": line("6.5,NA,red,cat", "'weight' holds 'NA'", "'10' in line 2"),
    "underscore in a number": line("6.5,1_0,red,cat", "'weight' holds '1_0'"),
    "decimal comma": table(
        "size;kind\n1,5;cat\n2,5;dog\n", "line 2", "'1,5', with a comma", "1.5, with a point"
    ),
    "decimal comma in one cell": line('6.5,"1,5",red,cat', "'1,5'", "with a point"),
    "empty category": line("6.5,17,,cat", "column 'colour' is empty"),
    "names of the rows": table(
        numbered(60), "'name'", "60 different texts", "--ignore_columns name"
    ),
    "a text of its own in each of a few rows": table(numbered(6), "6 different texts in 6 rows"),
    "numbers that are no categories": table(
        "\n".join(["size,kind", *(f"{k},{'cat' if k % 2 else 'dog'}" for k in range(60))]),
        "60 different texts",
        flags=("--category_columns", "size"),
    ),
    "too many cells": line("6.5,17,red,cat,1", "5 cells", "4"),
    "two columns of a name": table(
        "size,size,kind\n1,2,cat\n2,3,dog\n", "line 1", "two columns are called 'size'"
    ),
    "header only": table("size,kind\n", "no line below its first"),
    "empty": table("", "is empty"),
    "not UTF-8": table(LINES.encode() + "6.5,1,k\xe4se,cat\n".encode("latin-1"), "line 7", "UTF-8"),
    "UTF-16": table(LINES.encode("utf-16"), "line 1", "UTF-8"),
    "a NUL": table(LINES + "6.5,1\0,red,cat\n", "own.csv"),
    "an open quote": table('size,kind\n"1,cat\n2,dog\n', "line 2", "1 cells"),
    "no such file": table(LINES, "No such file", damage=damages.absent("own.csv")),
    "a folder": table(LINES, "is not a file", damage=damages.directory("own.csv")),
    "no permission": table(LINES, "Permission denied", damage=damages.forbidden("own.csv")),
    "only the labels": table("kind\ncat\ndog\n", "no column is left"),
    "label of NaN": table(
        f"{LINES}6.5,17,red,nan\n", "the label 'nan'", "line 7) often means none"
    ),
    "labels in another case": line("6.5,17,red,Cat", "in case only"),
    "no labels": table("size,kind\n1,\n2,\n3,\n", "nothing in own is labelled", "--nosemi"),
    "one class": table("size,kind\n1,cat\n2,cat\n3,\n", "one class only, 'cat'"),
    "labels that are numbers": table(
        "\n".join(["size,kind", *(f"{k},{k * 1.5}" for k in range(50))]),
        "50 different values in 50 rows",
        "--label_column",
    ),
    "unknown split": table("size,kind,split\n1,cat,\n2,dog,trian\n", "line 3", "'trian'"),
    "test row without label": table(
        "size,kind,split\n1,cat,\n2,dog,\n3,,test\n", "line 4", "without a label"
    ),
    "test class unknown": table(
        "size,kind,split\n1,cat,\n2,dog,\n3,cow,test\n", "rows to test on", "cow"
    ),
    "nothing to train on": table("size,kind,split\n1,cat,test\n2,dog,test\n", "no row to train on"),
    "numbers beyond all scales": line("1e308,17,red,cat", "column 'size'", "1e+308")._replace(
        says=("column 'size'", "1e+308", "cannot be scaled")
    ),
    "no such label column": asked(
        "--label_column", "class", says=("class", "weight, colour, kind")
    ),
    "no label column": asked("--label_column=", says=("--label_column", "weight, colour, kind")),
    "label column is left out": asked("--ignore_columns", "kind", says=("--ignore_columns",)),
    "no such column to leave out": asked("--ignore_columns", "size,sice", says=("'sice'",)),
    "no such category": asked("--category_columns", "kind", says=("'kind'", "weight, colour")),
    "a flag of pictures": asked(says=("--gf_dim is for pictures", "--hidden")),
    "test fraction that empties a class": asked(
        "--test_fraction", "0.9", says=("--test_fraction 0.9", "labelled rows")
    ),
    "vectors with NaN": npz(
        "images hold nan in row 3, column 1",
        images=np.where(np.arange(40).reshape(20, 2) == 7, np.nan, 1.0),
        test_images=np.zeros((8, 2)),
    ),
    "vectors of another length to test on": npz(
        "test examples are 3 and training examples 2",
        images=np.zeros((20, 2)),
        test_images=np.zeros((8, 3)),
    ),
    "vectors of texts": npz("images are <U1", images=np.full((20, 2), "a")),
    "label column of an array": npz(
        "--label_column needs a table", flags=("--label_column", "kind")
    )._replace(says=("--label_column needs a table",)),
}
