"""Tables and vectors of one's own: what is read, how it is scaled, and what is kept of that."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from bayesian_gan.data import arrays, given_rows
from bayesian_gan.data.catalogue import load
from bayesian_gan.data.features import Column, Features, as_number
from bayesian_gan.data.image_data import ImageData
from bayesian_gan.data.run_data import holds_vectors, standardised
from bayesian_gan.errors import InputError
from bayesian_gan.options.reading import ReadingOptions

ROWS = [
    (1.5, 10, "red", "cat", ""),
    (2.5, 11, "blue", "dog", "train"),
    (3.5, -13, "red", "", ""),
    (4.5, 14e3, "green", "cat", "Test"),
    (5.5, 16, "red", "dog", "test"),
    (6.5, 16, "blue", "", ""),
]
HEADER = ("size", "weight", "colour", "kind", "split")


def write(
    file: Path, rows: Sequence[Sequence[object]] = ROWS, header: tuple[str, ...] = HEADER
) -> Path:
    lines = [",".join(map(str, cells)) for cells in (header, *rows)]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def read(file: Path, **options: str) -> ImageData:
    given = ReadingOptions(download=False, **({"label_column": "kind"} | options))  # type: ignore[arg-type]
    return load(f"table:{file}", None, given)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path / "animals.csv")


def test_columns_of_texts_that_hardly_repeat_are_no_classes(tmp_path: Path) -> None:
    def rows(classes: int, last: int) -> list[tuple[object, ...]]:
        """Two rows of each class, and `last` of the last one."""
        names = [*(f"class {k}" for k in range(classes) for _ in range(2))]
        return [(k, name) for k, name in enumerate(names[: 2 * classes - 2 + last])]

    header = ("size", "kind")
    assert read(write(tmp_path / "a.csv", rows(21, 2), header)).labels.max() == 20
    assert read(write(tmp_path / "b.csv", rows(20, 1), header)).labels.max() == 19
    with pytest.raises(InputError, match="21 different values in 41 rows, so they are no classes"):
        read(write(tmp_path / "c.csv", rows(21, 1), header))


def test_a_table_is_numbers_and_categories(file: Path) -> None:
    data = read(file)
    features = data.features
    assert features is not None
    assert features.columns == (
        Column("size", "number"),
        Column("weight", "number"),
        Column("colour", "category", ("blue", "green", "red")),
    )
    assert data.images.tolist() == [
        [1.5, 10, 0, 0, 1],
        [2.5, 11, 1, 0, 0],
        [3.5, -13, 0, 0, 1],
        [6.5, 16, 1, 0, 0],
    ]
    assert (data.labels.tolist(), data.test_labels.tolist()) == ([0, 1, -1, -1], [0, 1])
    assert (data.class_names, data.name) == (("cat", "dog"), "animals")
    assert data.notes[:2] == (
        "found 2 labelled rows of 2 classes (1 of each), 2 without a label, 2 to test on",
        "2 columns of numbers: size, weight; 1 of categories: colour (3)",
    )


def test_the_training_rows_alone_scale_as_scikit_learn_does(file: Path) -> None:
    raw = read(file)
    data = standardised(raw)
    scaler = StandardScaler().fit(raw.images[:, :2])
    for found, given in ((data.images, raw.images), (data.test_images, raw.test_images)):
        assert found.dtype == np.float32
        np.testing.assert_allclose(found[:, :2], scaler.transform(given[:, :2]), rtol=1e-6)
    colours = np.array([[row[2]] for row in ROWS])
    encoder = OneHotEncoder(sparse_output=False).fit(colours)
    np.testing.assert_array_equal(data.images[:, 2:], encoder.transform(colours[[0, 1, 2, 5]]))
    assert data.features is not None
    np.testing.assert_allclose(data.features.to_units(data.images), raw.images, rtol=1e-6)


def test_what_is_kept_of_the_columns_comes_back(file: Path) -> None:
    data = standardised(read(file, ignore_columns="weight"))
    assert data.features is not None
    stored = json.loads(json.dumps(data.features.to_json()))
    again = Features.from_json(stored, "table.json")
    assert again.columns == data.features.columns
    assert (again.label_column, again.ignored) == ("kind", ("weight",))
    rows = [["3.25", "green"], ["-1", "red"]]
    vectors = np.array([again.encode(cells) for cells in rows])
    np.testing.assert_array_equal(again.to_networks(vectors), data.features.to_networks(vectors))
    assert again.decode(vectors) == rows


@pytest.mark.parametrize(
    "damage",
    [
        lambda stored: stored.pop("columns"),
        lambda stored: stored["columns"][0].update(scale=0.0),
        lambda stored: stored["columns"][0].update(mean=float("nan")),
        lambda stored: stored["columns"][0].update(kind="picture"),
        lambda stored: stored["columns"][2].update(categories=[]),
        lambda stored: stored["columns"].clear(),
    ],
)
def test_damaged_columns_are_refused(
    file: Path, damage: Callable[[dict[str, Any]], object]
) -> None:
    features = standardised(read(file)).features
    assert features is not None
    stored = features.to_json()
    damage(stored)
    with pytest.raises(InputError, match=r"^table.json: damaged"):
        Features.from_json(stored, "table.json")


def test_the_order_of_the_rows_does_not_matter(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = [(*rng.normal(size=2) * (1e6, 1e-3), "red", "cat", "") for _ in range(50)]
    one = standardised(read(write(tmp_path / "a.csv", rows))).features
    other = standardised(read(write(tmp_path / "b.csv", rows[::-1]))).features
    assert one is not None
    assert other is not None
    assert one.to_json() == other.to_json()


def test_numbers_may_be_categories_and_columns_left_out(file: Path) -> None:
    data = read(file, category_columns="weight", ignore_columns="size, split")
    assert data.features is not None
    assert data.features.names == ("weight", "colour")
    assert data.features.columns[0].categories == ("-13", "10", "11", "14000.0", "16")
    assert not data.has_test
    assert "left out: size, split" in data.notes[1]


def test_rows_of_the_split_validation_are_the_test_set_where_there_is_no_other(
    tmp_path: Path,
) -> None:
    rows = [(*row[:4], "val" if row[3] and row[4].lower() == "test" else "") for row in ROWS]
    data = read(write(tmp_path / "a.csv", rows))
    assert (len(data.images), data.test_labels.tolist()) == (4, [0, 1])
    both = [*rows, (7.5, 1, "red", "cat", "test")]
    data = read(write(tmp_path / "b.csv", both))
    assert (len(data.images), data.test_labels.tolist()) == (4, [0])
    assert "left out: 2 rows of the split validation, beside a test set" in data.notes


def test_doubtful_columns_are_named(tmp_path: Path) -> None:
    rows = [(k, 3, row[2], row[3], row[4]) for k, row in enumerate(ROWS)]
    notes = read(write(tmp_path / "a.csv", rows)).notes
    assert "column size counts the rows: --ignore_columns size leaves it out" in notes
    assert "column weight has one value only, 3" in notes


def test_a_table_of_a_spreadsheet_is_read(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    text = "\ufeff;size;kind;\r\n0; 1.5 ;cat;\r\n1;2.5;;\r\n;;;\r\n2;3,5;dog;\r\n"
    file.write_text(text.replace("3,5", '"3.5"'), encoding="utf-8")
    data = read(file)
    assert data.images.tolist() == [[1.5], [2.5], [3.5]]
    assert "left out: 2 columns without a name" in data.notes


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("1.5", 1.5),
        ("-1e3", -1e3),
        ("+.5", 0.5),
        ("1_0", None),
        ("1,5", None),
        ("a", None),
        ("\u0661", None),
    ],
)
def test_what_is_a_number(cell: str, number: float | None) -> None:
    assert as_number(cell) == number


# --------------------------------------------------------------------------------- vectors


def test_vectors_in_an_npz_file_are_data(tmp_path: Path) -> None:
    x = np.arange(12).reshape(6, 2)
    file = tmp_path / "own.npz"
    np.savez(file, x_train=x[:4], y_train=[0, 1, -1, -1], x_test=x[4:], y_test=[0, 1])
    assert holds_vectors(f"npz:{file}")
    data = standardised(load(f"npz:{file}"))
    assert data.features is not None
    assert data.features.names == ("x0", "x1")
    np.testing.assert_allclose(data.images, StandardScaler().fit_transform(x[:4]), rtol=1e-6)
    assert data.test_images.shape == (2, 2)
    assert not holds_vectors("npz:nowhere.npz")
    np.savez(file, x_train=np.zeros((4, 8, 8), np.uint8))
    assert not holds_vectors(f"npz:{file}")


def test_arrays_of_vectors_are_taken_alone_or_with_labels() -> None:
    data = arrays.from_arrays(np.array([[1.0], [2.0]]), np.array([0, 1]))
    assert standardised(data).images.tolist() == [[-1.0], [1.0]]
    assert standardised(data).test_images.shape == (0, 1)


# --------------------------------------------------------------------------------- given rows


@pytest.fixture
def features(file: Path) -> Features:
    found = standardised(read(file)).features
    assert found is not None
    return found


def answers(file: Path, features: Features) -> tuple[list[str | None], np.ndarray]:
    (batch,) = given_rows.batches(given_rows.read_given(file, features), features)
    return [entry.reason for entry in batch.entries], batch.images


def test_columns_are_known_by_name(file: Path, features: Features, tmp_path: Path) -> None:
    order = (2, 1, 0)
    rows = [(*(row[k] for k in order), "note") for row in ROWS]
    header = (*(HEADER[k] for k in order), "more")
    other = write(tmp_path / "other.csv", rows, header)
    reasons, vectors = answers(other, features)
    assert reasons == [None] * 6
    np.testing.assert_array_equal(vectors, answers(file, features)[1])
    (given,) = given_rows.read_given(other, features)
    assert given.extra == ("more",)
    assert given.names[0] == f"{other}:2"
    assert given_rows.read_given(file, features)[0].extra == ()


def test_a_row_that_cannot_stand_there_says_why(features: Features, tmp_path: Path) -> None:
    rows = [
        (1.5, 10, "red"),
        (2.5, 11, "pink"),
        ("", 1, "red"),
        ('"1,5"', 1, "red"),
        ("inf", 1, "red"),
    ]
    rows += [(1e300, 1, "red"), (2.5, 11, "blue")]
    reasons, vectors = answers(write(tmp_path / "a.csv", rows, HEADER[:3]), features)
    assert len(vectors) == 2
    assert [reason is None for reason in reasons] == [True, *[False] * 5, True]
    for reason, words in zip(
        reasons[1:6],
        (
            "'pink', a category that is new",
            "'size' is empty",
            "write 1.5 for 1,5",
            "not finite",
            "float32",
        ),
        strict=True,
    ):
        assert reason is not None
        assert words in reason


@pytest.mark.parametrize(
    ("header", "says"),
    [
        (("size", "colour"), "no column weight"),
        (("size", "size", "weight", "colour"), "called 'size'"),
    ],
)
def test_columns_that_lack_are_refused(
    features: Features, tmp_path: Path, header: tuple[str, ...], says: str
) -> None:
    with pytest.raises(InputError, match=says):
        given_rows.read_given(write(tmp_path / "a.csv", [(1,) * len(header)], header), features)


def test_arrays_have_no_categories(features: Features, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros((3, 5)))
    with pytest.raises(InputError, match="learnt from categories"):
        given_rows.read_given(tmp_path / "a.npz", features)
    with pytest.raises(InputError, match="is a folder"):
        given_rows.read_given(tmp_path, features)
